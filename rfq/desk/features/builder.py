"""The only builder of feature rows, live and in training: (request, valuation, market, what we know of the party) ->
row, in the order of `models.features.SCHEMA`.

Everything it reads is in the event or in the state, so a row can be built again from the log alone.
"""

import math

from models.features import MISSING, SCHEMA, SCHEMA_HASH
from pricing.instruments import Option
from pricing.market import MarketSnapshot, UnderlyingMarket
from pricing.numeric.elementary import cos, sin
from pricing.valuation import Valuation
from rfq.desk import intake
from rfq.desk.card import Card
from rfq.desk.scorecards import Scorecard
from rfq.desk.state import DeskState
from rfq.desk.turn import Turn, exact
from rfq.domain.reasons import Reason
from rfq.domain.request import Rfq, Role, Side
from rfq.domain.row import FeatureRow

_MAKER = Role.MAKER
_SECOND = 1e9
_DAY_NS = 86_400 * 1_000_000_000
_WEEK_NS = 7 * _DAY_NS
_THURSDAY_NS = 3 * _DAY_NS  # 1970-01-01 was a Thursday: the week's circle begins on Monday
_SQRT_YEAR = math.sqrt(365.0)
_TURN = 2.0 * math.pi
_SIGN = {Side.BUY: 1.0, Side.SELL: -1.0, Side.TWO_WAY: 0.0}
_DEALERS_MISSING = MISSING[[column.name for column in SCHEMA].index("dealers_asked_count")]


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
    depth, adv, sigma, flow = under.depth_usd_10bps, under.adv_usd, under.sigma, under.flow
    day = _TURN * (now % _DAY_NS) / _DAY_NS
    week = _TURN * ((now + _THURSDAY_NS) % _WEEK_NS) / _WEEK_NS
    held = float(state.exposures.get(under.name, 0))
    values = (
        notional / adv if adv > 0.0 else 0.0,
        notional / depth if depth > 0.0 else 0.0,
        _SIGN[ask.side],
        float(len(ask.structure.legs)),
        1.0 if any(type(state.instruments[leg.instrument]) is Option for leg in ask.structure.legs) else 0.0,
        valuation.delta_net_usd / unit,
        valuation.gamma_usd_per_pct / unit,
        1e4 * valuation.vega_usd_per_vol_point / unit,
        valuation.horizon_years,
        (rfq.expires_at - now) / _SECOND,
        float(dealers) if dealers else _DEALERS_MISSING,
        sigma / _SQRT_YEAR,
        flow.realised_vol_1m / sigma if sigma > 0.0 else 1.0,
        flow.realised_vol_10m / sigma if sigma > 0.0 else 1.0,
        valuation.width_bps,
        valuation.uncertainty_bps,
        1e4 * under.funding_rate_8h,
        float(under.regime),
        market.age_ms(now),
        flow.book_imbalance,
        flow.ofi_1s,
        flow.ofi_10s,
        flow.signed_flow_10s / depth if depth > 0.0 else 0.0,
        flow.signed_flow_60s / depth if depth > 0.0 else 0.0,
        flow.trades_10s,
        flow.last_large_trade_age_s,
        sin(day),
        cos(day),
        sin(week),
        cos(week),
        held / float(state.policy.position_usd_max),
        record.hit_ratio if rfq.role is _MAKER else MISSING[-2],
        record.markout_bps,
    )
    return FeatureRow(schema=SCHEMA_HASH, values=values)


_ZERO = exact(0.0)
_EMPTY = FeatureRow(schema=SCHEMA_HASH, values=MISSING)
