"""SVI and SSVI: the published numbers to the digits printed, and the ways between the spellings."""

import math

import pytest

from pricing.numeric import smile as kernel
from pricing.surface.slices import Shape, rows_of
from pricing.surface.ssvi import Ssvi, no_butterfly, no_calendar, variance
from pricing.surface.svi import (
    JumpWings,
    Raw,
    jump_wings_of,
    natural_of,
    raw_of_jump_wings,
    raw_of_natural,
    repaired,
)

VOGT = Raw(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, s=0.4153)


def test_vogts_smile_has_a_butterfly_where_it_should() -> None:
    worst = min((VOGT.butterfly(place / 10_000), place / 10_000) for place in range(-20_000, 20_000))
    assert worst[0] == pytest.approx(-0.0328636, abs=5e-8)
    assert worst[1] == pytest.approx(0.8793, abs=1e-9)
    negative = [place / 10_000 for place in range(-20_000, 20_000) if VOGT.butterfly(place / 10_000) < 0.0]
    assert (negative[0], negative[-1]) == (0.6425, 1.2569) and len(negative) == 6_145


def test_vogts_jump_wings() -> None:
    found = jump_wings_of(VOGT, 1.0)
    assert found.v == pytest.approx(0.01742625, abs=5e-9)
    assert found.psi == pytest.approx(-0.1752111, abs=5e-8)
    assert found.p == pytest.approx(0.6997381, abs=5e-8)
    assert found.c == pytest.approx(1.316798, abs=5e-7)
    assert found.v_min == pytest.approx(0.0116249, abs=5e-8)


def test_the_repair_keeps_the_money_and_takes_the_butterfly() -> None:
    had = jump_wings_of(VOGT, 1.0)
    kept = repaired(had)
    assert (kept.v, kept.psi, kept.p) == (had.v, had.psi, had.p)
    assert kept.c == pytest.approx(had.p + 2.0 * had.psi, rel=1e-15)
    assert kept.v_min == pytest.approx(had.v * 4.0 * had.p * kept.c / (had.p + kept.c) ** 2, rel=1e-15)
    assert kept.c == pytest.approx(0.3493158, abs=5e-8)
    assert kept.v_min == pytest.approx(0.01548182, abs=5e-9)
    mended = raw_of_jump_wings(kept, 1.0)
    assert min(mended.butterfly(place / 500) for place in range(-1_000, 1_001)) > 0.0


def test_ssvis_numbers() -> None:
    surface = Ssvi(rho=-0.3, eta=1.0)
    assert surface.variance(0.0, 0.04) == pytest.approx(0.04, abs=1e-15)
    assert surface.variance(-0.2, 0.04) == pytest.approx(0.0578202, abs=5e-8)
    raw = surface.raw(0.04)
    for k in (-1.5, -0.2, 0.0, 0.4, 2.0):
        assert raw.variance(k) == pytest.approx(surface.variance(k, 0.04), rel=1e-14)
        assert variance(k, 0.04, -0.3, surface.phi(0.04)) == surface.variance(k, 0.04)


def test_ssvis_conditions() -> None:
    surface = Ssvi(rho=-0.3, eta=1.0)
    assert surface.is_free() and no_butterfly(0.04, -0.3, surface.phi(0.04))
    assert not Ssvi(rho=-0.3, eta=1.6).is_free()  # 1.6 * 1.3 > 2
    assert not no_butterfly(0.04, -0.3, 10.0)  # theta phi^2 (1 + |rho|) = 5.2
    assert no_butterfly(0.04, -0.3, 8.7) and not no_butterfly(4.0, 0.0, 1.0)
    most = (1.0 + math.sqrt(1.0 - 0.09)) * 2.0 / 0.09
    assert no_calendar(0.04, -0.3, 2.0, most * 0.999) and not no_calendar(0.04, -0.3, 2.0, most * 1.001)
    assert not no_calendar(0.04, -0.3, 2.0, -1e-9) and no_calendar(0.04, 0.0, 2.0, 1e9)


@pytest.mark.parametrize(
    ("wings", "words"),
    [
        (JumpWings(v=0.02, psi=0.0, p=1.0, c=1.0, v_min=0.03), "v_min"),
        (JumpWings(v=0.02, psi=0.9, p=1.0, c=1.0, v_min=0.01), "psi"),
        (JumpWings(v=0.02, psi=0.0, p=0.0, c=1.0, v_min=0.01), "p:"),
        (JumpWings(v=0.02, psi=0.0, p=1.0, c=1.0, v_min=0.01), "symmetric"),
        (JumpWings(v=0.02, psi=-0.2, p=1.0, c=0.5, v_min=0.02), "width"),
    ],
)
def test_jump_wings_that_are_no_smile_are_refused(wings: JumpWings, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        raw_of_jump_wings(wings, 1.0)


def test_jump_wings_with_the_bottom_at_the_money() -> None:
    raw = Raw(a=0.02, b=0.2, rho=-0.4, m=0.0, s=0.3)
    found = raw_of_jump_wings(jump_wings_of(raw, 0.5), 0.5)
    assert found == pytest.approx(raw, rel=1e-9, abs=1e-12)
    with pytest.raises(ValueError, match="years"):
        jump_wings_of(raw, 0.0)


def test_natural_and_back() -> None:
    natural = natural_of(VOGT)
    assert raw_of_natural(natural) == pytest.approx(VOGT, rel=1e-12)
    x = natural.zeta * (0.2 - natural.mu)
    root = math.sqrt((x + natural.rho) ** 2 + 1.0 - natural.rho**2)
    assert natural.shift + natural.omega / 2.0 * (1.0 + natural.rho * x + root) == pytest.approx(
        VOGT.variance(0.2)
    )


def test_kernel_and_arrays_say_the_same() -> None:
    import numpy as np

    k = np.linspace(-2.0, 2.0, 81)
    shape = Shape(rows_of(np.array([VOGT])), k)
    for place, one in enumerate(k.tolist()):
        assert shape.w[0, place] == pytest.approx(kernel.total_variance(one, *VOGT), rel=1e-12)
        assert shape.w1[0, place] == pytest.approx(kernel.slope(one, *VOGT[1:]), rel=1e-12)
        assert shape.w2[0, place] == pytest.approx(kernel.curvature(one, VOGT.b, VOGT.m, VOGT.s), rel=1e-12)
        assert shape.butterfly()[0, place] == pytest.approx(VOGT.butterfly(one), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("k", [-1.0, 0.0, 0.3586, 0.8])
def test_kernel_derivatives(k: float) -> None:
    h = 1e-5
    up, here, down = (kernel.total_variance(k + move, *VOGT) for move in (h, 0.0, -h))
    assert kernel.slope(k, *VOGT[1:]) == pytest.approx((up - down) / (2.0 * h), abs=1e-9)
    assert kernel.curvature(k, VOGT.b, VOGT.m, VOGT.s) == pytest.approx(
        (up - 2.0 * here + down) / h**2, abs=1e-4
    )


def test_z_is_clipped() -> None:
    assert kernel.clipped_z(0.1, 0.04) == pytest.approx(0.5)
    assert (kernel.clipped_z(9.0, 0.04), kernel.clipped_z(-9.0, 0.04), kernel.clipped_z(1.0, 0.0)) == (
        3.0,
        -3.0,
        0.0,
    )
