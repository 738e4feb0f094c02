"""SVI keeps its promises for all parameters: spellings, repair, SSVI's conditions, and fits of any sound chain."""

import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from surface_cases import AT, FORWARD, price_of

from pricing.market import Smile, Surface
from pricing.surface.checks import grid, violations
from pricing.surface.fit import fit
from pricing.surface.lookup import variance_at
from pricing.surface.quotes import OptionQuote, clean
from pricing.surface.slices import Shape, rows_of
from pricing.surface.ssvi import Ssvi, no_butterfly
from pricing.surface.stdevs import implied_stdev, out_of_the_money
from pricing.surface.svi import (
    Raw,
    jump_wings_of,
    natural_of,
    raw_of_jump_wings,
    raw_of_natural,
    repaired,
)
from pricing.units import DAY_NS

RAWS = st.builds(
    lambda low, b, rho, m, s: Raw(low - b * s * math.sqrt(1.0 - rho * rho), b, rho, m, s),
    st.floats(1e-3, 0.5),
    st.floats(0.01, 0.9),
    st.floats(-0.95, 0.95),
    st.floats(-0.5, 0.5),
    st.floats(0.02, 1.0),
)


@given(RAWS)
def test_natural_parameters_and_back(raw: Raw) -> None:
    back = raw_of_natural(natural_of(raw))
    assert np.allclose(back, raw, rtol=1e-9, atol=1e-9)


@given(RAWS, st.floats(0.01, 3.0))
def test_jump_wings_and_back(raw: Raw, years: float) -> None:
    wings = jump_wings_of(raw, years)
    assume(wings.v - wings.v_min > 1e-4 * wings.v)
    back = raw_of_jump_wings(wings, years)
    for k in (-1.0, -0.1, 0.0, 0.3, 1.0):
        assert math.isclose(back.variance(k), raw.variance(k), rel_tol=1e-5)


@given(st.floats(0.01, 0.5), st.floats(-0.3, 0.3), st.floats(0.2, 1.0))
def test_the_repair_has_the_minimum_of_ssvi_and_no_more_variance_than_it_had(
    v: float, psi: float, p: float
) -> None:
    from pricing.surface.svi import JumpWings

    assume(p + 2.0 * psi > 0.05 and abs(psi) > 0.01)
    kept = repaired(JumpWings(v=v, psi=psi, p=p, c=3.0, v_min=v / 2.0))
    raw = raw_of_jump_wings(kept, 1.0)
    assert math.isclose(raw.variance(0.0), v, rel_tol=1e-9)
    assert math.isclose(raw.slope(0.0) / (2.0 * math.sqrt(v)), psi, rel_tol=1e-6)


@given(st.floats(1e-3, 1.0), st.floats(-0.9, 0.9), st.floats(0.05, 2.0), st.floats(0.05, 0.5))
def test_ssvi_within_its_conditions_has_no_butterfly(
    theta: float, rho: float, eta: float, gamma: float
) -> None:
    surface = Ssvi(rho=rho, eta=eta, gamma=gamma)
    assume(no_butterfly(theta, rho, surface.phi(theta)))
    shape = Shape(rows_of(np.array([surface.raw(theta)])), grid())
    assert shape.butterfly().min() > -1e-9


@given(
    st.floats(-0.9, 0.9),
    st.floats(0.05, 1.0),
    st.floats(0.05, 0.5),
    st.floats(1e-3, 1.0),
    st.floats(1.0, 3.0),
)
def test_free_ssvi_has_no_calendar(rho: float, eta: float, gamma: float, theta: float, growth: float) -> None:
    surface = Ssvi(rho=rho, eta=eta, gamma=gamma)
    assume(surface.is_free())
    early, late = surface.raw(theta), surface.raw(theta * growth)
    shape = Shape(rows_of(np.array([early, late])), grid())
    assert (shape.w[1] - shape.w[0]).min() > -1e-12


@given(st.floats(-1.5, 1.5), st.floats(0.01, 3.0), st.booleans())
def test_implied_deviation_of_a_price(k: float, s: float, is_call: bool) -> None:
    share = out_of_the_money(price_of(k, s * s, is_call=is_call), k, is_call)
    assume(1e-6 < share < 0.999)
    assert math.isclose(implied_stdev(share, k), s, rel_tol=1e-6)


@given(st.floats(0.1, 60.0), st.floats(0.1, 60.0), st.floats(-1.0, 1.0), st.floats(0.0, 2.0))
def test_total_variance_never_falls_with_expiry_nor_rises_with_the_clock(
    one: float, other: float, k: float, later: float
) -> None:
    truth = Ssvi(rho=-0.2, eta=0.8)
    surface = Surface(
        at=AT,
        smiles=tuple(
            [
                Smile(expiry_at=AT + round(days * DAY_NS), **truth.raw(0.3 * days / 365.0)._asdict())
                for days in (3.0, 10.0, 30.0)
            ]
        ),
    )
    near, far = sorted((AT + round(one * DAY_NS), AT + round(other * DAY_NS)))
    now = AT + round(later * DAY_NS)
    first, last = variance_at(surface, near, k, now), variance_at(surface, far, k, now)
    assert first is not None and last is not None and 0.0 <= first <= last * (1.0 + 1e-12)
    assert first <= (variance_at(surface, near, k, AT) or 0.0) * (1.0 + 1e-12)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.2, 1.5),
    st.floats(-0.5, 0.5),
    st.floats(0.3, 1.2),
    st.lists(st.floats(0.2, 300.0), min_size=1, max_size=4, unique_by=lambda days: round(math.log(days) * 2)),
    st.integers(6, 20),
    st.floats(0.005, 0.05),
)
def test_any_sound_chain_gives_a_surface_without_arbitrage_that_stays(
    vol: float, rho: float, eta: float, days: list[float], strikes: int, width: float
) -> None:
    truth = Ssvi(rho=rho, eta=eta)
    quotes = []
    for term in days:
        w = vol * vol * term / 365.0
        for place in range(strikes):
            k = math.sqrt(w) * (-2.0 + 4.0 * place / (strikes - 1))
            true = truth.variance(k, w)
            bid, ask = (
                price_of(k, true * (1.0 + side * width) ** 2, is_call=k >= 0.0) for side in (-1.0, 1.0)
            )
            quotes.append(
                OptionQuote(
                    expiry_at=AT + round(term * DAY_NS),
                    strike=FORWARD * math.exp(k),
                    is_call=k >= 0.0,
                    bid=bid,
                    ask=ask,
                    forward=FORWARD,
                    at=AT,
                )
            )
    cleaned = clean(quotes)
    found = fit(cleaned)
    assert found.surface is not None, found.reasons
    assert violations(found.surface) == ()
    assert fit(cleaned, replace(found, quotes=())).surface == found.surface
    assert all(one.distance_vol_points < 100.0 * vol * (width + 0.02) for one in found.smiles)
