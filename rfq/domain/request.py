"""What is asked for: the terms of a request as they came, and the Rfq that they became."""

from decimal import Decimal
from enum import StrEnum

from pricing.structures import Structure
from rfq.domain.fact import Fact, check_number
from rfq.domain.ids import PartyId, RfqId
from rfq.domain.lifecycle import RfqState


class Side(StrEnum):
    """Always the taker's."""

    BUY = "buy"
    SELL = "sell"
    TWO_WAY = "two_way"

    @property
    def wants_bid(self) -> bool:
        """True if the maker is asked for a bid (the taker may sell)."""
        return self is not _BUY

    @property
    def wants_offer(self) -> bool:
        """True if the maker is asked for an offer (the taker may buy)."""
        return self is not _SELL


_BUY, _SELL = Side.BUY, Side.SELL


class Role(StrEnum):
    """Which side of the request this desk is on."""

    MAKER = "maker"
    TAKER = "taker"


class Ask(Fact, frozen=True, kw_only=True, tag="Ask.1"):
    """The terms of a request. Readable but not yet judged: the desk refuses what is wrong with it, by name.

    `amount` scales the legs' ratios; `expires_at` 0 means the receiver's default; the limits are the levels that a
    taker wants a two-way market to be inside of.
    """

    structure: Structure
    amount: Decimal
    side: Side
    expires_at: int = 0
    bid_limit: Decimal | None = None
    offer_limit: Decimal | None = None
    anonymous: bool = False

    def __post_init__(self) -> None:
        check_number("amount", self.amount)
        check_number("bid_limit", self.bid_limit)
        check_number("offer_limit", self.offer_limit)
        for leg in self.structure.legs:
            check_number("legs.ratio", leg.ratio)
        for hedge in self.structure.hedges:
            check_number("hedges.ratio", hedge.ratio)
            check_number("hedges.price", hedge.price)


class Rfq(Fact, frozen=True, kw_only=True, tag="Rfq.1"):
    """One request for quote, from birth to outcome. `party` asked it; `reference` is the asker's own id for it."""

    id: RfqId
    role: Role
    party: PartyId
    reference: str
    ask: Ask
    state: RfqState
    opened_at: int
    expires_at: int
