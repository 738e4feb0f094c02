"""The messages about instruments and the market: definitions, snapshots, increments."""

import msgspec

from fix_gateway.messages.parts import Leg, MarketEntry, SymbolRef
from fix_gateway.messages.words import EntryType, Subscription


class SecurityDefinitionRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """c: what is this instrument; or, with legs, please define this structure. `request_type` is 321."""

    request_id: str
    request_type: str
    symbol: str = ""
    security_type: str = ""
    currency: str = ""
    subscription: Subscription | None = None
    text: str = ""
    legs: tuple[Leg, ...] = ()


class SecurityDefinition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """d: what an instrument or a structure is called. `response_type` is 323."""

    request_id: str
    response_id: str = ""
    response_type: str = ""
    symbol: str = ""
    security_type: str = ""
    security_id: str = ""
    security_id_source: str = ""
    currency: str = ""
    text: str = ""
    legs: tuple[Leg, ...] = ()


class MarketDataRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """V: `depth` 0 is the full book, 1 its top. `updates` (265) is "0" for full refreshes, "1" for increments."""

    request_id: str
    subscription: Subscription
    depth: int
    kinds: tuple[EntryType, ...]
    symbols: tuple[SymbolRef, ...]
    updates: str = ""
    aggregated: bool | None = None


class MarketDataSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """W: an instrument's book, whole."""

    symbol: str
    entries: tuple[MarketEntry, ...]
    request_id: str = ""
    updated_at: int | None = None
    security_type: str = ""


class MarketDataIncrement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """X: what has changed in one or many books."""

    entries: tuple[MarketEntry, ...]
    request_id: str = ""


class MarketDataReject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Y: no market data for that request."""

    request_id: str
    reason: str = ""
    text: str = ""
