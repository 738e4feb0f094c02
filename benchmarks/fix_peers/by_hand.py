"""The quote put together as text by hand, from the decoded request: what our engine costs when its typed messages
are left out, beside QuickFIX used in the same way (`quickfix_acceptor.by_text`)."""

from fix_gateway.codec.decoded import Decoded, Fields
from fix_gateway.codec.values import stamp

_LEG = b"600=%b\x01602=%b\x01603=%b\x01609=%b\x01623=%b\x01624=%b\x01687=%b\x01681=%.4f\x01684=%.4f\x01"
_QUOTE = (
    b"131=%b\x01117=QT%010d\x01537=1\x01453=2\x01448=%b\x01447=%b\x01452=%b\x01"
    b"448=DESK-MAKER\x01447=D\x01452=35\x0155=%b\x0148=%b-STRUCTURE-%b\x0122=8\x01167=%b\x0138=%b\x01"
    b"15=%b\x011=%b\x01555=%d\x01%b132=%.4f\x01133=%.4f\x01134=%b\x01135=%b\x0162=%b\x0160=%b\x0140=2\x01"
    b"58=%b\x01"
)


def answer(message: Decoded, number: int, now: int, lives_ns: int, text: bytes) -> bytes:
    """The body of the quote: some sum of what was asked, so that no two quotes are alike."""
    body = message.body
    entry = _first(body, 146)
    legs, party = entry[555], _first(entry, 453)
    bid = offer = 0.0
    told = []
    for leg in legs:
        assert isinstance(leg, dict)
        name = leg[602]
        fair = 0.02 + int(name) % 400 / 1e4  # type: ignore[arg-type]
        side = leg[624]
        sign = 1 if side == b"1" else -1
        bid, offer = bid + sign * fair - 0.0005, offer + sign * fair + 0.0005
        parts = (leg[600], name, leg[603], leg[609], leg[623], side, leg[687])
        told.append(_LEG % (*parts, fair - 0.0005, fair + 0.0005))
    symbol, currency, qty = entry[55], entry[15], entry[38]
    return _QUOTE % (
        *(body[131], number, party[448], party[447], party[452]),
        *(symbol, symbol, currency, entry[167], qty, currency, entry[1]),
        *(len(legs), b"".join(told), bid, offer, qty, qty),
        *(stamp(now + lives_ns), stamp(now), text),
    )


def _first(fields: Fields, count: int) -> Fields:
    """The first entry of a group."""
    entries = fields[count]
    assert isinstance(entries, list)
    return entries[0]
