"""The waterfall: each step in its place, and the published numbers of the best quote."""

import math
from typing import Any

import msgspec
import pytest
from pricing_cases import CALL_60, CALL_65, ESTIMATES, PERP, PUT_60, TERMS, D, estimates, quoted, terms, worth

from pricing.estimates import markout, win_probability
from pricing.quoting import best_distance, best_distance_adverse, charged_cost_bps, skew_bps, wright_omega
from pricing.valuation import Valuation

FLAT = Valuation(
    fair=60_000.0,
    bp=6.0,
    notional_usd=1.0,
    delta_usd=1.0,
    underlying="BTC",
    width_bps=0.0,
    uncertainty_bps=0.0,
)
STEPS = ("fair", "cost", "skew", "edge", "tick")


@pytest.mark.parametrize(
    ("a", "b", "distance", "fill", "gain", "curvature"),
    [
        (0.7, 30.0, 0.0385419, 0.135140, 0.00520855, 3.032472),
        (0.7, 150.0, 0.00770838, 0.135140, 0.00104171, 15.16236),
        (-0.7, 3.1, 0.4726542, 0.317512, 0.1500735, 0.458471),
        (-1.0, 7.0, 0.2238776, 0.361896, 0.0810205, 1.031489),
    ],
)
def test_the_published_optimum(
    a: float, b: float, distance: float, fill: float, gain: float, curvature: float
) -> None:
    found = best_distance(a, b, 0.0)
    assert found == pytest.approx(distance, rel=2e-6)
    logistic = estimates(win_intercept=a, win_slope=b, markout_theta_bps=0.0)
    won = win_probability(logistic, found)
    assert won == pytest.approx(fill, rel=5e-6)
    assert won * found == pytest.approx(gain, rel=5e-6)

    def best_gain(cost: float) -> float:
        d = best_distance(a, b, cost)
        return win_probability(logistic, d) * (d - cost)

    h = 1e-3 / b
    assert (best_gain(h) - 2 * best_gain(0.0) + best_gain(-h)) / h**2 == pytest.approx(curvature, rel=1e-4)
    assert best_distance_adverse(logistic, 0.0) == pytest.approx(found, rel=1e-14)


@pytest.mark.parametrize(
    "y", [-800.0, -40.0, -29.9, -5.0, -1.0, 0.0, 0.99, 1.0, 1.01, 2.99, 3.01, 50.0, 1e4, 1e12]
)
def test_omega_solves_its_equation(y: float) -> None:
    w = wright_omega(y)
    assert w > 0.0
    if y > -700.0:
        assert w + math.log(w) == pytest.approx(y, rel=1e-13, abs=1e-13)


def test_no_adverse_selection_to_speak_of_is_the_closed_form() -> None:
    faint = estimates(markout_theta_bps=1e-13)
    assert best_distance_adverse(faint, 3.0) == pytest.approx(best_distance(-0.7, 0.8, 3.0), rel=1e-12)


