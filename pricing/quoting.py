"""From a value to a price on the wire, in named steps that add up: fair -> cost -> skew -> edge -> tick.

All steps are bps of notional until the end. `cost` is what the hedge is expected to cost (a quantile of the
estimate), fees, the vega charge, the screen's doubt, staleness and the fallback charge. `skew` is the price
of inventory: linear in what we hold, plus half of what the trade adds, so bids fall and offers rise with
size. `edge` is what the best quote earns beyond them: with P(win at d) = 1 / (1 + exp(a + b d)) and expected
markout -theta exp(-beta d), we choose the distance d from fair that maximises P(win) * (d - theta exp(-beta
d) - cost - skew); without adverse selection it is the closed form p + (1 + W0(exp(-(1 + a + b p)))) / b. The
policy's floors hold whatever the model says. `tick` is the remainder of rounding away from the client. Lines
are whole quanta (a hundredth of a tick), so they sum exactly.
"""

import math
from decimal import Decimal
from typing import Final

from pricing.estimates import Estimates, cost_at
from pricing.fact import Fact
from pricing.units import Grid, grid, quanta_of, spell
from pricing.valuation import Valuation

_TWICE: Final = (0, 1)
_NEWTON_STEPS: Final = tuple(range(120))
_MARKOUT_SMALL_BPS: Final = 1e-12
_POWER_MAX: Final = 50.0
_STEP_SMALL_BPS: Final = 1e-6
"""Newton doubles the digits: after a step this small the next would be about its square."""

_exp = math.exp
_log = math.log


class QuoteTerms(Fact, frozen=True, kw_only=True, tag="QuoteTerms.1"):
    """What humans set about a price; nothing has a default, so that no number can change its meaning unseen.

    cost_quantile: the level in (0, 1) of estimated cost that is charged, times cost_weight.
    risk_aversion_bps_per_usd: skew in bps for each USD of delta held. skew_bps_max: its bound, either way.
    edge_bps_min: floor of edge. half_spread_bps_min: floor of cost + edge. fee_bps: charged on notional.
    vega_vol_points: volatility points charged on net vega. uncertainty_weight: how much of the doubt about
    fair is charged. stale_bps_per_s: per second of snapshot age. fallback_bps: when the model did not answer
    in time.
    """

    cost_quantile: float
    cost_weight: float
    risk_aversion_bps_per_usd: float
    skew_bps_max: float
    edge_bps_min: float
    half_spread_bps_min: float
    fee_bps: float
    vega_vol_points: float
    uncertainty_weight: float
    stale_bps_per_s: float
    fallback_bps: float

    def __post_init__(self) -> None:
        """Refuse a quantile outside (0, 1) and anything negative or not finite."""
        if not 0.0 < self.cost_quantile < 1.0:
            raise ValueError(f"cost_quantile: {self.cost_quantile} is not between 0 and 1")
        for field in self.__struct_fields__:
            if not 0.0 <= getattr(self, field) < math.inf:
                raise ValueError(f"{field}: {getattr(self, field)} is negative or not finite")


class Line(Fact, frozen=True, kw_only=True, tag="Line.1"):
    """One step of the waterfall: its name and what it adds to the price, in price units."""

    name: str
    amount: Decimal


class QuotePrice(Fact, frozen=True, kw_only=True, tag="QuotePrice.1"):
    """The wire prices with their waterfalls; a side that is not quoted is None and has no lines."""

    bid: Decimal | None = None
    offer: Decimal | None = None
    bid_lines: tuple[Line, ...] = ()
    offer_lines: tuple[Line, ...] = ()
    fair: Decimal


