"""Settings: one TOML file, overruled by environment variables, checked key by key.

`[audit] path` is `RFQ_AUDIT__PATH` in the environment; `RFQ_CONFIG` names the file. Every number carries
its unit in its key (`quote_ttl_ms`); an unknown key is an error that names the key, its source and the
nearest key; all errors are told at once (`ConfigInvalid`). `[desk]` mirrors `rfq.domain.policy.Policy`
field by field. Import this module lazily: pydantic is slow to load.
"""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from rfq.domain.policy import Policy
from rfq.ops.feed_sections import Feeds
from rfq.ops.fix_sections import Fix
from rfq.ops.problems import ConfigInvalid, Problem, suggest, unit_of
from rfq.ops.sections import (
    Audit,
    Chain,
    Kernels,
    Logs,
    Section,
    Serve,
    Venues,
    World,
    build,
    mirror,
    venue_tables,
)
from rfq.ops.standard import STANDARD_POLICY

PREFIX = "RFQ_"
NOT_SETTINGS = ("RFQ_CONFIG", "RFQ_TEST_")  # the name of the file; what tests tell themselves
DEFAULT_FILE = Path("rfq.toml")

if TYPE_CHECKING:
    Desk = Section
else:
    Desk = mirror(Policy, STANDARD_POLICY, without=("venues",))


class Settings(BaseSettings):
    """Everything that can be set, by section."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    chain: Chain = Field(default_factory=Chain, description="which log this is")
    audit: Audit = Field(default_factory=Audit, description="where the record is kept, and how safely")
    desk: Desk = Field(default_factory=Desk, description="the policy: numbers that people set")
    venues: Venues = Field(
        default_factory=Venues, description="fees and ticks, where the tables are not right"
    )
    world: World = Field(default_factory=World, description="the simulated market")
    logs: Logs = Field(default_factory=Logs, description="what the process says of itself")
    kernels: Kernels = Field(default_factory=Kernels, description="the numeric kernels")
    serve: Serve = Field(default_factory=Serve, description="the desk on real time")
    fix: Fix = Field(default_factory=Fix, description="counterparties over FIX")
    feeds: Feeds = Field(default_factory=Feeds, description="where the market is seen")

    @classmethod
    def settings_customise_sources(cls, *sources: Any, **named: Any) -> tuple[Any, ...]:
        """Only what `load` gathered: it knows which source was wrong."""
        return (named["init_settings"],)

    @property
    def policy(self) -> Policy:
        """`[desk]` as the desk knows it, with the tables that `[venues]` changes."""
        return build(self.desk, Policy, venues=venue_tables(self.venues))


def load(path: Path | str | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """The settings from the file and `env`; raises ConfigInvalid with everything that is wrong.

    Without a path it is `RFQ_CONFIG`, else `rfq.toml` in the current folder if there is one, else no file.
    """
    variables = dict(env or {})
    source, tree = _read_file(path, variables)
    overrides, problems = _read_env(variables)
    merged = _merge(tree, overrides)
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        problems += [_problem(details, source, overrides) for details in error.errors()]
        raise ConfigInvalid(problems) from None
    try:
        settings.policy  # noqa: B018 - the desk's own rules: do the numbers go together?
    except ValueError as error:
        key, _, message = str(error).partition(": ")
        where = ("venues", *key.split(".")) if key.split(".")[0] in Venues.model_fields else ("desk", key)
        problems.append(Problem(_source_of(where, source, overrides), ".".join(where), message))
    if problems:
        raise ConfigInvalid(problems)
    return settings


def _read_file(path: Path | str | None, env: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    chosen = path if path is not None else env.get("RFQ_CONFIG")
    if chosen is None and not DEFAULT_FILE.is_file():
        return "", {}
    file = Path(chosen) if chosen is not None else DEFAULT_FILE
    try:
        return str(file), tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise ConfigInvalid([Problem(str(file), "", f"cannot be read: {error.strerror}")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid([Problem(str(file), "", f"is not TOML: {error}")]) from None


def _read_env(env: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """The nested values that the environment sets, and its variables that mean nothing."""
    ours = {
        name: value
        for name, value in env.items()
        if name.startswith(PREFIX) and not name.startswith(NOT_SETTINGS)
    }
    problems = []
    for name in sorted(ours):
        section = name.removeprefix(PREFIX).split("__")[0].lower()
        if section not in Settings.model_fields:
            known = [f"{PREFIX}{field.upper()}__" for field in Settings.model_fields]
            problems.append(Problem(name, "", f"no such setting; they begin with {', '.join(known)}"))
    reader = EnvSettingsSource(Settings)
    reader.env_vars = {name.lower(): value for name, value in ours.items()}
    try:
        return reader(), problems
    except SettingsError as error:
        raise ConfigInvalid([*problems, Problem("environment", "", f"is not JSON: {error}")]) from None


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _source_of(loc: tuple[int | str, ...], file: str, overrides: Mapping[str, Any]) -> str:
    """The environment variable that set the key, or the file."""
    here: Any = overrides
    words = [str(word) for word in loc if not isinstance(word, int)]
    for word in words:
        if not isinstance(here, Mapping) or word not in here:
            return file
        here = here[word]
    return PREFIX + "__".join(words).upper()


def _problem(details: Any, file: str, overrides: Mapping[str, Any]) -> Problem:
    loc = details["loc"]
    key = ".".join(str(word) for word in loc)
    last = str(loc[-1])
    if details["type"] == "extra_forbidden":
        message = suggest(last, _keys_beside(loc))
        homes = [name for name, field in Settings.model_fields.items() if last in _fields(field.annotation)]
        if message.startswith("unknown key; known") and homes:
            message = f"unknown key; it belongs in [{homes[0]}]"
    else:
        message = details["msg"].removeprefix("Value error, ")
        if (unit := unit_of(last)) is not None:
            message += f" (a plain number, in {unit})"
    return Problem(_source_of(loc, file, overrides), key, message)


def _fields(kind: Any) -> Mapping[str, Any]:
    """The keys of a section, of one that may be absent, or of each in a list of sections."""
    for part in (kind, *get_args(kind)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part.model_fields
    return {}


def _keys_beside(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that are known where the last word of `loc` stands."""
    kind: Any = Settings
    for word in loc[:-1]:
        if isinstance(word, str):
            kind = _fields(kind)[word].annotation
    return list(_fields(kind))
