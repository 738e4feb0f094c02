"""What we know of each counterparty from our own dealings with it: counts and markouts, nothing learned.

Ratios are shrunk towards a stated prior, so that one trade does not make a reputation.
"""

from msgspec.structs import replace

from rfq.domain.fact import Fact
from rfq.domain.ids import PartyId

PRIOR_WEIGHT = 10.0
PRIOR_HIT_RATIO = 0.25
PRIOR_HONOUR_RATIO = 0.98


class Scorecard(Fact, frozen=True, kw_only=True, tag="Scorecard.1"):
    """Dealings with one party. As its maker: asked, quoted, done. As its taker: asked_it, answered, chosen, honoured.
    `markout_bps_sum` is over `marked` fills at the longest horizon, positive = good for us."""

    party: PartyId
    asked: int
    quoted: int
    done: int
    asked_it: int
    answered: int
    chosen: int
    refused: int
    marked: int
    markout_bps_sum: float

    @classmethod
    def empty(cls, party: PartyId) -> "Scorecard":
        """Nothing known yet."""
        return cls(
            party=party,
            asked=0,
            quoted=0,
            done=0,
            asked_it=0,
            answered=0,
            chosen=0,
            refused=0,
            marked=0,
            markout_bps_sum=0.0,
        )

    @property
    def hit_ratio(self) -> float:
        """How often this client trades on our quotes, shrunk."""
        return (self.done + PRIOR_WEIGHT * PRIOR_HIT_RATIO) / (self.quoted + PRIOR_WEIGHT)

    @property
    def honour_ratio(self) -> float:
        """How often this dealer honours an acceptance, shrunk."""
        return (self.chosen - self.refused + PRIOR_WEIGHT * PRIOR_HONOUR_RATIO) / (self.chosen + PRIOR_WEIGHT)

    @property
    def answer_ratio(self) -> float:
        """How often this dealer answers, shrunk towards one half."""
        return (self.answered + PRIOR_WEIGHT * 0.5) / (self.asked_it + PRIOR_WEIGHT)

    @property
    def markout_bps(self) -> float:
        """Mean markout after trading with this party, in bps, positive = good for us, shrunk towards 0."""
        return self.markout_bps_sum / (self.marked + PRIOR_WEIGHT)


def count(card: Scorecard, field: str) -> Scorecard:
    """One more of `field`."""
    return replace(card, **{field: getattr(card, field) + 1})


def add_markout(card: Scorecard, markout_bps: float) -> Scorecard:
    """One more marked fill."""
    return replace(card, marked=card.marked + 1, markout_bps_sum=card.markout_bps_sum + markout_bps)