def test_adverse_selection_widens() -> None:
    widths = [
        best_distance_adverse(estimates(markout_theta_bps=theta), 1.0) for theta in (0.0, 0.1, 1.0, 10.0)
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[1] < widths[3]


@pytest.mark.parametrize("cost", [-25.0, -5.0, 0.0, 2.0, 40.0])
@pytest.mark.parametrize("theta", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("beta", [0.01, 0.3, 2.0])
def test_no_distance_gains_more(cost: float, theta: float, beta: float) -> None:
    numbers = estimates(markout_theta_bps=theta, markout_beta=beta)

    def gain(d: float) -> float:
        return win_probability(numbers, d) * (d + markout(numbers, d) - cost)

    best = best_distance_adverse(numbers, cost)
    here = gain(best)
    for away in (1e-3, 0.1, 1.0, 10.0):
        assert gain(best + away) < here
        assert gain(best - away) < here


def test_an_absurd_markout_still_gives_a_number() -> None:
    numbers = estimates(markout_theta_bps=1e6, markout_beta=50.0, win_slope=0.01)
    for cost in (-1e5, -100.0, 0.0, 1e5):
        assert math.isfinite(best_distance_adverse(numbers, cost))


def test_five_steps_that_add_up() -> None:
    found = quoted(FLAT, inventory_usd=2e6)
    assert found.bid is not None and found.offer is not None
    assert tuple(line.name for line in found.bid_lines) == STEPS
    assert tuple(line.name for line in found.offer_lines) == STEPS
    assert sum((line.amount for line in found.bid_lines), D(0)) == found.bid
    assert sum((line.amount for line in found.offer_lines), D(0)) == found.offer
    assert found.bid_lines[0].amount == found.offer_lines[0].amount == found.fair == D(60_000)
    _fair, cost, skew, edge, tick = (line.amount for line in found.bid_lines)
    assert cost == D("-13.8")  # 2 bps of cost and 0.3 of fee, at 6 a bp
    assert skew == D("-12.3")  # 2 bps for what is held, 0.05 for half of what is added
    assert edge < 0 and -D("0.5") < tick <= 0
    _, cost, skew, edge, tick = (line.amount for line in found.offer_lines)
    assert (cost, skew) == (D("13.8"), D("-11.7"))
    assert edge > 0 and 0 <= tick < D("0.5")


def test_the_edge_is_the_best_distance_beyond_cost_and_skew() -> None:
    found = quoted(FLAT, amount=0.0)
    expected = best_distance_adverse(ESTIMATES, 2.3) - 2.3
    assert float(found.offer_lines[3].amount) == pytest.approx(6.0 * expected, abs=1e-3)
    held = quoted(FLAT, amount=0.0, inventory_usd=3e6)
    expected = best_distance_adverse(ESTIMATES, 2.3 - 3.0) - (2.3 - 3.0)
    assert float(held.offer_lines[3].amount) == pytest.approx(6.0 * expected, abs=1e-3)
    expected = best_distance_adverse(ESTIMATES, 2.3 + 3.0) - (2.3 + 3.0)
    assert float(held.bid_lines[3].amount) == pytest.approx(-6.0 * expected, abs=1e-3)


def test_the_policys_floors_hold() -> None:
    found = quoted(FLAT, terms=terms(edge_bps_min=50.0))
    assert found.offer_lines[3].amount == D(300)
    found = quoted(FLAT, terms=terms(half_spread_bps_min=50.0))
    assert found.offer_lines[1].amount + found.offer_lines[3].amount == D(300)
    assert found.bid_lines[1].amount + found.bid_lines[3].amount == D(-300)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 2.3),
        ({"terms": terms(cost_quantile=0.95)}, 9.3),
        ({"terms": terms(cost_weight=0.5)}, 1.3),
        ({"terms": terms(fee_bps=0.0)}, 2.0),
        ({"age_ms": 400.0}, 2.5),
        ({"age_ms": -400.0}, 2.3),
        ({"fallback": True}, 4.3),
        ({"valuation": msgspec.structs.replace(FLAT, uncertainty_bps=3.0)}, 3.8),
        ({"valuation": msgspec.structs.replace(FLAT, vega_usd_per_vol_point=-0.002)}, 4.3),
        (
            {
                "valuation": msgspec.structs.replace(FLAT, vega_usd_per_vol_point=-0.002),
                "terms": terms(vega_vol_points=0.0),
            },
            2.3,
        ),
        ({"terms": terms(cost_quantile=0.05)}, 0.0),
    ],
)
def test_what_is_charged_as_cost(changed: dict[str, Any], expected: float) -> None:
    asked: dict[str, Any] = {
        "valuation": FLAT,
        "estimates": ESTIMATES,
        "age_ms": 0.0,
        "fallback": False,
        "terms": TERMS,
    }
    assert charged_cost_bps(**{**asked, **changed}) == pytest.approx(expected)


