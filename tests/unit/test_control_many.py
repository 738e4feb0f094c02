"""Several assets and currencies, last look, win scores and uneven liquidity: published figures and equations."""

import math

import numpy as np
import pytest

from pricing.control import fair_transfer, last_look, riccati, win_score
from pricing.control.demand import Logistic
from pricing.control.ladder import Rung, ladder, quadratic
from pricing.control.multi_currency import Currencies, Pair, covariance, hedge_rate, markup, solve, sums

BP = 1e-4
SIZES = (1.0, 5.0, 10.0, 20.0, 50.0)


def pair(
    first: int,
    second: int,
    rates: tuple[float, ...],
    a: tuple[float, float],
    b: tuple[float, float],
    cost: float,
) -> Pair:
    """`cost` is ψ in bp; η does not matter where nothing is hedged, and is EURUSD's."""
    tiers = tuple(Logistic(x, y / BP) for x, y in zip(a, b, strict=True))
    return Pair(first, second, SIZES, rates, tiers, cost * BP, 1e-5 * BP)


EURUSD = pair(1, 0, (900, 540, 234, 90, 36), (-1.9, -0.3), (11, 3.5), 0.1)
GBPUSD = pair(2, 0, (600, 200, 150, 40, 10), (-1.4, 0.0), (5.5, 2.0), 0.15)
EURGBP = pair(1, 2, (400, 50, 25, 20, 5), (-0.5, 0.5), (3.5, 2.5), 0.25)
TWO = Currencies(covariance((0.0, 80 * BP), np.eye(2).tolist()), 20.0, (EURUSD,), (0.0, 0.005 * BP))


def test_two_currencies() -> None:
    value = solve(TWO, 0.05)
    assert f"{value.risk[1, 1]:.6e}" == "9.378559e-07"
    assert np.abs(value.risk[0]).max() == 0.0
    quoted = {
        (tier, size): markup(value, EURUSD, tier, size, (0.0, 0.0), receive_first=True) / BP
        for tier, size in ((0, 1.0), (1, 1.0), (0, 5.0), (0, 10.0), (0, 20.0), (0, 50.0))
    }
    assert [round(d, 6) for d in quoted.values()] == [
        0.182200,
        0.392670,
        0.202978,
        0.232039,
        0.300721,
        0.561105,
    ]
    long = (0.0, 10.0)
    assert round(markup(value, EURUSD, 0, 1.0, long, receive_first=True) / BP, 6) == 0.308317
    assert round(markup(value, EURUSD, 0, 1.0, long, receive_first=False) / BP, 6) == 0.104746
    assert round(hedge_rate(TWO, value, EURUSD, long), 3) == -1878.606
    assert hedge_rate(TWO, value, EURUSD, (0.0, 0.1)) == 0.0


def test_three_currencies_with_the_flow_of_the_paper() -> None:
    correlations = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.6], [0.0, 0.6, 1.0]]
    desk = Currencies(
        covariance((0.0, 80 * BP, 70 * BP), correlations),
        20.0,
        (EURUSD, GBPUSD, EURGBP),
        (0.0, 0.005 * BP, 0.007 * BP),
    )
    value = solve(desk, 0.05)
    assert [f"{a:.6e}" for a in (value.risk[1, 1], value.risk[1, 2], value.risk[2, 2])] == [
        "9.068326e-07",
        "3.966658e-07",
        "1.343603e-06",
    ]
    assert hedge_rate(desk, value, EURUSD, (0.0, 10.0, 0.0)) == pytest.approx(-1568.372, abs=1e-3)


def test_unequal_flow_in_a_pair_tilts_its_quotes() -> None:
    more = TWO._replace(pairs=(EURUSD._replace(rates_back=tuple(0.5 * rate for rate in EURUSD.rates)),))
    value = solve(more, 0.05)
    assert sums(more).slope[0, 1] == pytest.approx(0.5 * sums(more).slope[1, 0])
    bid, offer = (markup(value, EURUSD, 0, 1.0, (0.0, 0.0), receive_first=side) for side in (True, False))
    assert bid > offer


