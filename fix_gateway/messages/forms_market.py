"""The forms about instruments and the market: c d V W X Y."""

from fix_gateway.messages import market, parts
from fix_gateway.messages.form import AnyRow, Fixed, Form, Group, Kind, Many, Row, Split
from fix_gateway.messages.forms_quoting import INSTRUMENT, LEG, SYMBOL, legs
from fix_gateway.messages.words import EntryAction, EntryType, Subscription

COUNT, NUMBER, NAME = Kind.COUNT, Kind.NUMBER, Kind.NAME

DEFINITION_REQUEST = Form(
    market.SecurityDefinitionRequest,
    "c",
    (
        Row("request_id", 320),
        Row("request_type", 321),
        Row("symbol", 55, NAME),
        Row("security_type", 167, NAME),
        Row("currency", 15, NAME),
        Row("text", 58),
        legs(LEG),
        Row("subscription", 263, Subscription),
    ),
)

DEFINITION = Form(
    market.SecurityDefinition,
    "d",
    (
        Row("request_id", 320),
        Row("response_id", 322),
        Row("response_type", 323),
        Fixed(393, "1"),
        *INSTRUMENT,
        Row("currency", 15, NAME),
        Row("text", 58),
        legs(LEG),
    ),
)

MARKET_REQUEST = Form(
    market.MarketDataRequest,
    "V",
    (
        Row("request_id", 262),
        Row("subscription", 263, Subscription),
        Row("depth", 264, COUNT),
        Row("updates", 265),
        Row("aggregated", 266, Kind.FLAG),
        Many("kinds", 267, 269, EntryType),
        Group("symbols", 146, parts.SymbolRef, SYMBOL, True),
    ),
)

_ENTRY: tuple[AnyRow, ...] = (
    Row("action", 279, EntryAction, True),
    Row("kind", 269, EntryType),
    Row("id", 278),
    Row("symbol", 55, NAME),
    Row("price", 270, NUMBER),
    Row("qty", 271, NUMBER),
    Split("at", 272, 273),
    Row("quote_id", 299),
    Row("orders", 346, COUNT),
    Row("position", 290, COUNT),
)

SNAPSHOT = Form(
    market.MarketDataSnapshot,
    "W",
    (
        Row("request_id", 262),
        Row("symbol", 55, NAME),
        Row("security_type", 167, NAME),
        Row("updated_at", 779, Kind.INSTANT),
        Group("entries", 268, parts.MarketEntry, _ENTRY, True),
    ),
)

INCREMENT = Form(
    market.MarketDataIncrement,
    "X",
    (Row("request_id", 262), Group("entries", 268, parts.MarketEntry, _ENTRY, True)),
)

MARKET_REJECT = Form(
    market.MarketDataReject,
    "Y",
    (Row("request_id", 262), Row("reason", 281), Row("text", 58)),
)

FORMS = (DEFINITION_REQUEST, DEFINITION, MARKET_REQUEST, SNAPSHOT, INCREMENT, MARKET_REJECT)
