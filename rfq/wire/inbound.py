"""From a plain mapping (JSON-like, numbers as strings) to what the desk hears: a request, or that it was unreadable.

`read_rfq` never raises: whatever is wrong becomes `MessageUnreadable` with a Reason that names the field. It only
reads; whether what was read makes sense is the desk's to judge. Lengths and magnitudes are bounded here, so that
nothing read can be too large for the log.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pricing.structures import Hedge, Leg, Structure
from rfq.domain.events import MessageUnreadable, RfqReceived
from rfq.domain.fact import DIGITS_MAX, digits_of
from rfq.domain.ids import PartyId
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Side

RFQ: Final = "rfq"
TEXT_MAX: Final = 64
LEGS_READ_MAX: Final = 100
"""More legs than any request may have, fewer than would hurt."""
MAGNITUDE_MAX: Final = 15
"""Numbers lie between 10^-15 and 10^15."""
_INSTANT_MAX: Final = 2**63 - 1
_RFQ_KEYS: Final = (
    "reference",
    "legs",
    "hedges",
    "amount",
    "side",
    "expires_at",
    "bid_limit",
    "offer_limit",
    "anonymous",
)


class _Unreadable(ValueError):
    """What is wrong, and where."""

    def __init__(self, field: str, detail: str, found: object, code: Code = Code.UNREADABLE) -> None:
        super().__init__(detail)
        self.field, self.detail, self.found, self.code = field, detail, found, code


def read_rfq(party: PartyId, message: Mapping[str, Any]) -> RfqReceived | MessageUnreadable:
    """The request that `message` spells, or what could not be read in it."""
    try:
        reference = _text(message, "reference")
        for key in message:
            if key not in _RFQ_KEYS:
                raise _Unreadable(_clean(key), "unknown field", message[key])
        return RfqReceived(party=party, reference=reference, ask=_ask(message))
    except _Unreadable as error:
        return MessageUnreadable(
            party=party,
            kind=RFQ,
            reference=_clean(message.get("reference", "")),
            reason=Reason(code=error.code, field=error.field, detail=error.detail),
            text=_clean(error.found),
        )


def _ask(message: Mapping[str, Any]) -> Ask:
    """The terms."""
    legs = tuple(
        Leg(instrument=_text(leg, "instrument", at), ratio=_number(leg, "ratio", at))
        for leg, at in _rows(message, "legs", ("instrument", "ratio"))
    )
    hedges = tuple(
        Hedge(
            instrument=_text(hedge, "instrument", at),
            ratio=_number(hedge, "ratio", at),
            price=_number(hedge, "price", at),
        )
        for hedge, at in _rows(message, "hedges", ("instrument", "ratio", "price"))
    )
    return Ask(
        structure=Structure(legs=legs, hedges=hedges),
        amount=_number(message, "amount"),
        side=_side(message),
        expires_at=_instant(message, "expires_at"),
        bid_limit=_number(message, "bid_limit") if message.get("bid_limit") is not None else None,
        offer_limit=_number(message, "offer_limit") if message.get("offer_limit") is not None else None,
        anonymous=_flag(message, "anonymous"),
    )


def _rows(
    message: Mapping[str, Any], key: str, known: tuple[str, ...]
) -> list[tuple[Mapping[str, Any], str]]:
    """The members of a list of mappings, each with its path ("legs[2].")."""
    found = message.get(key, [])
    if not isinstance(found, (list, tuple)) or len(found) > LEGS_READ_MAX:
        raise _Unreadable(key, f"not a list of at most {LEGS_READ_MAX}", type(found).__name__)
    rows = []
    for index, row in enumerate(found):
        path = f"{key}[{index}]"
        if not isinstance(row, Mapping):
            raise _Unreadable(path, "not an object", row)
        for inner in row:
            if inner not in known:
                raise _Unreadable(f"{path}.{_clean(inner)}", "unknown field", row[inner])
        rows.append((row, path + "."))
    return rows


def _text(message: Mapping[str, Any], key: str, path: str = "") -> str:
    """A short text without control characters."""
    found = message.get(key)
    if not isinstance(found, str) or not 1 <= len(found) <= TEXT_MAX or _clean(found) != found:
        raise _Unreadable(path + key, f"not a text of 1 to {TEXT_MAX} plain characters", found)
    return found


def _number(message: Mapping[str, Any], key: str, path: str = "") -> Decimal:
    """A finite number of sane length, from its spelling."""
    found = message.get(key)
    if isinstance(found, bool) or not isinstance(found, (str, int, Decimal)):
        code = Code.NOT_A_NUMBER if isinstance(found, float) else Code.UNREADABLE
        raise _Unreadable(path + key, "not a number spelled as text", found, code)
    if isinstance(found, str) and len(found) > TEXT_MAX:
        raise _Unreadable(path + key, "too long for a number", found, Code.NOT_A_NUMBER)
    try:
        number = Decimal(found)
    except InvalidOperation:
        raise _Unreadable(path + key, "not a number", found, Code.NOT_A_NUMBER) from None
    if not number.is_finite():
        raise _Unreadable(path + key, "not a finite number", found, Code.NOT_A_NUMBER)
    if digits_of(number) > DIGITS_MAX or (number and abs(number.adjusted()) > MAGNITUDE_MAX):
        raise _Unreadable(path + key, "too long, too large or too small", found, Code.NOT_A_NUMBER)
    return number if number else Decimal(0)


def _side(message: Mapping[str, Any]) -> Side:
    """The taker's side; absent means both."""
    found = message.get("side", Side.TWO_WAY.value)
    for side in Side:
        if found == side.value:
            return side
    raise _Unreadable("side", "not one of buy, sell, two_way", found)


def _instant(message: Mapping[str, Any], key: str) -> int:
    """UTC ns; absent means 0."""
    found = message.get(key, 0)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= _INSTANT_MAX:
        raise _Unreadable(key, "not an instant in UTC nanoseconds", found)
    return found


def _flag(message: Mapping[str, Any], key: str) -> bool:
    """True or false; absent means false."""
    found = message.get(key, False)
    if not isinstance(found, bool):
        raise _Unreadable(key, "not true or false", found)
    return found


def _clean(found: object) -> str:
    """What stood there, cut short, without anything that the log could not spell. Long things are not spelled out."""
    if isinstance(found, str):
        text = found[: TEXT_MAX + 1]
    elif isinstance(found, (int, float)) and (not isinstance(found, int) or found.bit_length() < 256):
        text = repr(found)
    elif found is None:
        text = ""
    else:
        text = type(found).__name__
    return "".join(c if c.isprintable() else "?" for c in text)[: TEXT_MAX + 1]
