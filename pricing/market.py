"""Everything known about prices at one instant: books, index, curve, funding, surface, each with its own time.

Floats, cut to the underlyings that are needed. Every part says when it was seen (`at`, UTC ns), so staleness is a
property that whoever reads it can carry on. Nothing is filled in: what is not known is not there, and a currency
without a rate has no value in another one. Look-ups walk small tuples: a snapshot carries a handful of books and
expiries, and a tuple has one order.
"""

import math
from itertools import pairwise
from typing import Final, TypeAlias

from pricing.calendar import Calendar
from pricing.fact import Fact
from pricing.flow import UNKNOWN, Flow
from pricing.units import NS_PER_MS

_INF: Final = math.inf
HOURS_A_WEEK: Final = 168

Level: TypeAlias = tuple[float, float]
"""A price and the size that stands there, in the instrument's price and amount units."""


def _check_side(field: str, levels: tuple[Level, ...], sign: float) -> None:
    """Prices above zero, each worse than the one before; sizes not negative."""
    last = -_INF
    for price, size in levels:
        if not (0.0 < price < _INF and 0.0 <= size < _INF):
            raise ValueError(f"{field}: {price} x {size} is no level")
        if not sign * price > last:
            raise ValueError(f"{field}: {price} is not worse than the level before it")
        last = sign * price


class Book(Fact, frozen=True, kw_only=True, tag="Book.1"):
    """The levels of one instrument at one venue, best first; `venue` "" is the only or the composite one."""

    instrument: str
    at: int
    bids: tuple[Level, ...]
    offers: tuple[Level, ...]
    venue: str = ""

    def __post_init__(self) -> None:
        """Refuse levels out of order, crossed sides and numbers that are not finite; a side may be empty."""
        _check_side("bids", self.bids, -1.0)
        _check_side("offers", self.offers, 1.0)
        if self.bids and self.offers and self.bids[0][0] > self.offers[0][0]:
            raise ValueError(f"bids: {self.bids[0][0]} is above the offer {self.offers[0][0]}")


def one_level(
    instrument: str, at: int, bid: float, offer: float, bid_size: float, offer_size: float, venue: str = ""
) -> Book:
    """A book of which only the touch is known."""
    return Book(
        instrument=instrument, at=at, bids=((bid, bid_size),), offers=((offer, offer_size),), venue=venue
    )


