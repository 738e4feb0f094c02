"""Laws of `value`: parity, boxes, bounds, slopes, sums, expiry."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pricing_cases import (
    FAR_AT,
    MARKET_BTC,
    NEAR_AT,
    NOW,
    RATES,
    D,
    option,
    structure,
)
from value_cases import EXPIRIES, GREEKS, INVERSE, STRIKES, discounted, markets, moved, pair, valued

from pricing.market import (
    MarketSnapshot,
    Surface,
    VarianceClock,
)
from pricing.surface.lookup import vol_at
from pricing.units import DAY_NS, NS_PER_S, YEAR_NS
from pricing.valuation import Valuation, value
from pricing.variance_clock import weekend_weights


@given(markets(), STRIKES, EXPIRIES, INVERSE)
def test_put_call_parity(seen: MarketSnapshot, strike: int, expiry_at: int, inverse: bool) -> None:
    call, put = pair(strike, expiry_at, inverse)
    found = valued(seen, (call, "1"), (put, "-1"))
    forward, factor = found.legs[0].forward, discounted(seen, expiry_at)
    gain = factor * (1.0 - strike / forward if inverse else forward - strike)
    size = 1.0 + strike / forward if inverse else forward + strike
    assert found.fair == pytest.approx(gain, abs=1e-13 * size)
    assert found.delta_net_usd == pytest.approx(factor * (strike if inverse else forward), rel=1e-11)
    assert found.vega_usd_per_vol_point == 0.0
    assert found.gamma_usd_per_pct == 0.0
    assert found.width_bps == 0.0


@given(markets(), STRIKES, STRIKES, EXPIRIES, INVERSE)
def test_a_box(seen: MarketSnapshot, low: int, high: int, expiry_at: int, inverse: bool) -> None:
    if low == high:
        high += 100
    (call, put), (call_high, put_high) = pair(low, expiry_at, inverse), pair(high, expiry_at, inverse)
    found = valued(seen, (call, "1"), (put, "-1"), (call_high, "-1"), (put_high, "1"))
    forward, factor = found.legs[0].forward, discounted(seen, expiry_at)
    worth = (high - low) * factor
    room = 1e-12 * (forward + low + high)
    if inverse:
        assert found.fair == pytest.approx(worth / forward, abs=room / forward)
        assert found.delta_net_usd == pytest.approx(-found.fair * forward, abs=room)
    else:
        assert found.fair == pytest.approx(worth, abs=room)
        assert found.delta_net_usd == pytest.approx(0.0, abs=room)
    for name in ("vega_usd_per_vol_point", "gamma_usd_per_pct", "width_bps"):
        assert getattr(found, name) == 0.0


@given(
    markets(),
    st.lists(
        st.tuples(STRIKES, EXPIRIES, st.booleans(), st.integers(-4, 4).filter(bool)), min_size=1, max_size=6
    ),
    INVERSE,
    st.sampled_from(("", "USD", "BTC", "USDC")),
)
def test_the_legs_add_up(
    seen: MarketSnapshot, drawn: list[tuple[int, int, bool, int]], inverse: bool, currency: str
) -> None:
    options = {option(k, call, at, inverse): ratio for k, at, call, ratio in drawn}
    legs = [(one, str(ratio)) for one, ratio in options.items()]
    whole = valued(seen, *legs, currency=currency)
    total = 0.0
    for leg in whole.legs:
        total += leg.worth
    assert whole.fair == total
    for name in GREEKS:
        for parts in (
            [getattr(leg, name) for leg in whole.legs],
            [getattr(one, name) for one in whole.buckets],
        ):
            size = math.fsum(map(abs, [getattr(leg, name) for leg in whole.legs]))
            assert getattr(whole, name) == pytest.approx(math.fsum(parts), abs=1e-12 * size)
    alone = [valued(seen, (leg, ratio), currency=currency) for leg, ratio in legs]
    assert whole.fair == pytest.approx(
        math.fsum([one.fair for one in alone]), abs=1e-12 * math.fsum([abs(one.fair) for one in alone])
    )
    assert whole.bp == max(one.bp for one in alone)
    apart = math.fsum([one.uncertainty_bps * one.notional_usd for one in alone])
    assert 0.0 <= whole.uncertainty_bps * whole.notional_usd <= apart * (1 + 1e-9)


@given(markets(), STRIKES, EXPIRIES, INVERSE, st.booleans())
def test_bounds(seen: MarketSnapshot, strike: int, expiry_at: int, inverse: bool, call: bool) -> None:
    found = valued(seen, (option(strike, call, expiry_at, inverse), "1"))
    forward, factor = found.legs[0].forward, discounted(seen, expiry_at)
    unit = factor / forward if inverse else factor
    gain = max(forward - strike if call else strike - forward, 0.0)
    top = forward if call else float(strike)
    assert unit * gain * (1 - 1e-14) <= found.fair <= unit * top * (1 + 1e-14)
    assert found.vega_usd_per_vol_point >= 0.0
    assert found.gamma_usd_per_pct >= 0.0
    assert found.uncertainty_bps >= 0.0


@given(markets(), STRIKES, EXPIRIES, st.integers(1, 9), st.booleans())
def test_a_higher_strike_or_a_later_instant(
    seen: MarketSnapshot, strike: int, expiry_at: int, days: int, inverse: bool
) -> None:
    call, put = pair(strike, expiry_at, inverse)
    assert valued(seen, (call, "1")).fair >= 0.0
    under = seen.underlyings[0]
    assert under.surface is not None
    flat = tuple(
        msgspec.structs.replace(one, b=0.0, a=0.3 * (one.expiry_at - NOW) / YEAR_NS)
        for one in under.surface.smiles
    )
    surface = Surface(at=NOW, smiles=flat)
    changed = msgspec.structs.replace(
        seen, underlyings=(msgspec.structs.replace(under, surface=surface),), discounts=()
    )
    up = option(strike + 100, True, expiry_at, inverse)
    assert valued(changed, (up, "1")).fair <= valued(changed, (call, "1")).fair
    if expiry_at - NOW > days * DAY_NS:
        for one in (call, put):
            later = valued(changed, (one, "1"), at=NOW + days * DAY_NS).fair
            assert later <= valued(changed, (one, "1")).fair


@given(markets(), STRIKES, st.sampled_from((NEAR_AT, FAR_AT)), INVERSE, st.sampled_from((2.0, 0.25, 8.0)))
def test_homogeneity(seen: MarketSnapshot, strike: int, expiry_at: int, inverse: bool, scale: float) -> None:
    """All prices times a power of two: a coin price does not change, a linear one is as many times as much."""
    under = seen.underlyings[0]
    assert under.curve is not None
    pillars = tuple(msgspec.structs.replace(one, forward=one.forward * scale) for one in under.curve.pillars)
    changed = msgspec.structs.replace(
        under, index=under.index * scale, curve=msgspec.structs.replace(under.curve, pillars=pillars)
    )
    bigger = msgspec.structs.replace(seen, underlyings=(changed,))
    here = valued(seen, (option(strike, True, expiry_at, inverse), "1"))
    other = msgspec.structs.replace(
        option(strike, True, expiry_at, inverse), name="x", strike=D(strike) * D(scale)
    )
    there = valued(bigger, (other, "1"))
    assert there.fair == here.fair * (1.0 if inverse else scale)
    assert there.uncertainty_bps == here.uncertainty_bps
    for name in GREEKS[:4]:
        expected = getattr(here, name) * scale
        assert getattr(there, name) == pytest.approx(expected, rel=1e-15, abs=1e-280), name


@given(markets(), st.floats(0.7, 1.4), st.sampled_from((NEAR_AT, FAR_AT)), INVERSE, st.booleans())
def test_greeks_are_slopes(
    seen: MarketSnapshot, ratio: float, expiry_at: int, inverse: bool, call: bool
) -> None:
    under = seen.underlyings[0]
    strike = round(under.index * ratio / 100) * 100
    leg = option(strike, call, expiry_at, inverse)
    here = valued(seen, (leg, "1"))
    step = 1e-4
    up, down = (valued(moved(seen, 1.0 + one), (leg, "1")) for one in (step, -step))
    usd = under.index if inverse else 1.0
    size = under.index
    forward = here.legs[0].forward
    slope = (up.fair - down.fair) / (2 * step) * (forward if inverse else 1.0)
    assert slope == pytest.approx(here.delta_net_usd, abs=1e-6 * size)
    change = (up.legs[0].delta_forward_coin - down.legs[0].delta_forward_coin) / (2 * step) * 0.01 * forward
    assert change * discounted(seen, expiry_at) == pytest.approx(here.gamma_usd_per_pct, abs=1e-5 * size)

    surface = under.surface
    assert surface is not None

    def shifted(points: float) -> Valuation:
        """Vols of one strike moved by so many points: its variance scaled."""
        scale = ((here.legs[0].vol + 0.01 * points) / here.legs[0].vol) ** 2
        smiles = tuple(
            msgspec.structs.replace(one, a=one.a * scale, b=one.b * scale) for one in surface.smiles
        )
        changed = msgspec.structs.replace(surface, smiles=smiles)
        return valued(
            msgspec.structs.replace(seen, underlyings=(msgspec.structs.replace(under, surface=changed),)),
            (leg, "1"),
        )

    more, less = shifted(0.01), shifted(-0.01)
    vega = (more.fair - less.fair) / 0.02 * usd
    assert vega == pytest.approx(here.vega_usd_per_vol_point, abs=1e-6 * size)
    vanna = (more.delta_net_usd - less.delta_net_usd) / 0.02
    assert vanna == pytest.approx(here.vanna_usd_per_vol_point, abs=1e-4 * size)
    volga = (more.vega_usd_per_vol_point - less.vega_usd_per_vol_point) / 0.02
    assert volga == pytest.approx(here.volga_usd_per_vol_point_squared, abs=1e-5 * size)
    minute = 60 * NS_PER_S
    later, sooner = (valued(seen, (leg, "1"), at=NOW + one) for one in (minute, -minute))
    theta = (later.fair - sooner.fair) / (2 * minute / DAY_NS) * usd
    assert theta == pytest.approx(here.theta_usd_per_calendar_day, abs=1e-5 * size)


@given(EXPIRIES, STRIKES, INVERSE, st.integers(0, 10**18))
def test_at_and_after_expiry_it_is_settled_not_priced(
    expiry_at: int, strike: int, inverse: bool, late: int
) -> None:
    leg = option(strike, True, expiry_at, inverse)
    seen = MarketSnapshot(at=NOW, underlyings=(MARKET_BTC,), rates=RATES)
    found = value(structure((leg, "1")), {leg.name: leg}, seen, expiry_at + late)
    assert not isinstance(found, Valuation)
    assert (found.reason, found.field) == ("expired", leg.name)


@given(
    markets(),
    STRIKES,
    st.integers(1, 4_000),
    st.integers(0, 40),
    st.sampled_from((0, 1800)),
    st.sampled_from((None, VarianceClock(weights=weekend_weights(0.4)))),
)
def test_a_package_and_a_look_up_read_one_surface(
    seen: MarketSnapshot, strike: int, days: int, later: int, averaging_s: int, clock: VarianceClock | None
) -> None:
    under = seen.underlyings[0]
    assert under.surface is not None
    surface = msgspec.structs.replace(under.surface, clock=clock)
    under = msgspec.structs.replace(under, surface=surface)
    now = NOW + later * DAY_NS
    leg = msgspec.structs.replace(option(strike, expiry_at=now + days * DAY_NS), averaging_s=averaging_s)
    found = valued(msgspec.structs.replace(seen, underlyings=(under,), discounts=()), (leg, "1"), at=now)
    expected = vol_at(under, leg.expiry_at, strike, now, averaging_s * NS_PER_S)
    assert found.legs[0].vol == pytest.approx(expected, rel=1e-12)