def wright_omega(y: float) -> float:
    """The root w > 0 of w + ln w = y: W0(e^y) without the overflow, by two quartic steps from a guess."""
    if y < -30.0:
        return _exp(y if y > -745.0 else -745.0)
    if y < 1.0:
        w = _exp(y)
        w = w / (1.0 + w) * (1.0 + 0.36 * w * w / (1.0 + w))
    else:
        w = y - _log(y) if y > 3.0 else 0.55 + 0.55 * (y - 0.2)
    for _ in _TWICE:
        rest = y - w - _log(w)
        one = 1.0 + w
        curve = 2.0 * one * (one + rest / 1.5)
        w *= 1.0 + rest / one * (curve - rest) / (curve - 2.0 * rest)
    return w


def best_distance(intercept: float, slope: float, cost_bps: float) -> float:
    """d*(p) = p + (1 + W0(e^-(1+a+bp))) / b: the best distance (bps) without adverse selection."""
    return cost_bps + (1.0 + wright_omega(-(1.0 + intercept + slope * cost_bps))) / slope


def best_distance_adverse(estimates: Estimates, cost_bps: float) -> float:
    """The best distance (bps) from fair when the expected markout depends on it too.

    The first-order condition (1 - f) b (d - p - m) = 1 + beta m, with m = theta exp(-beta d), has one root:
    the left side rises and the right side falls. It lies between `low`, the closed form for m = 0, and
    `high`, which takes m and f where they are largest; the first guess is exact to first order in m, and
    Newton's steps are kept in the bracket.
    """
    a, b = estimates.win_intercept, estimates.win_slope
    theta, beta = estimates.markout_theta_bps, estimates.markout_beta
    w = wright_omega(-(1.0 + a + b * cost_bps))
    low = cost_bps + (1.0 + w) / b
    power = -beta * low
    m = theta * _exp(power if power < _POWER_MAX else _POWER_MAX)
    if m <= _MARKOUT_SMALL_BPS:
        return low
    d = low + m * (1.0 / (1.0 + w) + beta / b)
    high = low + m * (1.0 + beta * (1.0 + w) / b)
    for _ in _NEWTON_STEPS:
        m = theta * _exp(-beta * d)
        lose = 1.0 / (1.0 + _exp(-a - b * d))
        gain = d - cost_bps - m
        miss = lose * b * gain - 1.0 - beta * m
        if miss > 0.0:
            high = d
        else:
            low = d
        step = miss / (lose * b * ((1.0 - lose) * b * gain + 1.0 + beta * m) + beta * beta * m)
        if -_STEP_SMALL_BPS <= step <= _STEP_SMALL_BPS:
            return d - step
        ahead = d - step
        d = ahead if low < ahead < high else 0.5 * (low + high)
    return d


def charged_cost_bps(
    valuation: Valuation, estimates: Estimates, age_ms: float, fallback: bool, terms: QuoteTerms
) -> float:
    """The cost step in bps of notional, the same for both sides; never below zero."""
    cost = terms.cost_weight * cost_at(estimates, terms.cost_quantile) + terms.fee_bps
    cost += terms.uncertainty_weight * valuation.uncertainty_bps
    if terms.vega_vol_points and valuation.vega_usd_per_vol_point:
        points = terms.vega_vol_points * abs(valuation.vega_usd_per_vol_point)
        cost += 1e4 * points / valuation.notional_usd
    if age_ms > 0.0:
        cost += terms.stale_bps_per_s * age_ms * 1e-3
    if fallback:
        cost += terms.fallback_bps
    return cost if cost > 0.0 else 0.0


def skew_bps(valuation: Valuation, held_usd: float, terms: QuoteTerms) -> float:
    """How far both prices move, bps, when `held_usd` of delta is held: down for a structure that adds to
    it.
    """
    skew = -terms.risk_aversion_bps_per_usd * held_usd * (valuation.delta_usd / valuation.notional_usd)
    bound = terms.skew_bps_max
    return bound if skew > bound else -bound if skew < -bound else skew


