"""Clocks of recordings: what was planted in the stamps is found, in spite of delays and single wrong stamps."""

import numpy as np
import pytest
from numpy.typing import NDArray

from rfq.feeds.tables.alignment import measure

AT = 1_723_161_600_000_000_000
COUNT = 6_000


def _stamps(
    ahead_ms: float = 0.0, ppm: float = 0.0, jump_ms: float = 0.0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ten minutes of messages with delays of 3 ms and up, seen by a receiver whose clock is so far ahead."""
    rng = np.random.default_rng(7)
    sent = np.sort(rng.integers(0, 600 * 10**9, COUNT))
    delay = (3.0 + rng.exponential(2.0, COUNT)) * 1e6
    clock = ahead_ms * 1e6 + sent * ppm * 1e-6 + np.where(sent > 300 * 10**9, jump_ms * 1e6, 0.0)
    received = AT + sent + (delay + clock).astype(np.int64)
    order = np.argsort(received, kind="stable")
    return received[order], ((AT + sent) // 1_000_000)[order]


@pytest.mark.parametrize("ahead_ms", [-1_270.0, -20.0, 0.0, 500.0])
def test_the_offset_is_found(ahead_ms: float) -> None:
    found = measure(*_stamps(ahead_ms))
    assert found.receiver_behind_ms == pytest.approx(-ahead_ms - 3.0, abs=1.0)
    assert ("behind the exchange" in found.words) is (ahead_ms < -3.0)
    assert found.delay_p50_ms == pytest.approx(2.0 * np.log(2) + 0.5, abs=0.6)
    assert found.step_ms is None and found.stamps == COUNT


@pytest.mark.parametrize("ppm", [-40.0, 0.0, 25.0])
def test_the_drift_is_found(ppm: float) -> None:
    drift = measure(*_stamps(-1_000.0, ppm)).drift_ppm
    assert drift is not None and drift == pytest.approx(ppm, abs=2.0)


def test_a_jump_is_found() -> None:
    found = measure(*_stamps(jump_ms=-200.0))
    assert found.step_ms == pytest.approx(-200.0, abs=3.0) and "jumps" in found.words


def test_single_wrong_stamps_do_not_move_it() -> None:
    received, exchange = _stamps(-100.0)
    exchange = exchange.copy()
    exchange[[100, 3_000, 5_500]] += 3_600_000
    exchange[[200, 4_000]] -= 3_600_000
    found = measure(received, exchange)
    assert found.receiver_behind_ms == pytest.approx(97.0, abs=1.5) and found.exchange_back > 3
    assert 3_599_000 < found.exchange_back_ms < 3_601_000


def test_stamps_that_go_back_are_counted_in_the_order_of_the_file() -> None:
    received = np.array([5, 9, 7, 11]) * 1_000_000 + AT
    exchange = np.array([4, 8, 6, 5]) + AT // 1_000_000
    found = measure(received, exchange)
    assert (found.received_back, found.received_back_ms) == (1, 2.0)
    assert (found.exchange_back, found.exchange_back_ms) == (1, 3.0)


def test_without_two_clocks_there_is_nothing_to_compare() -> None:
    received, exchange = _stamps()
    assert measure(received, np.zeros_like(exchange)).receiver_behind_ms is None
    same = measure(exchange * 1_000_000 + 250, exchange)
    assert same.receiver_behind_ms is None and "nothing to compare" in same.words
    assert measure(received[:0], exchange[:0]).stamps == 0
    few = measure(received[:3], exchange[:3])
    assert few.receiver_behind_ms is not None and few.drift_ppm is None
