"""What was traded, and what it did to the position."""

from decimal import Decimal

from rfq.domain.fact import Fact
from rfq.domain.ids import AcceptId, FillId, PartyId, QuoteId, RfqId
from rfq.domain.request import Role, Side

_BUY = Side.BUY
_TAKER = Role.TAKER


class Fill(Fact, frozen=True, kw_only=True, tag="Fill.1"):
    """A trade of `amount` of the Rfq's structure at `price`. `side` is the taker's; `fair` is ours at the time, in the
    unit of the price; `reference` is the other party's id for the trade (an ExecID, or the acceptance that made it)."""

    id: FillId
    rfq: RfqId
    quote: QuoteId
    accept: AcceptId
    role: Role
    counterparty: PartyId
    side: Side
    amount: Decimal
    price: Decimal
    fair: Decimal
    reference: str
    at: int

    @property
    def sign(self) -> int:
        """+1 if we bought the structure, -1 if we sold it."""
        bought = (self.side is _BUY) == (self.role is _TAKER)
        return 1 if bought else -1


class Position(Fact, frozen=True, kw_only=True, tag="Position.1"):
    """Signed amount of one instrument, in the instrument's own unit."""

    instrument: str
    amount: Decimal
