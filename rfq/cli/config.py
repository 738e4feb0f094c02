"""`rfq config`: are the settings right, and what do they say?"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from rfq.cli import printer
from rfq.cli.options import Config, Json, settings_of

app = typer.Typer(help="Check and show the settings.", no_args_is_help=True)
File = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="The file [default: rfq.toml].")]


@app.command()
def validate(file: File = None, config: Config = None, json: Json = False) -> None:
    """Check a settings file and the environment.

    Every mistake is told at once, each key by its name; exit code 3.
    """
    import os

    from rfq.ops.problems import ConfigInvalid

    try:
        settings = settings_of(file or config)
        if settings.feeds.market == "venues":
            from rfq.feeds.scene.plan import plan_of

            plan_of(settings.feeds, os.environ)
    except ConfigInvalid as error:
        if json:
            problems = [
                {"source": one.source, "key": one.key, "message": one.message} for one in error.problems
            ]
            printer.give({"ok": False, "problems": problems})
        raise
    if json:
        printer.give({"ok": True, "problems": []})
    else:
        printer.show("The settings are valid.")


@app.command()
def show(config: Config = None, json: Json = False) -> None:
    """Show every setting as it is in force.

    File, environment and defaults together, as TOML or JSON; the TOML can be saved as rfq.toml.
    """
    from rfq.domain import canon

    settings = settings_of(config)
    policy = canon.hash_of(settings.policy)
    if json:
        printer.give({**settings.model_dump(mode="json"), "policy_hash": policy})
        return
    tree = settings.model_dump()
    printer.show(
        f"# policy {policy[:16]}; the same keys go into rfq.toml, or RFQ_DESK__QUOTE_TTL_MS and so on"
    )
    for line in toml_lines(tree):
        printer.show(line)


def toml_lines(tree: dict[str, Any], prefix: str = "") -> list[str]:
    """A nested tree as TOML: plain keys first, then the sections and the lists of sections; what is not set is left
    out."""
    lines = [f"{_key(key)} = {_spell(value)}" for key, value in tree.items() if _is_plain(value)]
    for key, value in tree.items():
        path = f"{prefix}{_key(key)}"
        if isinstance(value, dict):
            lines += ["", f"[{path}]", *toml_lines(value, f"{path}.")]
        elif _is_list_of_sections(value):
            for one in value:
                lines += ["", f"[[{path}]]", *toml_lines(one, f"{path}.")]
    return lines


def _is_plain(value: Any) -> bool:
    return value is not None and not isinstance(value, dict) and not _is_list_of_sections(value)


def _is_list_of_sections(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(one, dict) for one in value)


def _key(key: str) -> str:
    """A key, in quotes where TOML wants them."""
    import json

    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _spell(value: Any) -> str:
    """One value in TOML; beside exact numbers the JSON spelling is TOML too, for all that occurs."""
    import json

    if isinstance(value, Decimal):
        return f"{value:f}"
    return json.dumps(value, ensure_ascii=False, default=str)