COVARIANCE = np.array([[1.44, 1.1], [1.1, 1.2]])


def rungs(rate: float, *, more: float = 0.0) -> tuple[Rung, ...]:
    return tuple(Rung(z, rate + more, rate, Logistic(0.7, 3.0)) for z in (1.0, 2.0))


def test_two_assets_far_from_the_end() -> None:
    demand = riccati.flow([rungs(30.0), rungs(12.0)])
    risk = riccati.stationary(COVARIANCE, 0.05, demand.turn)
    assert 2.0 * risk @ np.diag(demand.turn) @ risk == pytest.approx(0.5 * 0.05 * COVARIANCE, rel=1e-10)
    assert riccati.before_end(COVARIANCE, 0.05, demand.turn, 50.0) == pytest.approx(risk, rel=1e-10)
    near = riccati.solve(demand, COVARIANCE, 0.05, 0.2)
    assert near.risk == pytest.approx(riccati.before_end(COVARIANCE, 0.05, demand.turn, 0.2), rel=1e-8)
    assert near.tilt == pytest.approx(np.zeros(2), abs=1e-15)


def test_one_asset_is_the_ladders_closed_form() -> None:
    one = ladder((1, 2), (30, 30), Logistic(0.7, 3.0), sigma=1.2, gamma=0.05, limit=10)
    risk = riccati.stationary(np.array([[1.44]]), 0.05, riccati.flow([one.rungs]).turn)
    assert float(risk[0, 0]) == pytest.approx(quadratic(one).risk, rel=1e-12)


def test_a_long_position_in_one_asset_leans_the_quotes_of_the_other() -> None:
    demand = riccati.flow([rungs(30.0), rungs(12.0)])
    value = riccati.solve(demand, COVARIANCE, 0.05, 20.0)
    size = rungs(12.0)[0]
    flat, long = (riccati.distances(value, 1, size, (q, 0.0)) for q in (0.0, 5.0))
    assert flat[0] == pytest.approx(flat[1])
    assert long[0] > flat[0] and long[1] < flat[1]


def test_more_sellers_and_a_rising_price_tilt_as_they_should() -> None:
    demand = riccati.flow([rungs(30.0, more=10.0)])
    crowded = riccati.solve(demand, COVARIANCE[:1, :1], 0.05, 20.0)
    bid, offer = riccati.distances(crowded, 0, rungs(30.0)[0], (0.0,))
    assert bid > offer
    even = riccati.flow([rungs(30.0)])
    rising = riccati.solve(even, COVARIANCE[:1, :1], 0.05, 20.0, drift=np.array([0.5]))
    bid, offer = riccati.distances(rising, 0, rungs(30.0)[0], (0.0,))
    assert bid < offer
    held = riccati.solve(even, COVARIANCE[:1, :1], 0.05, 0.0, final=np.array([[0.3]]))
    assert float(held.risk[0, 0]) == 0.3


def test_what_is_no_covariance_is_refused() -> None:
    with pytest.raises(ValueError, match="semi-definite"):
        riccati.stationary(np.array([[1.0, 2.0], [2.0, 1.0]]), 1.0, np.ones(2))
    with pytest.raises(ValueError, match="respond"):
        riccati.stationary(np.eye(2), 1.0, np.zeros(2))


STEPS = [
    last_look.Step(*row)
    for row in ((1, 2000, 3.0), (2, 800, 2.5), (5, 600, 2.0), (10, 400, 1.5), (20, 100, 1.0))
]
LOOKS = [  # seconds, distances, rejected, A, top of book
    (0.0, (0.43333, 0.5, 0.6, 0.76667, 1.1), (0.0,) * 5, 0.0132185, 0.89310),
    (0.1, (0.43298, 0.49996, 0.6, 0.76667, 1.1), (0.00098, 0.0001, 0.0, 0.0, 0.0), 0.0132184, 0.89239),
    (
        0.5,
        (0.37674, 0.46827, 0.58741, 0.76455, 1.09998),
        (0.12499, 0.0629, 0.02138, 0.00287, 0.00002),
        0.0131416,
        0.77977,
    ),
]


