"""A quote: somebody's price on an Rfq, for a while."""

from decimal import Decimal

from rfq.domain.fact import Fact
from rfq.domain.ids import PartyId, QuoteId, RfqId
from rfq.domain.lifecycle import QuoteState
from rfq.domain.request import Side

_BUY = Side.BUY


class Quote(Fact, frozen=True, kw_only=True, tag="Quote.1"):
    """A firm or indicative, one- or two-way price; all-or-none or any part of its amounts. `reference` is the maker's
    own id for it. It may be traded on only before `expires_at`: at equality it is expired."""

    id: QuoteId
    rfq: RfqId
    maker: PartyId
    reference: str
    state: QuoteState
    received_at: int
    expires_at: int
    bid: Decimal | None = None
    offer: Decimal | None = None
    bid_amount: Decimal | None = None
    offer_amount: Decimal | None = None
    firm: bool = True
    all_or_none: bool = False
    replaces: str = ""

    def __post_init__(self) -> None:
        bid, offer = self.bid, self.offer
        if bid is None and offer is None:
            raise ValueError("bid: a quote has a bid, an offer or both")
        if (bid is None) != (self.bid_amount is None) or (offer is None) != (self.offer_amount is None):
            raise ValueError("bid_amount: each quoted side has an amount, and only those")
        if bid is not None and offer is not None and bid > offer:
            raise ValueError("bid: above the offer")

    def price_for(self, side: Side) -> Decimal | None:
        """What a taker on `side` would trade at: lifts the offer, hits the bid."""
        return self.offer if side is _BUY else self.bid

    def amount_for(self, side: Side) -> Decimal | None:
        """How much a taker on `side` could trade."""
        return self.offer_amount if side is _BUY else self.bid_amount
