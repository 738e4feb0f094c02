"""`[fix]`: where counterparties connect, and `[[fix.sessions]]`: who they are and how each of them speaks.

Everything is checked when the settings are read: names that two sessions share, dialects, hours, addresses. A password
never stands here: a session names the environment variable or the file that holds it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from fix_gateway.dialect import PRESETS, Dialect, configured
from fix_gateway.shell.acceptor import networks
from fix_gateway.shell.initiator import addresses
from fix_gateway.shell.schedule import Timetable, timetable
from rfq.ops.problems import ConfigInvalid, Problem
from rfq.ops.sections import Section

NAME = r"^[A-Za-z0-9._-]{1,64}$"
COMP_ID = r"^[!-<>-~]{1,64}$"
"""Printable ASCII but space and "="."""
PARTY = r"^[A-Za-z0-9._-]{1,32}$"
Durability = Literal["none", "os", "fsync"]


class FixTls(Section):
    """TLS 1.2 or later. An acceptor with authorities demands client certificates; an initiator needs authorities."""

    certificate: Path | None = Field(None, description="our certificate with its chain (PEM)")
    key: Path | None = Field(None, description="its key (PEM)")
    authorities: Path | None = Field(None, description="whom we trust in the peer (PEM)")
    server_name: str = Field(
        "", description="initiators: the name in the peer's certificate, if not its host"
    )

    @field_validator("key")
    @classmethod
    def _goes_with_the_certificate(cls, value: Path | None, info: Any) -> Path | None:
        if (value is None) != (info.data.get("certificate") is None):
            raise ValueError("certificate and key go together")
        return value


class FixSession(Section):
    """One session, and the party behind it."""

    name: str = Field(pattern=NAME, description="names its journal and its log")
    role: Literal["acceptor", "initiator"] = Field("acceptor", description="who connects: the peer, or we")
    dialect: str = Field("fix50sp2", description="a preset")
    changes: dict[str, Any] = Field(default_factory=dict, description="what this peer does otherwise")
    comp_id: str = Field("", pattern=r"^$|" + COMP_ID, description="ours, if not that of [fix]")
    peer_comp_id: str = Field(pattern=COMP_ID, description="theirs")
    connect: tuple[str, ...] = Field((), description="initiators: host:port, tried in turn")
    tls: FixTls | None = Field(None, description="initiators: TLS")
    party: str = Field("", pattern=r"^$|" + PARTY, description="who speaks when nobody is named")
    aliases: dict[str, str] = Field(default_factory=dict, description="names (115, 1116, 453) -> party")
    asks: bool = Field(True, description="its parties may ask us for prices")
    quotes: bool = Field(False, description="we may ask its parties for prices")
    cancel_on_disconnect: bool = Field(True, description="what it left open ends when it disconnects")
    drop_copy: bool = Field(False, description="gets our fills (AE), and says nothing")
    symbols: dict[str, str] = Field(default_factory=dict, description="our instrument -> its name for it")
    quote_life_ms: int = Field(0, ge=0, le=3_600_000, description="of its quotes without ValidUntilTime")
    acknowledges: bool = Field(False, description="its quotes are acknowledged (AI), once recorded")
    username: str = Field("", max_length=64, description="553 of the Logon")
    password_env: str = Field("", description="the environment variable with its password (554)")
    password_file: Path | None = Field(None, description="or the file")
    certificate: str = Field("", description="acceptors: the only subject that may connect, CN=...,O=...")
    allowed: tuple[str, ...] = Field((), description="acceptors: from which networks")
    hours: tuple[str, ...] = Field((), description='"mon-fri 07:00-17:00" or "sun 22:00 - fri 22:00", UTC')
    reset: str = Field("", description='numbers begin at 1: "17:00" or "sun 22:00", UTC; empty: never')
    heartbeat_s: int = Field(30, ge=1, le=3_600, description="asked for by an initiator")
    heartbeat_s_min: int = Field(1, ge=1, le=3_600, description="the least that an acceptor takes")
    heartbeat_s_max: int = Field(3_600, ge=1, le=3_600, description="the most")
    tolerance_ms: int = Field(5_000, ge=1, le=600_000, description="how wrong SendingTime may be")
    stamp_digits: Literal[3, 6, 9] = Field(3, description="fraction of our times")
    reset_on_logon: bool = Field(False, description="numbers begin at 1 at each logon")
    next_expected: bool = Field(False, description="speak NextExpectedMsgSeqNum (789)")
    rate_per_s: float = Field(200.0, gt=0, le=1e6, description="messages it may send")
    rate_burst: int = Field(500, ge=1, le=1_000_000, description="at once")
    rate_then: Literal["reject", "disconnect"] = Field("reject", description="what happens to one more")
    rate_reason: int = Field(
        0, ge=0, le=999, description="380 for one more, such as 99; 0: as the version has it"
    )

    @field_validator("dialect")
    @classmethod
    def _is_a_preset(cls, value: str) -> str:
        if value not in PRESETS:
            raise ValueError(f"none of {', '.join(PRESETS)}")
        return value

    @field_validator("changes")
    @classmethod
    def _can_be_configured(cls, value: dict[str, Any], info: Any) -> dict[str, Any]:
        preset = info.data.get("dialect")
        if preset is not None:
            configured(preset, **value).speech.prepare()
        return value

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        timetable(value)
        return value

    @field_validator("reset")
    @classmethod
    def _is_an_instant(cls, value: str) -> str:
        timetable((), value)
        return value

    @field_validator("allowed")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        networks(value)
        return value

    @field_validator("connect")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...], info: Any) -> tuple[str, ...]:
        addresses(value)
        if (info.data.get("role") == "initiator") != bool(value):
            raise ValueError("an initiator, and only one, says where it connects to")
        return value

    @field_validator("aliases")
    @classmethod
    def _are_parties(cls, value: dict[str, str], info: Any) -> dict[str, str]:
        for name, party in value.items():
            if not 1 <= len(name) <= 64 or not name.isascii() or not name.isprintable():
                raise ValueError(f"{name!r} is no name of 1 to 64 printable ASCII characters")
            if not 1 <= len(party) <= 32:
                raise ValueError(f"{party!r} is no party id of 1 to 32 characters")
        return value

    @field_validator("drop_copy")
    @classmethod
    def _has_somebody(cls, value: bool, info: Any) -> bool:
        named = bool(info.data.get("party") or info.data.get("aliases"))
        if value and named:
            raise ValueError("a drop copy session speaks for no party")
        if not value and not named:
            raise ValueError("either a party or aliases, or drop_copy")
        return value

    @field_validator("symbols")
    @classmethod
    def _are_different(cls, value: dict[str, str]) -> dict[str, str]:
        twice = [name for name, count in Counter(value.values()).items() if count > 1]
        if twice:
            raise ValueError(f"two of our instruments are called {', '.join(sorted(twice))}")
        return value

    @field_validator("password_file")
    @classmethod
    def _is_one_place(cls, value: Path | None, info: Any) -> Path | None:
        if value is not None and info.data.get("password_env"):
            raise ValueError("password_env or password_file, not both")
        return value

    @property
    def speaks(self) -> Dialect:
        """The preset with its changes."""
        return configured(self.dialect, **self.changes)

    @property
    def opens(self) -> Timetable:
        """Its hours and its reset."""
        return timetable(self.hours, self.reset)

    @property
    def parties(self) -> tuple[str, ...]:
        """Everybody behind it."""
        return tuple(dict.fromkeys(name for name in (self.party, *self.aliases.values()) if name))


class Fix(Section):
    """Counterparties over FIX."""

    enabled: bool = Field(False, description="listen, and connect")
    host: str = Field("127.0.0.1", description="where we listen")
    port: int = Field(9_880, ge=0, le=65_535, description="0: any free one")
    comp_id: str = Field("DESK", pattern=COMP_ID, description="who we are (49)")
    durability: Durability = Field("os", description="of the journals: what a crash may cost")
    journal_folder: Path = Field(
        Path(".rfq/fix"), description="the folder of the journals, one file a session"
    )
    log_folder: Path | None = Field(None, description="the folder of the message logs; absent: none")
    log_bytes_max: int = Field(64 << 20, ge=4_096, description="a log file, before the next one")
    log_keep: int = Field(5, ge=0, le=1_000, description="older log files of a session")
    allowed: tuple[str, ...] = Field((), description="from which networks anybody may connect")
    guests_max: int = Field(64, ge=1, le=10_000, description="connections without a Logon")
    tls: FixTls | None = Field(None, description="TLS for who connects to us")
    sessions: tuple[FixSession, ...] = Field((), description="the counterparties")

    @field_validator("allowed")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        networks(value)
        return value

    @field_validator("sessions")
    @classmethod
    def _do_not_collide(cls, value: tuple[FixSession, ...], info: Any) -> tuple[FixSession, ...]:
        own = info.data.get("comp_id", "")
        _once("name", (one.name for one in value))
        _once("party", (party for one in value for party in one.parties))
        pairs = (
            f"{one.speaks.begin} {one.comp_id or own}/{one.peer_comp_id}"
            for one in value
            if one.role == "acceptor"
        )
        _once("CompIDs", pairs)
        return value

    @model_validator(mode="after")
    def _can_say_where(self) -> "Fix":
        if self.tls is not None and self.tls.certificate is None:
            raise ValueError("tls: who listens needs a certificate and its key")
        return self


def _once(what: str, found: Iterable[str]) -> None:
    twice = [name for name, count in Counter(found).items() if count > 1]
    if twice:
        raise ValueError(f"two sessions have the {what} {', '.join(sorted(twice))}")


def passwords_of(fix: Fix, env: Mapping[str, str]) -> dict[str, str]:
    """The password of each session, "" if it has none; raises ConfigInvalid with every one that is not where the
    settings say."""
    found: dict[str, str] = {}
    problems = []
    for place, one in enumerate(fix.sessions):
        key = "password_env" if one.password_env else "password_file"
        try:
            found[one.name] = _password_of(one, env)
        except ValueError as error:
            problems.append(Problem("", f"fix.sessions.{place}.{key}", str(error)))
    if problems:
        raise ConfigInvalid(problems)
    return found


def _password_of(session: FixSession, env: Mapping[str, str]) -> str:
    if session.password_env:
        found = env.get(session.password_env, "")
        if not found:
            raise ValueError(f"the environment variable {session.password_env} is not set")
        return found
    if session.password_file is not None:
        try:
            found = session.password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"{session.password_file} cannot be read: {error.strerror}") from None
        if not found:
            raise ValueError(f"{session.password_file} is empty")
        return found
    return ""