@pytest.mark.parametrize(("latency", "distances", "rejected", "risk", "top"), LOOKS)
def test_last_look(
    latency: float, distances: tuple[float, ...], rejected: tuple[float, ...], risk: float, top: float
) -> None:
    found = last_look.look(STEPS, sigma=100.0, gamma=1e-3, toxicity=0.1, latency=latency)
    assert [round(d, 5) for d in found.distances] == list(distances)
    assert [round(p, 5) for p in found.rejected] == list(rejected)
    assert round(found.risk, 7) == risk
    assert round(found.top_of_book, 5) == top


def test_the_margin_under_last_look_is_the_best_one() -> None:
    for noise, decay in ((0.02, 3.0), (0.24, 3.0), (5.0, 3.0)):
        m = last_look.best_margin(noise, decay)
        earned = [
            math.exp(-decay * noise * (x - m)) * last_look.worth(noise * x, noise)
            for x in (m - 1e-3, m, m + 1e-3)
        ]
        assert earned[1] > max(earned[0], earned[2])


def test_last_look_leans_with_inventory_and_rejects_the_same_share() -> None:
    found = last_look.look(STEPS, sigma=100.0, gamma=1e-3, toxicity=0.1, latency=0.5)
    bid, offer = last_look.quotes(found, STEPS, 10.0)
    assert bid[0] - offer[0] == pytest.approx(4.0 * found.risk * 10.0)
    cost = found.risk * (1.0 + 20.0)
    assert last_look.threshold(bid[0], 0.1, cost) == pytest.approx(found.distances[0] - 0.1)


TIERS = [
    win_score.Tier(*row)
    for row in ((1, 0, 1000, 5.0, 0.3), (2, 0, 800, 4.5, 0.4), (5, 0, 600, 4.0, 0.5), (10, 50, 400, 3.5, 0.6))
]
GATE = win_score.Gate(low=0.2, rise=0.8, middle=0.6, steepness=40.0, memory=0.01)


def test_win_score_myopic() -> None:
    found = win_score.myopic(TIERS, 0.2)
    assert [round(d, 5) for d in found.distances] == [0.48093, 0.54038, 0.61061, 0.69245]
    assert [round(p, 5) for p in found.won] == [0.28809, 0.34713, 0.39116, 0.41981]
    assert [round(bend, 5) for bend in found.response] == [0.73004, 0.33291, 0.11600, 0.04946]
    assert round(found.turn, 2) == 5513.77
    assert win_score.inventory_risk(100.0, 1e-3, found.turn) == pytest.approx(
        math.sqrt(10.0 / (2 * 5513.774))
    )


def test_the_gate_and_the_score() -> None:
    assert win_score.opened(GATE, 0.6) == pytest.approx(0.6)
    assert win_score.opened(GATE, 1.0) == pytest.approx(1.0, abs=1e-6)
    assert win_score.scored(GATE, 0.5, True) == pytest.approx(0.505)


def test_a_rich_enough_tier_makes_two_ways_of_quoting_best_near_themselves() -> None:
    poor = win_score.ways(TIERS, GATE, 0.2)
    assert [round(way.nearer, 2) for way in poor] == [0.0]
    campaign, harvest = win_score.ways([tier._replace(rate_a=40 * tier.rate_a) for tier in TIERS], GATE, 0.2)
    assert campaign.score > 0.6 > harvest.score
    assert campaign.earned > harvest.earned


def requests(drift: float = 0.01) -> fair_transfer.Requests:
    states = fair_transfer.four_states(low=10.0, high=60.0, up=2.0, down=3.0)
    return fair_transfer.Requests(states, (1.0, 2.0), (0.6, 0.4), Logistic(-0.7, 3.1), 0.5, 0.01, drift)