def quote(
    valuation: Valuation,
    estimates: Estimates,
    *,
    bid: bool,
    offer: bool,
    amount: float,
    inventory_usd: float,
    age_ms: float,
    fallback: bool,
    terms: QuoteTerms,
    tick: Decimal,
) -> QuotePrice:
    """The prices for `amount` units with `inventory_usd` of delta held (signed), each with its waterfall.

    A price that may not be negative (one instrument) and would not be above zero is not quoted.
    """
    lattice = grid(tick)
    fair = valuation.fair
    fair_line = Line(name="fair", amount=spell(quanta_of(fair, lattice), lattice))
    cost = charged_cost_bps(valuation, estimates, age_ms, fallback, terms)
    added = 0.5 * amount * valuation.delta_usd
    bid_steps = offer_steps = None
    if bid:
        skew = skew_bps(valuation, inventory_usd + added, terms)
        edge = _edge_bps(estimates, cost, -skew, terms)
        bid_steps = _steps(fair, -cost, skew, -edge, valuation.bp, lattice, up=False)
        if bid_steps[4] <= 0 and not valuation.signed:
            bid_steps = None
    if offer:
        skew = skew_bps(valuation, inventory_usd - added, terms)
        edge = _edge_bps(estimates, cost, skew, terms)
        offer_steps = _steps(fair, cost, skew, edge, valuation.bp, lattice, up=True)
        if offer_steps[4] <= 0 and not valuation.signed:
            offer_steps = None
    if bid_steps and offer_steps and bid_steps[4] >= offer_steps[4]:
        offer_steps = _lifted(offer_steps, bid_steps[4] + lattice.tick)
    return QuotePrice(
        bid=spell(bid_steps[4], lattice) if bid_steps else None,
        offer=spell(offer_steps[4], lattice) if offer_steps else None,
        bid_lines=_lines(fair_line, bid_steps, lattice) if bid_steps else (),
        offer_lines=_lines(fair_line, offer_steps, lattice) if offer_steps else (),
        fair=fair_line.amount,
    )


def _edge_bps(estimates: Estimates, cost: float, against: float, terms: QuoteTerms) -> float:
    """What is charged beyond cost and skew (`against` the client), bps: the best distance, or the policy's
    floors.
    """
    reserve = cost + against
    edge = best_distance_adverse(estimates, reserve) - reserve
    return max(edge, terms.edge_bps_min, terms.half_spread_bps_min - cost)


_Steps = tuple[int, int, int, int, int]


def _steps(
    fair: float, cost: float, skew: float, edge: float, bp: float, lattice: Grid, *, up: bool
) -> _Steps:
    """The cost, skew, edge and tick lines in quanta, and the wire price; steps are signed bps.

    The running price is rounded after each step and the lines are its differences, so rounding does not pile up
    and a price moves as its steps do.
    """
    running, per_unit = fair, lattice.per_unit
    at_fair = round(running * per_unit)
    running += cost * bp
    at_cost = round(running * per_unit)
    running += skew * bp
    at_skew = round(running * per_unit)
    running += edge * bp
    at_edge = round(running * per_unit)
    tick = lattice.tick
    wire = -(-at_edge // tick) * tick if up else at_edge // tick * tick
    return at_cost - at_fair, at_skew - at_cost, at_edge - at_skew, wire - at_edge, wire


def _lifted(steps: _Steps, wire: int) -> _Steps:
    """The same offer at another wire price, the difference in its tick line; keeps a locked pair from the
    wire.
    """
    return steps[0], steps[1], steps[2], steps[3] + wire - steps[4], wire


def _lines(fair_line: Line, steps: _Steps, lattice: Grid) -> tuple[Line, ...]:
    """The five named lines of one side."""
    return (
        fair_line,
        Line(name="cost", amount=spell(steps[0], lattice)),
        Line(name="skew", amount=spell(steps[1], lattice)),
        Line(name="edge", amount=spell(steps[2], lattice)),
        Line(name="tick", amount=spell(steps[3], lattice)),
    )
