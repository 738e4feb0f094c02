"""Quoting one unit a deal: Avellaneda-Stoikov, GLFT, and Cartea-Jaimungal-Penalva, against published figures."""

import math

import numpy as np
import pytest

from pricing.control import glft
from pricing.control.avellaneda import (
    Market,
    mean_spread,
    quotes,
    reservation,
    simulate,
    spread,
    symmetric_pnl,
)
from pricing.control.positive_flow import log_flow

PATHS, STEPS = 20_000, 200
SIMULATED = [  # gamma, skewed, mean and sd of P&L, sd of inventory
    (0.1, True, 64.90, 6.55, 2.92),
    (0.1, False, 68.21, 13.27, 8.39),
    (0.01, True, 68.49, 8.96, 5.23),
    (0.01, False, 68.83, 13.88, 8.74),
    (1.0, True, 31.49, 4.83, 1.64),
    (1.0, False, 43.97, 9.61, 5.84),
]


def market(gamma: float) -> Market:
    return Market(sigma=2.0, base_rate=140.0, decay=1.5, gamma=gamma, horizon=1.0)


@pytest.mark.parametrize(("gamma", "skewed", "pnl", "pnl_sd", "inventory_sd"), SIMULATED)
def test_a_simulation_is_within_its_errors(
    gamma: float, skewed: bool, pnl: float, pnl_sd: float, inventory_sd: float
) -> None:
    """Both columns are means over 20,000 paths, so that their difference has √2 times the error of one."""
    run = simulate(market(gamma), np.random.default_rng(20080401), PATHS, STEPS, skewed=skewed)
    twice = math.sqrt(2.0 / PATHS)
    assert abs(run.pnl.mean() - pnl) < 3.0 * pnl_sd * twice
    for found, known in ((run.pnl.std(), pnl_sd), (run.inventory.std(), inventory_sd)):
        assert abs(found - known) < 3.0 * known / math.sqrt(PATHS) + 0.005
    if not skewed:
        exact = symmetric_pnl(market(gamma), STEPS)
        assert abs(run.pnl.mean() - exact) < 3.0 * pnl_sd / math.sqrt(PATHS)


def test_spreads_and_the_reservation_price() -> None:
    assert mean_spread(market(0.1)) == pytest.approx(1.49077, abs=5e-6)
    assert mean_spread(market(0.01)) == pytest.approx(1.34891, abs=5e-6)
    assert reservation(100.0, 3.0, 0.1, 2.0, 0.5) == pytest.approx(99.4)
    bid, offer = quotes(market(0.1), 100.0, 3.0, 0.5)
    assert offer - bid == pytest.approx(spread(0.1, 2.0, 1.5, 0.5))
    assert (offer + bid) / 2 == pytest.approx(99.4)
    assert spread(0.0, 2.0, 1.5, 1.0) == pytest.approx(spread(1e-9, 2.0, 1.5, 1.0))


GLFT = glft.UnitMarket(sigma=0.3, base_rate=0.9, decay=0.3, gamma=0.01, largest=30)
DISTANCES = [
    (0, 3.313045, 3.313045, 3.312915, 3.312915),
    (1, 3.381168, 3.244919, 3.380781, 3.245049),
    (5, 3.653479, 2.972522, 3.652244, 2.973586),
]


@pytest.mark.parametrize(("inventory", "bid", "offer", "near_bid", "near_offer"), DISTANCES)
def test_glft(inventory: int, bid: float, offer: float, near_bid: float, near_offer: float) -> None:
    found = glft.exact(GLFT, 600.0)
    assert round(float(found.bid[30 + inventory]), 6) == bid
    assert round(float(found.offer[30 + inventory]), 6) == offer
    assert [round(d, 6) for d in glft.asymptotic(GLFT, inventory)] == [near_bid, near_offer]


def test_glft_near_the_end_needs_no_skew() -> None:
    found = glft.exact(GLFT, 0.0)
    charge = math.log1p(0.01 / 0.3) / 0.01
    assert found.bid[:-1] == pytest.approx(np.full(60, charge))
    assert math.isinf(found.bid[-1]) and math.isinf(found.offer[0])


def test_cartea_jaimungal_penalva() -> None:
    found = glft.penalised(glft.PenaltyMarket(140.0, 1.5, 0.01, 0.001, 100), 1.0)
    assert [round(float(h), 6) for h in found.value[[100, 101, 105]]] == [68.255835, 68.250364, 68.119089]
    assert round(float(found.bid[100]), 6) == round(float(found.offer[100]), 6) == 0.672137
    assert round(float(found.bid[105]), 6) == 0.726824
    assert round(float(found.offer[105]), 6) == 0.617442


def test_the_flow_of_a_positive_matrix_against_its_eigenvectors() -> None:
    rng = np.random.default_rng(3)
    matrix = rng.random((9, 9))
    matrix = matrix + matrix.T - np.diag(4.0 * rng.random(9))
    start = rng.random(9) + 0.1
    values, vectors = np.linalg.eigh(matrix)
    known = vectors @ (np.exp(2.5 * values) * (vectors.T @ start))
    assert log_flow(matrix, start, 2.5) == pytest.approx(np.log(known), abs=1e-11)


def test_the_flow_keeps_entries_that_are_tiny_beside_the_largest() -> None:
    """Along a chain that only feeds forward, the last entry is t^n/n! of the first: here 1e-118 of it."""
    chain = np.diag(np.full(59, 1.0), -1)
    start = np.full(60, 1e-300)
    start[0] = 1.0
    assert log_flow(chain, start, 0.5)[-1] == pytest.approx(59 * math.log(0.5) - math.lgamma(60.0), rel=1e-12)


def test_the_flow_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="below zero"):
        log_flow(np.array([[0.0, -1.0], [0.0, 0.0]]), np.ones(2), 1.0)