def test_the_fair_transfer_price_follows_the_busier_side() -> None:
    problem = requests(drift=0.0)
    found = fair_transfer.solve(problem, 20.0)
    quiet, buyers, sellers, busy = (fair_transfer.fair_transfer(problem, found, state) for state in range(4))
    assert quiet == pytest.approx(0.0, abs=1e-12) and busy == pytest.approx(0.0, abs=1e-12)
    assert buyers == pytest.approx(-sellers)
    assert buyers > 0.0
    moving = fair_transfer.solve(requests(), 20.0)
    assert fair_transfer.fair_transfer(requests(), moving, 1) > buyers


def test_the_micro_price_is_the_drift_that_is_still_to_come() -> None:
    """A side forgets at the rate up + down = 5: an imbalance of 50 moves the mid by 0.01 · 50/5."""
    assert fair_transfer.micro_price(requests()) == pytest.approx([0.0, 0.1, -0.1, 0.0], abs=1e-12)
    generator = requests().states.generator
    share = fair_transfer.stationary(generator)
    assert share @ generator == pytest.approx(np.zeros(4), abs=1e-12)
    assert share @ fair_transfer.deviation(generator) == pytest.approx(np.zeros(4), abs=1e-12)
    assert fair_transfer.half_life(generator) == pytest.approx(math.log(2.0) / 5.0)


def test_one_state_is_the_ladders_quadratic_value() -> None:
    states = fair_transfer.States(np.array([30.0]), np.array([30.0]), np.zeros((1, 1)))
    problem = fair_transfer.Requests(states, (1.0,), (1.0,), Logistic(0.7, 3.0), 1.2, 0.05, 0.0)
    found = fair_transfer.solve(problem, 15.0)
    one = ladder((1,), (30,), Logistic(0.7, 3.0), sigma=1.2, gamma=0.05, limit=10)
    assert float(found.risk[0]) == pytest.approx(quadratic(one).risk, rel=1e-9)
    at_rest = 2.0 * 30.0 * float(Logistic(0.7, 3.0).best(float(found.risk[0])).value)
    later = fair_transfer.solve(problem, 16.0)
    assert float(found.level[0] - later.level[0]) == pytest.approx(at_rest, rel=1e-2)


def test_uneven_liquidity_against_a_grid() -> None:
    """The exact value on inventories −30 … 30 in all four states: its quotes without inventory are the expansion's."""
    states = fair_transfer.four_states(low=10.0, high=40.0, up=2.0, down=3.0)
    problem = fair_transfer.Requests(states, (1.0,), (1.0,), Logistic(-0.7, 3.1), 0.3, 0.002, 0.002)
    q, horizon, steps = np.arange(-30.0, 31.0), 1.0, 1000
    imbalance = states.offer_rates - states.bid_rates
    running = 0.002 * np.outer(imbalance, q) - 0.5 * 0.002 * 0.09 * q**2
    value = np.zeros((4, 61))
    for _ in range(steps):
        change = running + states.generator @ value
        gap = value[:, :-1] - value[:, 1:]
        change[:, :-1] += states.bid_rates[:, None] * problem.demand.best(gap).value
        change[:, 1:] += states.offer_rates[:, None] * problem.demand.best(-gap).value
        value = value + horizon / steps * change
    found = fair_transfer.solve(problem, horizon)
    for state in range(4):
        gap = value[state, 29:31] - value[state, 30:32]
        offer, bid = problem.demand.best(np.array([-gap[0], gap[1]])).distance
        known = fair_transfer.distances(problem, found, state, 1.0, 0.0)
        assert known == pytest.approx((bid, offer), abs=2e-4)
    assert abs(fair_transfer.fair_transfer(problem, found, 1)) > 0.005
    assert -found.level == pytest.approx(value[:, 30], rel=2e-3)
