"""What the store's features mean: names, units, horizons, what stands where they cannot be computed, versions, hashes.

There are two sets. `request`: one row a request, as a model reads it; its schema is `models.features`' own. `market`:
one row a market and instant, what `pricing.flow.Flow` holds, out of which request rows are made; beside its features
it has `exchange_at` (the venue's newest stamp, only measured) and `mid`. A set's schema is named by the hash of its
columns, in the history, the online table and the log alike.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec

from models.features import (
    FLOW,
    GROUPS,
    SCHEMA,
    SCHEMA_HASH,
    SCHEMA_VERSION,
    Column,
    schema_hash,
)
from pricing.flow import Flow
from rfq.store.parts import KNOWN_AT
from rfq.store.past import PAST, PAST_HASHES

MARKET: Final = "market"
REQUESTS: Final = "request"
SETS: Final = (MARKET, REQUESTS)
EXCHANGE_AT: Final = "exchange_at"
MID: Final = "mid"
FLOW_NAMES: Final[tuple[str, ...]] = tuple(Flow.__struct_fields__)
MARKET_COLUMNS: Final = (KNOWN_AT, EXCHANGE_AT, MID, *FLOW_NAMES)
"""The columns of a market's history, in order."""
_NEAREST: Final = 5
_RAW: Final = {
    column.name: column
    for column in (
        Column("signed_flow_usd_1s", "usd", "1s", 0.0, "USD bought minus sold by takers"),
        Column("signed_flow_usd_10s", "usd", "10s", 0.0, "USD bought minus sold by takers"),
        Column("signed_flow_usd_60s", "usd", "60s", 0.0, "USD bought minus sold by takers"),
        Column("realised_vol_1m", "decimal a year", "1m", 0.0, "from the mid's moves each second"),
        Column("realised_vol_10m", "decimal a year", "10m", 0.0, "from the mid's moves each second"),
    )
}
"""What a flow holds that a request row has only as a ratio."""
FLOW_COLUMNS: Final[tuple[Column, ...]] = tuple(
    [({column.name: column for column in FLOW} | _RAW)[name] for name in FLOW_NAMES]
)
FLOW_SCHEMA: Final = schema_hash(FLOW_COLUMNS)
"""The schema of the market set."""
FLOW_MISSING: Final = tuple([column.when_missing for column in FLOW_COLUMNS])


INSTANT: Final = "instant"


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One feature. `hash` names it with all that changes its meaning, so that equal hashes are the same feature; a
    `horizon` of "instant" looks back over nothing: it is what is known at the row's instant."""

    name: str
    set: str
    group: str
    unit: str
    horizon: str
    when_missing: float
    words: str
    version: int
    schema: str
    hash: str


def schema_of(of: str) -> str:
    """The present schema of a set."""
    return FLOW_SCHEMA if of == MARKET else SCHEMA_HASH


def version_of(schema: str) -> int | None:
    """The version that a hash of either set's schemas stands for; None if it is not known here."""
    if schema in (SCHEMA_HASH, FLOW_SCHEMA):
        return SCHEMA_VERSION
    return PAST_HASHES.get(schema)


def columns_of_schema(schema: str) -> tuple[Column, ...] | None:
    """The features of a schema in its order; None if it is not known here."""
    if schema == SCHEMA_HASH:
        return SCHEMA
    if schema == FLOW_SCHEMA:
        return FLOW_COLUMNS
    version = PAST_HASHES.get(schema)
    return None if version is None else PAST[version]


def present() -> tuple[Definition, ...]:
    """Every feature as it is defined now: those of request rows, then those that only a flow holds."""
    return (
        *(
            _definition(column, REQUESTS, group, SCHEMA_VERSION, SCHEMA_HASH)
            for group, columns in GROUPS.items()
            for column in columns
        ),
        *(_definition(column, MARKET, "flow", SCHEMA_VERSION, FLOW_SCHEMA) for column in _RAW.values()),
    )


def past() -> Iterator[Definition]:
    """Every feature of request rows as earlier versions had it."""
    for schema, version in PAST_HASHES.items():
        for column in PAST[version]:
            yield _definition(column, REQUESTS, "", version, schema)


def find(name: str) -> tuple[Definition, ...]:
    """A feature as it is defined now, then as earlier versions had it; () if there never was one."""
    return tuple([one for one in (*present(), *past()) if one.name == name])


def nearest(name: str) -> tuple[str, ...]:
    """Names that somebody may have meant: those like it, else those that hold it."""
    from difflib import get_close_matches

    names = [one.name for one in present()]
    found = get_close_matches(name, names, _NEAREST) or [one for one in names if name.lower() in one]
    return tuple(found[:_NEAREST])


def _definition(column: Column, of: str, group: str, version: int, schema: str) -> Definition:
    text = f"v{version}|{column.name}|{column.unit}|{column.horizon}|{column.when_missing!r}"
    return Definition(
        name=column.name,
        set=of,
        group=group,
        unit=column.unit,
        horizon=column.horizon or INSTANT,
        when_missing=column.when_missing,
        words=column.words,
        version=version,
        schema=schema,
        hash=hashlib.sha256(text.encode()).hexdigest()[:12],
    )
