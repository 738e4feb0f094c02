"""Everything known about prices at one instant, with its age; floats, cut to the underlyings that are needed.

Look-ups walk small tuples: a snapshot carries a handful of books and expiries, and a tuple has one order.
"""

import math

from pricing.fact import Fact
from pricing.units import NS_PER_MS

_INF = math.inf


class Top(Fact, frozen=True, kw_only=True, tag="Top.1"):
    """The best bid and offer of one instrument, in its price units; sizes in its amount units."""

    instrument: str
    bid: float
    offer: float
    bid_size: float
    offer_size: float

    def __post_init__(self) -> None:
        """Refuse a crossed, empty or non-finite book; a one-sided book has no Top."""
        if not 0.0 < self.bid <= self.offer < _INF:
            raise ValueError(f"bid: {self.bid} and offer {self.offer} are not a market")
        if not (0.0 <= self.bid_size < _INF and 0.0 <= self.offer_size < _INF):
            raise ValueError(f"bid_size: {self.bid_size} and offer_size {self.offer_size} are not sizes")


class Slice(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Slice.1"):
    """One expiry: its forward (quote currency per coin) and a small smile, volatilities as decimals a year.

    vol(x) = vol_atm + skew * x + convexity * x^2, with x = ln(strike / forward) / sqrt(years).
    `vol_half_spread` is half the screen's bid-offer in volatility, as a decimal (0.006 = 0.6 vol points).
    """

    expiry_at: int
    forward: float
    vol_atm: float
    skew: float = 0.0
    convexity: float = 0.0
    vol_half_spread: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a forward or a volatility that is not above zero, and anything not finite."""
        if not 0.0 < self.forward < _INF:
            raise ValueError(f"forward: {self.forward} is not above zero")
        if not 0.0 < self.vol_atm < _INF:
            raise ValueError(f"vol_atm: {self.vol_atm} is not above zero")
        if not (math.isfinite(self.skew + self.convexity) and 0.0 <= self.vol_half_spread < _INF):
            raise ValueError(
                "skew: skew, convexity and vol_half_spread must be finite, the last not negative"
            )


class Flow(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Flow.1"):
    """Streaming numbers that the feed keeps for one underlying; zero where nothing is known yet.

    Imbalances and ofi are ratios of the depth at the touch, + = buying pressure; flows are signed USD, + =
    taker buys; realised volatilities are decimals a year; returns in bps; ages in seconds.
    """

    book_imbalance: float = 0.0
    ofi_1s: float = 0.0
    ofi_10s: float = 0.0
    signed_flow_10s: float = 0.0
    signed_flow_60s: float = 0.0
    trades_10s: float = 0.0
    realised_vol_1m: float = 0.0
    realised_vol_10m: float = 0.0
    return_bps_10s: float = 0.0
    return_bps_60s: float = 0.0
    last_large_trade_age_s: float = 0.0


class UnderlyingMarket(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="UnderlyingMarket.1"):
    """One underlying: index in USD, sigma as a decimal a year, volumes and depth in USD, books, expiries
    and flow.
    """

    name: str
    index: float
    sigma: float
    funding_rate_8h: float = 0.0
    adv_usd: float
    depth_usd_10bps: float
    regime: int = 0
    tops: tuple[Top, ...] = ()
    slices: tuple[Slice, ...] = ()
    flow: Flow = Flow()

    def __post_init__(self) -> None:
        """Refuse numbers that are not finite or negative; a zero index means that there is none."""
        if not 0.0 <= self.index < _INF:
            raise ValueError(f"index: {self.index} is not a price")
        if not 0.0 <= self.sigma < _INF:
            raise ValueError(f"sigma: {self.sigma} is not a volatility")
        if not (0.0 <= self.adv_usd < _INF and 0.0 <= self.depth_usd_10bps < _INF):
            raise ValueError("adv_usd: adv_usd and depth_usd_10bps must be finite and not negative")

    def top(self, instrument: str) -> Top | None:
        """The book top of an instrument, None when there is none."""
        for top in self.tops:
            if top.instrument == instrument:
                return top
        return None

    def slice(self, expiry_at: int) -> Slice | None:
        """The expiry's slice, None when there is none."""
        for expiry in self.slices:
            if expiry.expiry_at == expiry_at:
                return expiry
        return None


class MarketSnapshot(Fact, frozen=True, kw_only=True, tag="MarketSnapshot.1"):
    """All market state at one instant (`at`, UTC ns), cut to the underlyings needed."""

    at: int
    underlyings: tuple[UnderlyingMarket, ...] = ()

    def age_ms(self, now: int) -> float:
        """How old the snapshot is at `now`, in milliseconds; never negative."""
        return max(0, now - self.at) / NS_PER_MS

    def underlying(self, name: str) -> UnderlyingMarket | None:
        """The market of one underlying, None when the snapshot does not carry it."""
        for market in self.underlyings:
            if market.name == name:
                return market
        return None
