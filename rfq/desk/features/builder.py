"""The only builder of feature rows, live and in training: (request, valuation, market, what we know of the party) ->
row, in the order of `models.features.SCHEMA`.

Everything it reads is in the event or in the state, so a row can be built again from the log alone.
"""

import math
from operator import attrgetter

from models.features import FLOW, INDEX, MISSING, SCHEMA_HASH
from pricing.calendar import EventKind
from pricing.flow import Flow
from pricing.instruments import Option
from pricing.market import MarketSnapshot, Surface, UnderlyingMarket
from pricing.numeric.elementary import cos, sin
from pricing.units import DAY_NS, HOUR_NS
from pricing.valuation import Valuation
from rfq.desk import intake
from rfq.desk.card import Card
from rfq.desk.scorecards import PRIOR_WEIGHT, Scorecard
from rfq.desk.state import DeskState
from rfq.desk.turn import Turn, exact
from rfq.domain.reasons import Reason
from rfq.domain.request import Rfq, Role, Side
from rfq.domain.row import FeatureRow

_MAKER = Role.MAKER
_SECOND = 1e9
_WEEK_NS = 7 * DAY_NS
_THURSDAY_NS = 3 * DAY_NS  # 1970-01-01 was a Thursday: the week's circle begins on Monday
_SQRT_YEAR = math.sqrt(365.0)
_TURN = 2.0 * math.pi
_SIGN = {Side.BUY: 1.0, Side.SELL: -1.0, Side.TWO_WAY: 0.0}
_DEALERS_MISSING = MISSING[INDEX["dealers_asked_count"]]
_HIT_MISSING = MISSING[INDEX["hit_ratio"]]
_from_flow = attrgetter(*[column.name for column in FLOW])
_FLOW_MISSING = tuple([column.when_missing for column in FLOW])
_DUE = (EventKind.RELEASE, EventKind.FUNDING, EventKind.EXPIRY)
_DUE_MISSING = tuple([MISSING[INDEX[f"{kind.lower()}_due_s"]] for kind in _DUE])


def open_card(turn: Turn, rfq: Rfq, dealers: int = 0) -> Card | Reason:
    """A new card with its feature row, or why the request cannot be valued now. `dealers` 0 means unknown."""
    state = turn.state
    underlying = intake.underlying_of(state, rfq.ask)
    empty = Card(rfq=rfq, underlying=underlying, row=_EMPTY, fair=_ZERO, delta_usd=0.0)
    valuation = turn.valuation(empty)
    if isinstance(valuation, Reason):
        return valuation
    market = turn.stamped.market
    assert market is not None
    under = market.underlying(underlying)
    assert under is not None
    row = build(rfq, valuation, market, under, state, turn.draft.scorecard(rfq.party), turn.now, dealers)
    return Card(
        rfq=rfq,
        underlying=underlying,
        row=row,
        fair=exact(valuation.fair),
        delta_usd=valuation.delta_net_usd,
    )


def build(
    rfq: Rfq,
    valuation: Valuation,
    market: MarketSnapshot,
    under: UnderlyingMarket,
    state: DeskState,
    record: Scorecard,
    now: int,
    dealers: int,
) -> FeatureRow:
    """One row. Money in USD, volatilities as decimals a year, instants in UTC ns."""
    ask = rfq.ask
    unit = valuation.notional_usd
    notional = unit * float(ask.amount)
    held = float(state.exposures.get(under.name, 0))
    limit = float(state.policy.position_usd_max)
    gained = valuation.delta_net_usd * float(ask.amount) * _SIGN[ask.side]
    maker = rfq.role is _MAKER
    values = (
        *_request(rfq, valuation, under, state, notional, now, dealers),
        *_market(valuation, market, under, now),
        *flow_values(under.flow),
        *calendar_values(market, under.name, now),
        held / limit,
        (held - gained if maker else held + gained) / limit,
        record.hit_ratio if maker else _HIT_MISSING,
        record.markout_bps_at(1),
        record.markout_bps_at(10),
        record.markout_bps_at(60),
        record.marked / (PRIOR_WEIGHT + record.marked),
    )
    return FeatureRow(schema=SCHEMA_HASH, values=values)