def test_skew_leans_against_what_is_held_and_is_bounded() -> None:
    assert skew_bps(FLAT, 2e6, TERMS) == pytest.approx(-2.0)
    assert skew_bps(FLAT, -2e6, TERMS) == pytest.approx(2.0)
    assert skew_bps(FLAT, 1e9, TERMS) == -10.0
    assert skew_bps(FLAT, -1e9, TERMS) == 10.0
    put = worth((PUT_60, "1"))
    assert skew_bps(put, 2e6, TERMS) > 0.0  # a put takes from a long position
    assert skew_bps(worth((CALL_60, "1")), 2e6, TERMS) < 0.0


def test_one_side_only() -> None:
    both = quoted(FLAT)
    bid, offer = quoted(FLAT, offer=False), quoted(FLAT, bid=False)
    assert (bid.bid, bid.bid_lines, bid.offer, bid.offer_lines) == (both.bid, both.bid_lines, None, ())
    assert (offer.offer, offer.offer_lines, offer.bid, offer.bid_lines) == (
        *(both.offer, both.offer_lines),
        *(None, ()),
    )
    neither = quoted(FLAT, bid=False, offer=False)
    assert (neither.bid, neither.offer, neither.fair) == (None, None, D(60_000))


def test_one_instrument_is_never_bid_at_zero() -> None:
    cheap = msgspec.structs.replace(worth((CALL_65, "1")), fair=0.00002)
    found = quoted(cheap, amount=1.0, tick=D("0.0001"))
    assert (found.bid, found.bid_lines) == (None, ())
    assert found.offer is not None and found.offer > 0
    free = terms(**dict.fromkeys(TERMS.__struct_fields__[1:], 0.0))
    keen = estimates(win_slope=1e9, markout_theta_bps=0.0)
    below_a_tick = msgspec.structs.replace(cheap, fair=0.00005)
    found = quoted(below_a_tick, amount=1.0, tick=D("0.0001"), terms=free, estimates=keen)
    assert (found.bid, found.offer) == (None, D("0.0001"))  # rounded down to zero
    spread = msgspec.structs.replace(cheap, signed=True)
    found = quoted(spread, amount=1.0, tick=D("0.0001"))
    assert found.bid is not None and found.bid < 0
    sunk = msgspec.structs.replace(FLAT, fair=1.0, bp=6.0)
    held = quoted(sunk, inventory_usd=1e9, terms=terms(edge_bps_min=0.0, skew_bps_max=100.0))
    assert (held.bid, held.offer) == (None, None)


def test_a_pair_is_never_locked() -> None:
    free = terms(
        cost_weight=0.0, fee_bps=0.0, edge_bps_min=0.0, half_spread_bps_min=0.0, risk_aversion_bps_per_usd=0.0
    )
    keen = estimates(win_slope=1e9, markout_theta_bps=0.0)
    found = quoted(FLAT, terms=free, estimates=keen)
    assert (found.bid, found.offer) == (D(60_000), D("60000.5"))
    assert found.offer_lines[-1].amount == D("0.5")
    assert sum((line.amount for line in found.offer_lines), D(0)) == found.offer


def test_prices_are_spelled_plainly() -> None:
    found = quoted(worth((PERP, "1")), tick=D("0.50"))
    for line in (*found.bid_lines, *found.offer_lines):
        assert "E" not in str(line.amount)
        assert (
            str(line.amount) == str(line.amount.normalize()) or line.amount == line.amount.to_integral_value()
        )
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found


@pytest.mark.parametrize("field", TERMS.__struct_fields__)
@pytest.mark.parametrize("number", [-0.1, math.nan, math.inf])
def test_no_terms_without_sense(field: str, number: float) -> None:
    with pytest.raises(ValueError, match=field):
        terms(**{field: number})


def test_a_quantile_is_below_one() -> None:
    with pytest.raises(ValueError, match="cost_quantile"):
        terms(cost_quantile=1.0)
    with pytest.raises(ValueError, match="cost_quantile"):
        terms(cost_quantile=0.0)
