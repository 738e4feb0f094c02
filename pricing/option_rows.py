"""Options as rows of numbers for the structure kernel: each expiry's forward, smile and doubts once, then its strikes.

A smile's variance shrinks with the clock; between two smiles total variance runs straight in variance time at equal
ln(strike / forward), before the first and beyond the last it is in proportion to it, beyond the last no further than
its wings can grow. Expiries that have passed count no more. `pricing.surface.lookup` says the same of one strike.
"""

from typing import Final, NamedTuple

from pricing.curves import discount, forward_point
from pricing.instruments import Option, refusal
from pricing.market import Fixing, MarketSnapshot, Smile, Surface, UnderlyingMarket, VarianceClock
from pricing.numeric.elementary import INF as _INF
from pricing.numeric.elementary import log
from pricing.numeric.package import OPTION_WIDTH
from pricing.numeric.smile import total_variance
from pricing.settlement import averaged_at, averaged_years
from pricing.units import BPS, DAY_NS, NS_PER_S, YEAR_NS
from pricing.variance_clock import variance_years
from pricing.worth import Unpriceable

_NOTHING: Final = 1e-9
"""The share of a settlement average that is left when none is."""
_LEE: Final = 2.0
"""How steep a wing of total variance may be."""
_THIRD: Final = 1.0 / 3.0
_NO_SMILE: Final = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


class Expiry(NamedTuple):
    """One expiry as the legs of its options need it: place of its row, forward in their quote currency, USD for a unit
    of their price, and years left.
    """

    place: float
    forward: float
    usd: float
    term: float


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
        "expiry_rows",
        "instants",
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
        self._expiries: dict[tuple[int, int, str, str], Expiry] = {}
        self.expiry_rows: list[float] = []
        self.rows: list[float] = []
        self.oldest_at = now
        self.instants: list[int] = []
        self.seen_at: list[int] = []

    @property
    def count(self) -> int:
        """How many options there are."""
        return len(self.rows) // OPTION_WIDTH

    def add(self, option: Option, ratio: float) -> Expiry | Unpriceable:
        """Take one leg in: the expiry that it belongs to."""
        if (option.style or option.quanto is not None) and refusal(option) is not None:
            return Unpriceable(reason="not_priced", field=option.name)
        key = (option.expiry_at, option.averaging_s, option.quote_currency, option.settle_currency)
        expiry = self._expiries.get(key)
        if expiry is None:
            made = self._make(option)
            if not isinstance(made, Expiry):
                return made
            expiry = self._expiries[key] = made
        strike = float(option.strike)
        if not 0.0 < strike < _INF:  # a Decimal may be beyond floats
            return Unpriceable(reason="not_priced", field=option.name)
        self.rows += (expiry.place, strike, 1.0 if option.call else 0.0, ratio)
        return expiry

    def _make(self, option: Option) -> Expiry | Unpriceable:
        """A row for an expiry that is new here."""
        now, under, expiry_at = self._now, self._under, option.expiry_at
        if refusal(option) is not None:
            return Unpriceable(reason="not_priced", field=option.name)
        if expiry_at <= now:
            return Unpriceable(reason="expired", field=option.name)
        rate, usd = 1.0, under.index
        if not option.inverse:
            found = self._market.usd(option.quote_currency)
            if found is None:
                return Unpriceable(reason="no_rate", field=option.quote_currency)
            rate = usd = found
        point = forward_point(under, expiry_at)
        if point is None:
            return Unpriceable(reason="no_forward", field=option.name)
        surface = under.surface
        window_ns = option.averaging_s * NS_PER_S
        smiles = None if surface is None else smiles_at(surface, expiry_at, now, window_ns)
        if surface is None or smiles is None:
            return Unpriceable(reason="no_slice", field=option.name)
        forward, doubt_bps, seen_at = point
        left, known, decay = 1.0, 0.0, 1.0
        if now > expiry_at - window_ns:
            inside = self._inside(forward, expiry_at, window_ns, surface.clock)
            if inside is None:
                return Unpriceable(reason="no_fixing", field=option.name)
            left, known = inside
            decay = _THIRD
        term = (expiry_at - now) / YEAR_NS
        place = len(self.seen_at)
        instants = self.instants
        first = instants.index(expiry_at) if expiry_at in instants else place
        if surface.clock is not None:
            decay *= _speed(surface.clock, now, expiry_at)
        rows = self.expiry_rows
        rows += _smile_numbers(smiles, term)
        forward /= rate
        rows += (doubt_bps * BPS, float(first), decay * smiles.decay)
        rows += (forward, left, known / rate, *self._factor(option, term))
        rows += (usd, 1.0 if option.inverse else 0.0, 1.0 if self._coin_valued else 0.0)
        instants.append(expiry_at)
        self.seen_at.append(seen_at)
        self.oldest_at = min(self.oldest_at, surface.at, seen_at, under.index_at)
        return Expiry(float(place), forward, usd, term)

    def _factor(self, option: Option, term: float) -> tuple[float, float]:
        """Discount factor and interest a year of the currency in which an option settles."""
        if not self._market.discounts:
            return 1.0, 0.0
        factor = discount(self._market, option.settle_currency, option.expiry_at, self._now)
        return factor, -log(factor) / term

    def _inside(
        self, forward: float, expiry_at: int, window_ns: int, clock: VarianceClock | None
    ) -> tuple[float, float] | None:
        """What share of a settlement average is still to come, and the part of it that is known (in USD); None when no
        fixing tells of it.
        """
        fixing: Fixing | None = None
        for one in self._under.fixings:
            if one.expiry_at == expiry_at:
                fixing = one
        found = averaged_at(forward, forward, self._now, expiry_at, fixing, clock, window_ns)
        if found is None:
            return None
        left = found.scale if found.variance_years > 0.0 or found.scale < 1.0 else _NOTHING
        return left, found.settles_at - left * forward


