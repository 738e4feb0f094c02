"""What we know of each counterparty from our own dealings with it: counts and markouts, nothing learned.

Ratios are shrunk towards a stated prior, so that one trade does not make a reputation.
"""

from msgspec.structs import replace

from rfq.domain.fact import Fact
from rfq.domain.ids import PartyId

PRIOR_WEIGHT = 10.0
PRIOR_HIT_RATIO = 0.25
PRIOR_HONOUR_RATIO = 0.98


class Scorecard(Fact, frozen=True, kw_only=True, tag="Scorecard.2"):
    """Dealings with one party. As its maker: asked, quoted, done. As its taker: asked_it, answered, chosen, honoured.
    `markout_bps_sum` is over `marked` fills at the longest horizon, positive = good for us; `marks` has the same of
    each horizon: seconds, fills marked, sum in bps."""

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
    marks: tuple[tuple[int, int, float], ...] = ()

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

    def markout_bps_at(self, horizon_s: int) -> float:
        """The same at one horizon; 0 when nothing was marked there."""
        for horizon, count, total in self.marks:
            if horizon == horizon_s:
                return total / (count + PRIOR_WEIGHT)
        return 0.0


def count(card: Scorecard, field: str) -> Scorecard:
    """One more of `field`."""
    return replace(card, **{field: getattr(card, field) + 1})


def add_markout(card: Scorecard, markout_bps: float) -> Scorecard:
    """One more marked fill, at the longest horizon."""
    return replace(card, marked=card.marked + 1, markout_bps_sum=card.markout_bps_sum + markout_bps)


def add_mark(card: Scorecard, horizon_s: int, markout_bps: float) -> Scorecard:
    """One more fill marked at a horizon."""
    known = {horizon: (count, total) for horizon, count, total in card.marks}
    count, total = known.get(horizon_s, (0, 0.0))
    known[horizon_s] = (count + 1, total + markout_bps)
    marks = tuple([(horizon, *known[horizon]) for horizon in sorted(known)])
    return replace(card, marks=marks)
