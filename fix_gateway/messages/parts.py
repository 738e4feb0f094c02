"""What messages are made of: parties, legs, entries. Instants are UTC ns; what is not said is "", None or ()."""

from decimal import Decimal

import msgspec

from fix_gateway.messages.words import EntryAction, EntryType, Side


class Party(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Somebody with a role (452, 1119, 1464): 35 liquidity provider, 66 market maker, 13 order origination firm, ..."""

    id: str
    role: str = ""
    source: str = "D"


class Leg(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One leg of a structure. Each message knows only some of these: `price` is a fixed price (566, a hedge leg in a
    request), `bid` and `offer` (681, 684) stand in quotes, `last_price` and `last_qty` (637, 1418) in executions."""

    symbol: str
    ratio: Decimal | None = None
    side: Side | None = None
    qty: Decimal | None = None
    price: Decimal | None = None
    bid: Decimal | None = None
    offer: Decimal | None = None
    last_price: Decimal | None = None
    last_qty: Decimal | None = None
    ref: str = ""
    security_type: str = ""
    security_id: str = ""
    security_id_source: str = ""


class Stamp(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A regulatory timestamp (768) and its kind (770): 1 execution, 2 time in, 3 time out, ..."""

    at: int
    kind: str


class QuoteEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One instrument's price in a MassQuote."""

    id: str
    symbol: str
    bid: Decimal | None = None
    offer: Decimal | None = None
    bid_qty: Decimal | None = None
    offer_qty: Decimal | None = None
    valid_until: int | None = None


class QuoteSet(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Entries of a MassQuote that belong together."""

    id: str
    total: int
    entries: tuple[QuoteEntry, ...]
    last: bool | None = None
    underlying: str = ""


class EntryFault(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One refused entry in a MassQuoteAcknowledgement."""

    id: str
    reason: str = ""


class SetFault(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The refused entries of one set in a MassQuoteAcknowledgement."""

    id: str
    entries: tuple[EntryFault, ...] = ()


class TradeSide(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One side of a TradeCaptureReport."""

    side: Side
    order_id: str = ""
    cl_ord_id: str = ""
    account: str = ""
    text: str = ""
    parties: tuple[Party, ...] = ()


class TradeLeg(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One leg of a TradeCaptureReport."""

    symbol: str
    ratio: Decimal | None = None
    side: Side | None = None
    qty: Decimal | None = None
    last_price: Decimal | None = None
    ref: str = ""


class MarketEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One price in a snapshot (no `action`, no `symbol`) or in an incremental refresh."""

    kind: EntryType | None = None
    action: EntryAction | None = None
    id: str = ""
    symbol: str = ""
    price: Decimal | None = None
    qty: Decimal | None = None
    at: int | None = None
    orders: int | None = None
    position: int | None = None
    quote_id: str = ""


class SymbolRef(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One instrument that is asked about."""

    symbol: str
    security_type: str = ""
