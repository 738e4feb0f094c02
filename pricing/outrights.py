"""What a package holds that has no strike: net widths, doubts and deltas of its books."""

from pricing.books import BookWorth
from pricing.buckets import outright_bucket
from pricing.doubt import book_variance
from pricing.instruments import Future
from pricing.parts import Package, Part
from pricing.units import NS_PER_MS
from pricing.worth import Bucket, LegWorth


class Outrights:
    """Sums over the legs and hedges without a strike. `moving` maps the instant at which a price was seen to the net
    delta (USD) that has moved unseen since.
    """

    __slots__ = ("_deltas", "moving", "oldest_at", "variance", "width")

    def __init__(self, package: Package) -> None:
        self.moving: dict[int, float] = {}
        self.oldest_at = package.now
        self.variance = self.width = 0.0
        self._deltas: dict[int, float] = {}
        halves: dict[str, float] = {}
        doubts: dict[str, float] = {}
        for part in package.parts:
            if part[3] is not None:
                turned = package.mixed and part[0].inverse
                self._add(part, part[3], turned != package.coin_valued, halves, doubts)
        for part in package.hedges:
            if part[3] is not None:
                self._add(part, part[3], False, halves, doubts)
        if doubts:
            self.variance = book_variance(doubts)
            for one in halves.values():
                self.width += one if one >= 0.0 else -one

    def _add(
        self,
        part: Part,
        book: BookWorth,
        other_money: bool,
        halves: dict[str, float],
        doubts: dict[str, float],
    ) -> None:
        """Take one in. `other_money`: it is valued in money that moves with the coin when its own does not, or the
        other way round, so that its own worth moves the other way.
        """
        instrument, ratio, _, _ = part
        name = instrument.name
        delta = ratio * book.delta_net_usd
        expiry_at = instrument.expiry_at if type(instrument) is Future else 0
        self._deltas[expiry_at] = self._deltas.get(expiry_at, 0.0) + delta
        self.move(book.at, delta - ratio * book.notional_usd if other_money else delta)
        unit = ratio * book.unit_usd
        halves[name] = halves.get(name, 0.0) + unit * book.half
        doubts[name] = doubts.get(name, 0.0) + unit * book.doubt
        if book.at < self.oldest_at:
            self.oldest_at = book.at

    def move(self, seen_at: int, delta: float) -> None:
        """Add to what has moved unseen since an instant."""
        self.moving[seen_at] = self.moving.get(seen_at, 0.0) + delta

    def buckets(self) -> list[Bucket]:
        """One bucket an expiry."""
        return [outright_bucket(expiry_at, delta) for expiry_at, delta in self._deltas.items()]


def age_ms(at: int, now: int) -> float:
    """How old it is; never negative."""
    return (now - at) / NS_PER_MS if at < now else 0.0


def option_leg(part: Part, worth: float, found: list[float], at: int, old_ms: float) -> LegWorth:
    """An option's leg, from the kernel's numbers, which begin at `at`."""
    fair, delta, gamma, vega, theta, vanna, volga, forward_coin, vol = found[at : at + 9]
    instrument, ratio, expiry, _ = part
    assert expiry is not None
    return LegWorth(
        instrument=instrument.name,
        ratio=ratio,
        fair=fair,
        currency=instrument.quote_currency,
        worth=worth,
        delta_net_usd=delta,
        delta_forward_coin=forward_coin,
        gamma_usd_per_pct=gamma,
        vega_usd_per_vol_point=vega,
        theta_usd_per_calendar_day=theta,
        vanna_usd_per_vol_point=vanna,
        volga_usd_per_vol_point_squared=volga,
        forward=expiry.forward,
        vol=vol,
        age_ms=old_ms,
    )


def outright_leg(part: Part, worth: float, now: int, hedge: bool = False) -> LegWorth:
    """The leg of what has no strike."""
    instrument, ratio, _, book = part
    assert book is not None
    return LegWorth(
        instrument=instrument.name,
        ratio=ratio,
        fair=book.fair,
        currency=instrument.quote_currency,
        worth=worth,
        delta_net_usd=ratio * book.delta_net_usd,
        delta_forward_coin=ratio * book.delta_coin,
        forward=book.fair,
        age_ms=age_ms(book.at, now),
        hedge=hedge,
    )