def _smile_numbers(smiles: "Smiles", term: float) -> list[float]:
    """The smiles' part of an expiry's row."""
    near, far, share = smiles.near, smiles.far, smiles.share
    found = [term, smiles.years, smiles.near_weight, near.a, near.b, near.rho, near.m, near.s]
    half = near.half_spread
    if far is None:
        found += _NO_SMILE
        found += (near.doubt_level, near.doubt_slope, near.doubt_wing, near.doubt_local)
    else:
        found += (smiles.far_weight, far.a, far.b, far.rho, far.m, far.s)
        found += (
            near.doubt_level + share * (far.doubt_level - near.doubt_level),
            near.doubt_slope + share * (far.doubt_slope - near.doubt_slope),
            near.doubt_wing + share * (far.doubt_wing - near.doubt_wing),
            near.doubt_local + share * (far.doubt_local - near.doubt_local),
        )
        half = half + share * (far.half_spread - half) if half and far.half_spread else 0.0
    found.append(half or screen_vol_half_spread(term))
    return found


def _speed(clock: VarianceClock, now: int, expiry_at: int) -> float:
    """How fast variance passes over the next day, or until expiry, beside plain time."""
    until = min(now + DAY_NS, expiry_at)
    return variance_years(clock, now, until) / ((until - now) / YEAR_NS)


class Smiles(NamedTuple):
    """The smiles that an expiry's variance is a weighted sum of (`far` None: one is enough), what share of the way to
    the far one it is, the years of variance time left, and what ratio of the variance passes in one.
    """

    near: Smile
    near_weight: float
    far: Smile | None
    far_weight: float
    share: float
    years: float
    decay: float


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
    if clock is None and not window_ns and near.expiry_at == expiry_at:
        years = (expiry_at - now) / YEAR_NS
        return Smiles(
            near, years / ((near.expiry_at - seen_at) / YEAR_NS), None, 0.0, 0.0, years, 1.0 / years
        )
    years = averaged_years(clock, now, expiry_at, window_ns)
    near_seen = averaged_years(clock, seen_at, near.expiry_at, window_ns)
    # A clock that stands still from the surface to a smile leaves that smile no variance.
    weight = years / near_seen if near_seen > 0.0 else 0.0
    if far is None:
        decay = 1.0 / years if years > 0.0 else 0.0
        steepest = near.b * (1.0 + abs(near.rho))
        if near.expiry_at < expiry_at and steepest * weight > _LEE:  # beyond it, wings grow no steeper
            weight, decay = _LEE / steepest, 0.0
        return Smiles(near, weight, None, 0.0, 0.0, years, decay)
    near_years = averaged_years(clock, now, near.expiry_at, window_ns)
    near_weight = near_years / near_seen if near_seen > 0.0 else 0.0
    far_years = averaged_years(clock, now, far.expiry_at, window_ns)
    share = (years - near_years) / (far_years - near_years) if far_years > near_years else 0.0
    far_seen = averaged_years(clock, seen_at, far.expiry_at, window_ns)
    far_weight = share * (far_years / far_seen) if far_seen > 0.0 else 0.0
    near_weight *= 1.0 - share
    # Each smile loses what it has evenly over its own time, at the money here.
    near_w, far_w = _at_money(near), _at_money(far)
    lost = (1.0 - share) * near_w / near_seen if near_seen > 0.0 else 0.0
    lost += share * far_w / far_seen if far_seen > 0.0 else 0.0
    left = near_weight * near_w + far_weight * far_w
    return Smiles(near, near_weight, far, far_weight, share, years, lost / left if left > 0.0 else 0.0)


def _at_money(smile: Smile) -> float:
    return total_variance(0.0, smile.a, smile.b, smile.rho, smile.m, smile.s)