def flow_values(flow: Flow) -> list[float]:
    """The columns of `models.features.FLOW`."""
    return [
        missing if value is None else value
        for value, missing in zip(_from_flow(flow), _FLOW_MISSING, strict=True)
    ]


def _request(
    rfq: Rfq,
    valuation: Valuation,
    under: UnderlyingMarket,
    state: DeskState,
    notional: float,
    now: int,
    dealers: int,
) -> tuple[float, ...]:
    """The columns of REQUEST."""
    ask = rfq.ask
    unit = valuation.notional_usd
    depth, adv, traded = under.depth_usd_10bps, under.adv_usd, under.flow.volume_usd_60s
    of_day = notional / adv if adv > 0.0 else 0.0
    legs = ask.structure.legs
    return (
        of_day,
        notional / depth if depth > 0.0 else 0.0,
        notional / traded if traded else 0.0,
        1e4 * under.sigma / _SQRT_YEAR * math.sqrt(of_day),
        _SIGN[ask.side],
        float(len(legs)),
        1.0 if any(type(state.instruments[leg.instrument]) is Option for leg in legs) else 0.0,
        valuation.delta_net_usd / unit,
        valuation.gamma_usd_per_pct / unit,
        1e4 * valuation.vega_usd_per_vol_point / unit,
        valuation.horizon_years,
        (rfq.expires_at - now) / _SECOND,
        float(dealers) if dealers else _DEALERS_MISSING,
    )


def _market(
    valuation: Valuation, market: MarketSnapshot, under: UnderlyingMarket, now: int
) -> tuple[float, ...]:
    """The columns of MARKET."""
    depth, sigma, flow = under.depth_usd_10bps, under.sigma, under.flow
    surface, short, long = under.surface, flow.realised_vol_1m, flow.realised_vol_10m
    return (
        sigma / _SQRT_YEAR,
        _ratio(short, sigma, 1.0),
        _ratio(long, sigma, 1.0),
        _ratio(short, long or 0.0, 1.0),
        _implied_term(surface),
        1.0 if surface is None else surface.vol_of_vol,
        valuation.width_bps,
        valuation.uncertainty_bps,
        1e4 * under.funding_rate_8h,
        float(under.regime),
        market.age_ms(now),
        _ratio(flow.signed_flow_usd_1s, depth, 0.0),
        _ratio(flow.signed_flow_usd_10s, depth, 0.0),
        _ratio(flow.signed_flow_usd_60s, depth, 0.0),
    )


def _ratio(part: float | None, whole: float, missing: float) -> float:
    """The ratio, or what it is when it cannot be computed."""
    return missing if part is None or not whole > 0.0 else part / whole


def _implied_term(surface: Surface | None) -> float:
    """The nearest expiry's volatility at the money / the furthest's; 1 when there are not two, an hour away or more."""
    if surface is None:
        return 1.0
    found = [one for one in surface.smiles if one.expiry_at - surface.at >= HOUR_NS]
    if len(found) < 2:
        return 1.0
    near, far = found[0], found[-1]
    near_variance, far_variance = (
        (one.a + one.b * (math.sqrt(one.m * one.m + one.s * one.s) - one.rho * one.m))
        / (one.expiry_at - surface.at)
        for one in (near, far)
    )
    return math.sqrt(near_variance / far_variance) if near_variance > 0.0 and far_variance > 0.0 else 1.0


def calendar_values(market: MarketSnapshot, underlying: str, now: int) -> tuple[float, ...]:
    """The columns of CALENDAR."""
    day = _TURN * (now % DAY_NS) / DAY_NS
    week = _TURN * ((now + _THURSDAY_NS) % _WEEK_NS) / _WEEK_NS
    known = market.calendar
    due = (
        _DUE_MISSING
        if known is None
        else [
            known.seconds_to(kind, now, underlying, most)
            for kind, most in zip(_DUE, _DUE_MISSING, strict=True)
        ]
    )
    return (sin(day), cos(day), sin(week), cos(week), *due)


_ZERO = exact(0.0)
_EMPTY = FeatureRow(schema=SCHEMA_HASH, values=MISSING)
