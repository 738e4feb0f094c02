"""Options as rows of numbers for the structure kernel: each expiry's forward, smile and doubts once, then its strikes.

A smile's variance shrinks with the clock; between two smiles total variance runs straight in variance time at equal
ln(strike / forward), before the first and beyond the last it is in proportion to it. Expiries that have passed count
no more.
"""

from typing import Final, NamedTuple

from pricing.curves import discount, forward_point
from pricing.instruments import Option, refusal
from pricing.market import Fixing, MarketSnapshot, Smile, Surface, UnderlyingMarket, VarianceClock
from pricing.numeric.elementary import log
from pricing.settlement import Averaged, averaged_at, averaged_years
from pricing.units import BPS, DAY_NS, NS_PER_S, YEAR_NS
from pricing.variance_clock import variance_years
from pricing.worth import Unpriceable

_THIRD: Final = 1.0 / 3.0
_NO_SMILE: Final = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


class Expiry(NamedTuple):
    """One expiry as its options need it: place of its row, forward (USD), years left, and the length of the settlement
    window if that has begun, else 0.
    """

    row: int
    forward: float
    term: float
    window_ns: int


def screen_vol_half_spread(term: float) -> float:
    """Half the usual screen spread of an at-the-money option, in volatility as a decimal, `term` in years.

    Fitted to public screens (1.35 vol points in the first week, 0.6 at a month, 0.38 beyond a quarter); used where a
    smile does not say its own.
    """
    return 0.0035 + 0.00017 / (term + 0.003)


class OptionRows:
    """Collects the options of one package on one underlying. `seen_at`: when the forward of each expiry was seen,
    `oldest_at`: the oldest of all that they need.
    """

    __slots__ = (
        "_coin_valued",
        "_expiries",
        "_market",
        "_now",
        "_under",
        "count",
        "expiry_rows",
        "oldest_at",
        "rows",
        "seen_at",
    )

    def __init__(
        self, under: UnderlyingMarket, market: MarketSnapshot, now: int, coin_valued: bool = False
    ) -> None:
        """`coin_valued`: the package is valued in its own coin, so that premiums come off the delta of its value."""
        self._under = under
        self._market = market
        self._now = now
        self._coin_valued = coin_valued
        self._expiries: dict[tuple[int, int], Expiry] = {}
        self.expiry_rows: list[float] = []
        self.rows: list[float] = []
        self.count = 0
        self.oldest_at = now
        self.seen_at: list[int] = []

    @property
    def expiries(self) -> int:
        """How many rows of expiries there are."""
        return len(self._expiries)

    def add(self, option: Option, ratio: float) -> tuple[float, float, float] | Unpriceable:
        """Take one leg in: USD for one unit of its price, its forward in quote currency, and its years."""
        odd = option.style or option.quanto is not None or option.settle_currency != option.quote_currency
        if odd and refusal(option) is not None:
            return Unpriceable(reason="not_priced", field=option.name)
        under = self._under
        expiry = self._expiries.get((option.expiry_at, option.averaging_s))
        if expiry is None:
            made = self._make(option)
            if isinstance(made, Unpriceable):
                return made
            expiry = made
        rate = 1.0
        if not option.inverse and option.quote_currency != "USD":
            found = self._market.usd(option.quote_currency)
            if found is None:
                return Unpriceable(reason="no_rate", field=option.quote_currency)
            rate = found
        strike = float(option.strike)
        forward = black_forward = settles_at = expiry.forward / rate
        black_strike, scale, counts = strike, 1.0, 1.0
        if expiry.window_ns:
            inside = self._inside(option, forward, strike, rate, expiry.window_ns)
            if inside is None:
                return Unpriceable(reason="no_fixing", field=option.name)
            black_forward, black_strike, years, scale, settles_at = inside
            counts = 1.0 if years > 0.0 else 0.0
        if self._market.discounts:
            factor = discount(self._market, option.settle_currency, option.expiry_at, self._now)
            interest = -log(factor) / expiry.term
        else:
            factor, interest = 1.0, 0.0
        self.count += 1
        call = 1.0 if option.call else 0.0
        if option.inverse:
            unit = scale * factor / settles_at
            usd = under.index
            premium = scale * forward / settles_at
            money, dollars, moving = unit * usd, unit * forward, premium if self._coin_valued else 0.0
        else:
            unit, usd, premium = scale * factor, rate, 0.0
            money = dollars = unit * rate
            moving = 1.0 if self._coin_valued else 0.0
        self.rows.extend(
            (
                expiry.row,
                strike / forward,
                forward,
                black_forward,
                black_strike,
                counts,
                call,
                ratio,
                unit,
                money,
                dollars,
                premium,
                moving,
                interest,
            )
        )
        return usd, forward, expiry.term

    def _make(self, option: Option) -> Expiry | Unpriceable:
        """A row for an expiry that is new here."""
        now, under, expiry_at = self._now, self._under, option.expiry_at
        if expiry_at <= now:
            return Unpriceable(reason="expired", field=option.name)
        point = forward_point(under, expiry_at)
        if point is None:
            return Unpriceable(reason="no_forward", field=option.name)
        surface = under.surface
        window_ns = option.averaging_s * NS_PER_S
        smiles = None if surface is None else smiles_at(surface, expiry_at, now, window_ns)
        if surface is None or smiles is None:
            return Unpriceable(reason="no_slice", field=option.name)
        near, near_weight, far, far_weight, share, years = smiles
        forward, doubt_bps, seen_at = point
        term = (expiry_at - now) / YEAR_NS
        row = first = len(self._expiries)
        for (other_at, _), other in self._expiries.items():
            if other_at == expiry_at:
                first = other.row
                break
        rows = self.expiry_rows
        rows += (term, years, near_weight, near.a, near.b, near.rho, near.m, near.s)
        half = near.half_spread
        if far is None:
            rows += _NO_SMILE
            rows += (near.doubt_level, near.doubt_slope, near.doubt_wing, near.doubt_local)
        else:
            rows += (far_weight, far.a, far.b, far.rho, far.m, far.s)
            rows += (
                near.doubt_level + share * (far.doubt_level - near.doubt_level),
                near.doubt_slope + share * (far.doubt_slope - near.doubt_slope),
                near.doubt_wing + share * (far.doubt_wing - near.doubt_wing),
                near.doubt_local + share * (far.doubt_local - near.doubt_local),
            )
            half = half + share * (far.half_spread - half) if half and far.half_spread else 0.0
        begun = now > expiry_at - window_ns
        speed = 1.0 if surface.clock is None else _speed(surface.clock, now, expiry_at)
        decay = speed / years if years > 0.0 else 0.0
        rows += (
            half or screen_vol_half_spread(term),
            doubt_bps * BPS,
            first,
            decay * _THIRD if begun else decay,
        )
        self.seen_at.append(seen_at)
        self.oldest_at = min(self.oldest_at, surface.at, seen_at, under.index_at)
        made = Expiry(row, forward, term, window_ns if begun else 0)
        self._expiries[expiry_at, option.averaging_s] = made
        return made

    def _inside(
        self, option: Option, forward: float, strike: float, rate: float, window_ns: int
    ) -> Averaged | None:
        """The equivalent option while its settlement average is under way; None when no fixing tells of it."""
        under = self._under
        fixing: Fixing | None = None
        for one in under.fixings:
            if one.expiry_at == option.expiry_at:
                fixing = one
        clock = None if under.surface is None else under.surface.clock
        found = averaged_at(
            forward * rate, strike * rate, self._now, option.expiry_at, fixing, clock, window_ns
        )
        if found is None or rate == 1.0:
            return found
        return found._replace(
            forward=found.forward / rate, strike=found.strike / rate, settles_at=found.settles_at / rate
        )


