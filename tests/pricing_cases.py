"""A small market, its instruments and its terms: what the tests of pricing and models stand on."""

import math
from decimal import Decimal
from typing import Any

import msgspec

from pricing.estimates import DISTANCES, LEVELS, Estimates
from pricing.instruments import (
    Future,
    Instrument,
    Option,
    Perpetual,
    future_name,
    option_name,
    perpetual_name,
)
from pricing.market import (
    Book,
    Curve,
    MarketSnapshot,
    Pillar,
    Rate,
    Surface,
    UnderlyingMarket,
    one_level,
)
from pricing.quoting import QuotePrice, quote
from pricing.structures import Hedge, Leg, Structure
from pricing.surface.at_money import smile_at_money
from pricing.terms import QuoteTerms, SkewTable
from pricing.units import DAY_NS, NS_PER_S, YEAR_NS
from pricing.valuation import Unpriceable, Valuation, mark, value

D = Decimal
NOW = 1_730_000_000 * NS_PER_S
NEAR_AT = NOW + 30 * DAY_NS
FAR_AT = NOW + 90 * DAY_NS
INDEX = 60_000.0


def _terms_of_contract(inverse: bool, quoted_in_coin: bool) -> dict[str, Any]:
    """The fields that say how a BTC contract is quoted and settled."""
    if not inverse:
        return {
            "underlying": "BTC",
            "quote_currency": "USDC",
            "settle_currency": "USDC",
            "inverse": False,
            "contract_size": D("0.001"),
        }
    return {
        "underlying": "BTC",
        "quote_currency": "BTC" if quoted_in_coin else "USD",
        "settle_currency": "BTC",
        "inverse": True,
        "contract_size": D(1) if quoted_in_coin else D(10),
    }


def perpetual(inverse: bool = True) -> Perpetual:
    """The BTC perpetual."""
    fields = _terms_of_contract(inverse, quoted_in_coin=False)
    name = perpetual_name("BTC", "" if inverse else "USDC")
    return Perpetual(name=name, tick=D("0.5"), lot=D(10) if inverse else D("0.001"), **fields)


def future(expiry_at: int = NEAR_AT, inverse: bool = True) -> Future:
    """A dated BTC future."""
    fields = _terms_of_contract(inverse, quoted_in_coin=False)
    name = future_name("BTC", expiry_at, "" if inverse else "USDC")
    return Future(name=name, tick=D("2.5"), lot=D(10), expiry_at=expiry_at, **fields)


def option(strike: int, call: bool = True, expiry_at: int = NEAR_AT, inverse: bool = True) -> Option:
    """A BTC option."""
    fields = _terms_of_contract(inverse, quoted_in_coin=True)
    name = option_name("BTC", expiry_at, D(strike), call, "" if inverse else "USDC")
    tick = D("0.0001") if inverse else D(5)
    return Option(
        name=name,
        tick=tick,
        lot=D("0.1"),
        expiry_at=expiry_at,
        strike=D(strike),
        call=call,
        **fields,
    )


PERP = perpetual()
PERP_LINEAR = perpetual(inverse=False)
FUTURE = future()
FUTURE_FAR = future(FAR_AT)
CALL_60 = option(60_000)
CALL_65 = option(65_000)
PUT_60 = option(60_000, call=False)
PUT_65 = option(65_000, call=False)
CALL_60_FAR = option(60_000, expiry_at=FAR_AT)
CALL_60_LINEAR = option(60_000, inverse=False)
PUT_60_LINEAR = option(60_000, call=False, inverse=False)
CALL_65_LINEAR = option(65_000, inverse=False)

INSTRUMENTS: dict[str, Instrument] = {
    instrument.name: instrument
    for instrument in (
        *(PERP, PERP_LINEAR, FUTURE, FUTURE_FAR, CALL_60, CALL_65, PUT_60, PUT_65),
        *(CALL_60_FAR, CALL_60_LINEAR, PUT_60_LINEAR, CALL_65_LINEAR),
    )
}


SEEN_AT = NOW - 5_000_000


def book(instrument: Instrument, bid: float, offer: float) -> Book:
    """A balanced book of one level."""
    return one_level(instrument.name, SEEN_AT, bid, offer, 1.0, 1.0)


DOUBTS = (0.001, 0.0005, 0.0003, 0.0007)
SMILES = (
    smile_at_money(NEAR_AT, (NEAR_AT - SEEN_AT) / YEAR_NS, 0.55, -0.03, 0.05, doubts=DOUBTS),
    smile_at_money(FAR_AT, (FAR_AT - SEEN_AT) / YEAR_NS, 0.58, -0.02, 0.04, doubts=DOUBTS),
)


