"""The sections of the settings, and how `[desk]` mirrors the Policy without naming its fields twice."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model, field_validator

from pricing.fact import Fault
from pricing.venues.rows import VenueTable
from pricing.venues.tables import TABLES, override

T = TypeVar("T", bound=msgspec.Struct)


class Section(BaseModel):
    """A group of keys: closed, frozen, finite, and no yes/no taken for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_bool_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, bool) and field.annotation is not bool:
            raise ValueError("true and false are no value for this key")
        return value


class Chain(Section):
    """Which log this is."""

    id: str = Field("desk", pattern=r"^[a-z0-9]{1,10}$", description="goes into every id that the desk makes")


class Audit(Section):
    """Where the record is kept, and how safely."""

    path: Path = Field(Path(".rfq/desk.db"), description="the SQLite file; its folder is made")
    durable: bool = Field(True, description="wait for the disk before sending; off in simulations only")
    segment_records: int = Field(10_000, ge=10, le=10_000_000, description="records before a new segment")
    batch_records_max: int = Field(512, ge=1, le=100_000, description="records in one commit, at most")
    head_age_ms_max: int = Field(1_000, ge=10, le=60_000, description="how old the second head file may get")

    @property
    def url(self) -> str:
        """The address of the database, as SQLAlchemy spells it."""
        return f"sqlite:///{self.path}"


class World(Section):
    """The simulated market."""

    seed: int = Field(7, ge=0, lt=2**63, description="a seed is a world")
    clients: int = Field(10, ge=0, le=1_000, description="how many ask us")
    dealers: int = Field(20, ge=0, le=1_000, description="how many we may ask")
    ask_every_s: float = Field(4.0, gt=0, le=86_400, description="mean time between RFQs of all clients")
    need_every_s: float = Field(4.0, gt=0, le=86_400, description="mean time between RFQs of our own")


class Logs(Section):
    """What the process says of itself; the record of trading is elsewhere."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="the least that is written"
    )
    path: Path | None = Field(None, description="a file of JSON lines; absent: standard error")
    queue_records_max: int = Field(10_000, ge=10, le=1_000_000, description="lines waiting; more are dropped")


class Kernels(Section):
    """The numeric kernels: plain or compiled, with the same results to the bit."""

    compile: bool = Field(True, description="compile them at the start where numba is installed")
    cache: Path | None = Field(
        None, description="keeps compiled code; absent: rfq-desk/kernels in the user's cache"
    )


class Serve(Section):
    """The desk on real time."""

    inbox_events_max: int = Field(10_000, ge=16, le=1_000_000, description="events waiting for the desk")
    inbox_reserved_events: int = Field(
        1_000, ge=1, le=1_000_000, description="room that new RFQs may not take"
    )
    shutdown_s: int = Field(10, ge=1, le=600, description="to finish what is begun after an interrupt")

    @field_validator("inbox_reserved_events")
    @classmethod
    def _leaves_room(cls, value: int, info: ValidationInfo) -> int:
        if value >= info.data.get("inbox_events_max", value + 1):
            raise ValueError("must leave room for new requests: less than inbox_events_max")
        return value

    @property
    def inbox_new_max(self) -> int:
        """The room that new requests may take, in events."""
        return self.inbox_events_max - self.inbox_reserved_events


Changes = dict[str, dict[str, Any]]
"""Product key -> field -> what it is set to."""


class Venues(Section):
    """What venues charge and how they cut prices, where it is not as their tables say."""

    deribit: Changes = Field(default_factory=dict, description="by product, such as option_btc")
    okx: Changes = Field(default_factory=dict, description="the same")
    bybit: Changes = Field(default_factory=dict, description="the same")
    binance: Changes = Field(default_factory=dict, description="the same")


def venue_tables(venues: Venues) -> tuple[VenueTable, ...]:
    """The tables that are changed, whole; ValueError names what cannot be set."""
    changed = {
        "deribit": venues.deribit,
        "okx": venues.okx,
        "bybit": venues.bybit,
        "binance": venues.binance,
    }
    found = []
    for name, changes in changed.items():
        if changes:
            table = override(TABLES[name], _texts(changes))
            if isinstance(table, Fault):
                raise ValueError(f"{table.field}: {table.problem}")
            found.append(table)
    return tuple(found)


def _texts(value: Any) -> Any:
    """Numbers with a point as their texts: a table reads them as what its field wants."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(inner) for inner in value]
    return str(value) if isinstance(value, Decimal) else value


def mirror(
    kind: type[msgspec.Struct], standard: msgspec.Struct, without: tuple[str, ...] = ()
) -> type[Section]:
    """A section with the fields of `kind` but for some; the values of `standard` are defaults; nested structs nest."""
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name in without:
            continue
        value = getattr(standard, field.name)
        if isinstance(value, msgspec.Struct):
            inner = mirror(type(value), value)
            fields[field.name] = (inner, Field(default_factory=inner))
        else:
            fields[field.name] = (field.type, value)
    return create_model(kind.__name__, __base__=Section, __doc__=kind.__doc__, **fields)


def build(section: Section, kind: type[T], **more: Any) -> T:
    """The struct that a mirror section stands for, with `more` that the section lacks; its own ValueError if the values
    do not go together."""
    values = more
    for field in msgspec.structs.fields(kind):
        if field.name in more:
            continue
        value = getattr(section, field.name)
        values[field.name] = build(value, field.type) if isinstance(value, Section) else value
    return kind(**values)
