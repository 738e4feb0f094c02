"""The options that several commands share, and what they stand for: the settings, and which log is meant;
of recorded markets which of them, and what a size is worth."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit

if TYPE_CHECKING:
    from rfq.audit.log import AuditLog
    from rfq.ops.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Answer with one line of JSON on stdout.")]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings to use [default: rfq.toml, if there is one]."),
]
Log = Annotated[
    Path | None,
    typer.Option(
        "--log", metavar="FILE", help="The log [default: the configured one, else the newest here]."
    ),
]
Damaged = Annotated[bool, typer.Option("--damaged", help="Read the log as it stands, even if it is damaged.")]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, metavar="S", help="Which world [default: the configured one].")
]
Symbol = Annotated[
    list[str] | None, typer.Option("--symbol", metavar="NAME", help="Only this one; may be repeated.")
]
Contract = Annotated[
    float | None,
    typer.Option(
        "--contract-usd", metavar="USD", min=1e-9, max=1e9, help="Sizes are contracts of so many USD."
    ),
]
Multiplier = Annotated[
    float | None,
    typer.Option(
        "--multiplier", metavar="COINS", min=1e-12, max=1e12, help="Sizes are units of so many coins."
    ),
]


def settings_of(config: Path | None) -> "Settings":
    """The settings from the file and the environment; ConfigInvalid says everything that is wrong."""
    from rfq.ops.settings import load

    return load(config, os.environ)


def log_path(log: Path | None, config: Path | None) -> Path:
    """Which log a reading command means: the one named, the one configured, else the newest beside it."""
    if log is not None:
        return log
    path = settings_of(config).audit.path
    if path.exists() or config is not None:
        return path
    beside = [one for one in path.parent.glob("*.db") if one.is_file()]
    if not beside:
        return path
    newest = max(beside, key=lambda one: one.stat().st_mtime_ns)
    printer.say(f"Reading {newest}, the newest log here.")
    return newest


def open_log(path: Path, *, damaged: bool = False) -> "AuditLog":
    """A log opened for reading; `damaged` lets a bad one through, with a warning."""
    from rfq.audit.log import AuditLog

    log = AuditLog.open(path, writable=False, allow_damage=damaged)
    if log.problem is not None:
        printer.say(f"Warning: this log is damaged. {log.problem}")
    return log


def one_sizing(contract_usd: float | None, multiplier: float | None) -> None:
    """At most one of the two may be said."""
    if contract_usd is not None and multiplier is not None:
        raise Ended(Exit.USAGE, "--contract-usd and --multiplier exclude each other.")


def need_new(path: Path) -> Path:
    """A path for a new log; refused if something is there."""
    if path.exists():
        raise Ended(Exit.USAGE, f"--log: {path} exists; a new world needs a new log.")
    return path