MARKET_BTC = UnderlyingMarket(
    name="BTC",
    index=INDEX,
    index_at=SEEN_AT,
    sigma=0.6,
    adv_usd=2e10,
    depth_usd_10bps=2e7,
    books=(
        book(PERP, 59_999.0, 60_001.0),
        book(PERP_LINEAR, 59_998.0, 60_002.0),
        book(FUTURE, 60_195.0, 60_205.0),
        book(FUTURE_FAR, 60_590.0, 60_610.0),
    ),
    curve=Curve(
        at=SEEN_AT,
        pillars=(
            Pillar(expiry_at=NEAR_AT, forward=60_200.0, doubt_bps=0.2),
            Pillar(expiry_at=FAR_AT, forward=60_600.0, doubt_bps=0.3),
        ),
    ),
    surface=Surface(at=SEEN_AT, smiles=SMILES, vol_of_vol=0.8),
)
RATES = (Rate(currency="USDC", usd=1.0, at=SEEN_AT),)
SNAPSHOT = MarketSnapshot(at=SEEN_AT, underlyings=(MARKET_BTC,), rates=RATES)


def market(**changed: Any) -> MarketSnapshot:
    """The snapshot with some fields of its BTC market changed."""
    under = msgspec.structs.replace(MARKET_BTC, **changed)
    return MarketSnapshot(at=SNAPSHOT.at, underlyings=(under,), rates=RATES)


def structure(*legs: tuple[Instrument, str], hedge: Hedge | None = None) -> Structure:
    """A structure from instruments and their ratios."""
    return Structure(
        legs=tuple(Leg(instrument=instrument.name, ratio=D(ratio)) for instrument, ratio in legs),
        hedges=(hedge,) if hedge else (),
    )


def worth(*legs: tuple[Instrument, str], hedge: Hedge | None = None, at: int = NOW) -> Valuation:
    """The value of a structure that can be priced; `mark` says the same to the bit."""
    asked = structure(*legs, hedge=hedge)
    found = value(asked, INSTRUMENTS, SNAPSHOT, at)
    assert isinstance(found, Valuation), found
    assert mark(asked, INSTRUMENTS, SNAPSHOT, at) == (found.fair, found.bp)
    return found


def refused(
    *legs: tuple[Instrument, str], hedge: Hedge | None = None, seen: MarketSnapshot = SNAPSHOT, at: int = NOW
) -> Unpriceable:
    """Why a structure cannot be priced; `mark` says the same."""
    asked = structure(*legs, hedge=hedge)
    found = value(asked, INSTRUMENTS, seen, at)
    assert isinstance(found, Unpriceable), found
    assert mark(asked, INSTRUMENTS, seen, at) == found
    return found


COSTS = (-8.0, -4.0, -2.0, 0.5, 2.0, 3.5, 7.0, 9.0, 14.0)


def logistic(
    intercept: float = -0.7,
    slope: float = 0.8,
    *,
    theta: float = 0.4,
    beta: float = 0.25,
    half: float = 1.0,
    costs: tuple[float, ...] = COSTS,
) -> Estimates:
    """Estimates tabulated from P(win at d bps) = 1 / (1 + exp(intercept + slope d)), markout -theta exp(-beta d)."""
    distances = [half * distance for distance in DISTANCES]
    return Estimates(
        half_spread_bps=half,
        win=tuple(1.0 / (1.0 + math.exp(intercept + slope * d)) for d in distances),
        markout_bps=tuple(-theta * math.exp(-beta * d) for d in distances),
        temporary_bps=(1.0,) * len(LEVELS),
        permanent_bps=tuple(cost - 1.0 for cost in costs),
        source="test",
    )


ESTIMATES = logistic()
TERMS = QuoteTerms(
    fee_bps=0.3,
    hedge_fee_bps=0.0,
    fee_venue="",
    fee_tier="",
    hold_hours=0.0,
    margin_ratio=0.0,
    margin_rate_yearly=0.0,
    cost_quantile=0.5,
    cost_weight=1.0,
    vega_vol_points=0.1,
    vega_power=1.0,
    vega_scale_usd=10_000.0,
    vega_wing_weight=1.0,
    uncertainty_weight=0.5,
    stale_bps_per_s=0.5,
    fallback_bps=2.0,
    risk_aversion_bps_per_usd=1e-6,
    skew_table=SkewTable(),
    skew_bps_max=10.0,
    edge_bps_min=0.1,
    vol_weight=0.0,
    half_spread_bps_min=0.2,
)


def estimates(**changed: Any) -> Estimates:
    """The test's estimates with some numbers changed."""
    return msgspec.structs.replace(ESTIMATES, **changed)


def terms(**changed: Any) -> QuoteTerms:
    """The test's terms with some numbers changed."""
    return msgspec.structs.replace(TERMS, **changed)


def quoted(valuation: Valuation, **changed: Any) -> QuotePrice:
    """A two-way price on a half-unit tick, with anything about the request changed."""
    asked: dict[str, Any] = {
        "bid": True,
        "offer": True,
        "amount": 100_000.0,
        "inventory_usd": 0.0,
        "age_ms": 0.0,
        "fallback": False,
        "terms": TERMS,
        "tick": D("0.5"),
    }
    numbers = changed.pop("estimates", ESTIMATES)
    return quote(valuation, numbers, **{**asked, **changed})