def _speed(clock: VarianceClock, now: int, expiry_at: int) -> float:
    """How fast variance passes over the next day, or until expiry, beside plain time."""
    until = min(now + DAY_NS, expiry_at)
    return variance_years(clock, now, until) / ((until - now) / YEAR_NS)


class Smiles(NamedTuple):
    """The smiles that an expiry's variance is a weighted sum of (`far` None: one is enough), what share of the way to
    the far one it is, and the years of variance time left.
    """

    near: Smile
    near_weight: float
    far: Smile | None
    far_weight: float
    share: float
    years: float


def smiles_at(surface: Surface, expiry_at: int, now: int, window_ns: int = 0) -> Smiles | None:
    """Where the total variance of an expiry that is still to come is to be read; None without a smile that is.

    `window_ns`: the length of its settlement window, whose average has less variance; a smile's is the average's too.
    """
    clock, seen_at = surface.clock, surface.at
    near = far = None
    for smile in surface.smiles:
        if smile.expiry_at <= now or smile.expiry_at <= seen_at:
            continue
        if smile.expiry_at >= expiry_at:
            far = smile
            break
        near = smile
    if far is not None and far.expiry_at == expiry_at:
        near, far = far, None
    if near is None:
        near, far = far, None
    if near is None:
        return None
    years = averaged_years(clock, now, expiry_at, window_ns)
    near_seen = averaged_years(clock, seen_at, near.expiry_at, window_ns)
    if near_seen <= 0.0:
        return Smiles(near, 0.0, None, 0.0, 0.0, years)  # a clock that stands still: no variance
    if far is None:
        return Smiles(near, years / near_seen, None, 0.0, 0.0, years)
    near_years = averaged_years(clock, now, near.expiry_at, window_ns)
    near_weight = near_years / near_seen
    far_years = averaged_years(clock, now, far.expiry_at, window_ns)
    share = (years - near_years) / (far_years - near_years) if far_years > near_years else 0.0
    far_seen = averaged_years(clock, seen_at, far.expiry_at, window_ns)
    far_weight = share * (far_years / far_seen) if far_seen > 0.0 else 0.0
    return Smiles(near, (1.0 - share) * near_weight, far, far_weight, share, years)