class Pillar(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Pillar.1"):
    """One point of a forward curve: quote currency per coin delivered at `expiry_at`, and one standard error."""

    expiry_at: int
    forward: float
    doubt_bps: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a forward that is not above zero and a doubt that is negative."""
        if not 0.0 < self.forward < _INF:
            raise ValueError(f"forward: {self.forward} is not above zero")
        if not 0.0 <= self.doubt_bps < _INF:
            raise ValueError(f"doubt_bps: {self.doubt_bps} is no standard error")


class Curve(Fact, frozen=True, kw_only=True, tag="Curve.1"):
    """The forward curve of one underlying as of `at`; pillars rise in time."""

    at: int
    pillars: tuple[Pillar, ...]

    def __post_init__(self) -> None:
        """Refuse pillars out of order."""
        _check_rising("pillars", tuple([one.expiry_at for one in self.pillars]))


class Funding(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Funding.1"):
    """What longs of a perpetual pay shorts, as a ratio of notional per eight hours, as of `at`."""

    instrument: str
    at: int
    rate_8h: float

    def __post_init__(self) -> None:
        """Refuse a rate that is not finite."""
        if not math.isfinite(self.rate_8h):
            raise ValueError(f"rate_8h: {self.rate_8h} is not finite")


class Rate(Fact, frozen=True, kw_only=True, tag="Rate.1"):
    """What one unit of a currency is worth in USD, as of `at`. Coins have theirs as an underlying's index."""

    currency: str
    usd: float
    at: int

    def __post_init__(self) -> None:
        """Refuse a rate that is not above zero."""
        if not 0.0 < self.usd < _INF:
            raise ValueError(f"usd: {self.usd} is not above zero")


class Discount(Fact, frozen=True, kw_only=True, tag="Discount.1"):
    """Zero rates of a currency (continuously compounded, ACT/365) as (instant, rate); none: rates are zero."""

    currency: str
    at: int
    pillars: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        """Refuse pillars out of order and rates that are not finite."""
        _check_rising("pillars", tuple([at for at, _ in self.pillars]))
        for _, rate in self.pillars:
            if not math.isfinite(rate):
                raise ValueError(f"pillars: {rate} is not finite")


class VarianceClock(Fact, frozen=True, kw_only=True, tag="VarianceClock.1"):
    """How fast variance passes: a weight for each UTC hour of the week (Monday 00:00 first), and jumps at instants.

    `weights` () is flat; a jump is (instant, hours of ordinary variance that pass at once).
    """

    weights: tuple[float, ...] = ()
    jumps: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse anything but 168 weights, not negative and not all zero, and jumps out of order."""
        if self.weights:
            if not len(self.weights) == HOURS_A_WEEK:
                raise ValueError(f"weights: {len(self.weights)}, not {HOURS_A_WEEK}")
            if not all(0.0 <= one < _INF for one in self.weights):
                raise ValueError("weights: negative or not finite")
            if not any(self.weights):
                raise ValueError("weights: all zero")
        _check_rising("jumps", tuple([at for at, _ in self.jumps]))
        if not all(0.0 <= one < _INF for _, one in self.jumps):
            raise ValueError("jumps: negative or not finite")


class Smile(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Smile.1"):
    """One expiry of a surface as raw SVI, with what is known of its errors.

    Total variance until `expiry_at`, as of the surface's `at`: w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)),
    k = ln(strike / forward). The doubts are standard errors in volatility (decimals): of the whole smile (level), per
    z of slope, per z^2 of wings, and local, which fades between strikes; z = k / sqrt(w at the money), within 3.
    `half_spread` is half the screen's usual bid-offer in volatility.
    """

    expiry_at: int
    a: float
    b: float
    rho: float
    m: float
    s: float
    doubt_level: float = 0.0
    doubt_slope: float = 0.0
    doubt_wing: float = 0.0
    doubt_local: float = 0.0
    half_spread: float = 0.0

    def __post_init__(self) -> None:
        """Refuse parameters without a variance above zero everywhere, or with wings beyond Lee's bound."""
        if not math.isfinite(self.a + self.m):
            raise ValueError(f"a: {self.a} and m {self.m} must be finite")
        if not 0.0 <= self.b < _INF:
            raise ValueError(f"b: {self.b} is negative or not finite")
        if not -1.0 < self.rho < 1.0:
            raise ValueError(f"rho: {self.rho} is not between -1 and 1")
        if not 0.0 < self.s < _INF:
            raise ValueError(f"s: {self.s} is not above zero")
        low = self.a + self.b * self.s * math.sqrt(1.0 - self.rho * self.rho)
        if not low > 0.0:
            raise ValueError(f"a: the smallest variance {low} is not above zero")
        if not self.b * (1.0 + abs(self.rho)) <= 2.0:
            raise ValueError(f"b: wings steeper than 2 ({self.b}, {self.rho})")
        for field in ("doubt_level", "doubt_slope", "doubt_wing", "doubt_local", "half_spread"):
            if not 0.0 <= getattr(self, field) < _INF:
                raise ValueError(f"{field}: negative or not finite")


class Surface(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Surface.1"):
    """The volatility surface of one underlying as of `at`; smiles rise in expiry.

    `vol_of_vol`: standard deviation of the level's relative move, per square root of a year, for what has become old.
    `source` names the fit. `clock` None: variance passes evenly.
    """

    at: int
    smiles: tuple[Smile, ...]
    vol_of_vol: float = 0.0
    source: str = ""
    clock: VarianceClock | None = None

    def __post_init__(self) -> None:
        """Refuse smiles out of order."""
        _check_rising("smiles", tuple([one.expiry_at for one in self.smiles]))
        if not 0.0 <= self.vol_of_vol < _INF:
            raise ValueError(f"vol_of_vol: {self.vol_of_vol} is negative")


class Fixing(Fact, frozen=True, kw_only=True, tag="Fixing.1"):
    """A settlement average under way: the mean of the index from `from_at` to `at`, for what expires at `expiry_at`."""

    expiry_at: int
    from_at: int
    at: int
    average: float

    def __post_init__(self) -> None:
        """Refuse a window without order and an average that is not above zero."""
        if not self.from_at <= self.at <= self.expiry_at:
            raise ValueError("from_at: from_at, at, expiry_at out of order")
        if not 0.0 < self.average < _INF:
            raise ValueError(f"average: {self.average} is not above zero")


class UnderlyingMarket(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="UnderlyingMarket.2"):
    """One underlying: index in USD and when it was seen, sigma as a decimal a year, volumes and depth in USD, and
    whatever is known of its books, forwards, funding, volatilities, settlements and flow.
    """

    name: str
    index: float
    index_at: int
    sigma: float
    adv_usd: float
    depth_usd_10bps: float
    regime: int = 0
    books: tuple[Book, ...] = ()
    curve: Curve | None = None
    funding: tuple[Funding, ...] = ()
    surface: Surface | None = None
    fixings: tuple[Fixing, ...] = ()
    flow: Flow = UNKNOWN

    def __post_init__(self) -> None:
        """Refuse numbers that are not finite or negative; a zero index means that there is none."""
        if not 0.0 <= self.index < _INF:
            raise ValueError(f"index: {self.index} is not a price")
        if not 0.0 <= self.sigma < _INF:
            raise ValueError(f"sigma: {self.sigma} is not a volatility")
        if not (0.0 <= self.adv_usd < _INF and 0.0 <= self.depth_usd_10bps < _INF):
            raise ValueError("adv_usd: adv_usd and depth_usd_10bps must be finite and not negative")

    @property
    def funding_rate_8h(self) -> float:
        """The rate of the first perpetual that has one; zero when none has."""
        return self.funding[0].rate_8h if self.funding else 0.0

    def book(self, instrument: str) -> Book | None:
        """The first book of an instrument, None when there is none."""
        for book in self.books:
            if book.instrument == instrument:
                return book
        return None

    def smile(self, expiry_at: int) -> Smile | None:
        """The expiry's own smile, None when there is none."""
        if self.surface is not None:
            for smile in self.surface.smiles:
                if smile.expiry_at == expiry_at:
                    return smile
        return None


class MarketSnapshot(Fact, frozen=True, kw_only=True, tag="MarketSnapshot.3"):
    """All market state at one instant (`at`, UTC ns), cut to the underlyings needed; `calendar` None: none is kept."""

    at: int
    underlyings: tuple[UnderlyingMarket, ...] = ()
    rates: tuple[Rate, ...] = ()
    discounts: tuple[Discount, ...] = ()
    calendar: Calendar | None = None

    def age_ms(self, now: int) -> float:
        """How old the snapshot is at `now`, in milliseconds; never negative."""
        return max(0, now - self.at) / NS_PER_MS

    def underlying(self, name: str) -> UnderlyingMarket | None:
        """The market of one underlying, None when the snapshot does not carry it."""
        for market in self.underlyings:
            if market.name == name:
                return market
        return None

    def usd(self, currency: str) -> float | None:
        """USD for one unit of a currency: a coin's index or a rate; None when the snapshot does not say."""
        if currency == "USD":
            return 1.0
        for market in self.underlyings:
            if market.name == currency and market.index > 0.0:
                return market.index
        for rate in self.rates:
            if rate.currency == currency:
                return rate.usd
        return None


def _check_rising(field: str, instants: tuple[int, ...]) -> None:
    """Refuse instants that do not strictly rise."""
    for before, after in pairwise(instants):
        if not before < after:
            raise ValueError(f"{field}: {after} after {before}")
