"""What the simulated desk saw of the market is what its tape gives again, bit for bit."""

from rfq.cli.features_options import Options
from rfq.cli.features_sim import check_sim
from rfq.store.parity import MarketRows
from rfq.store.parts import KNOWN_AT


def a_second_early(rows: MarketRows) -> MarketRows:
    """The mutant: rows of the next second are joined."""
    return [(market, {**columns, KNOWN_AT: columns[KNOWN_AT] - 1_000_000_000}) for market, columns in rows]


def test_the_flows_in_the_log_are_those_of_the_tape() -> None:
    parity = check_sim(Options(minutes=4.0, seed=5))
    assert parity.differences == ()
    assert parity.is_equal
    assert parity.rows > 100
    assert parity.answered == parity.rows
    assert parity.known > 0.5


def test_a_look_into_the_next_second_is_caught() -> None:
    parity = check_sim(Options(minutes=1.0, seed=5), a_second_early)
    assert not parity.is_equal
    assert "joined" in {one.where for one in parity.differences} or parity.differing > 20
