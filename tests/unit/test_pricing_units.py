"""Ticks and spelling: the border between float and Decimal."""

from decimal import Decimal as D

import pytest

from pricing.units import (
    DAY_NS,
    YEAR_NS,
    Bands,
    ceil_on,
    check_bands,
    floor_on,
    grid,
    plain,
    quanta_of,
    round_bid,
    round_near,
    round_offer,
    spell,
    years,
)


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("100.00", "100"),
        ("1E+2", "100"),
        ("1.2E+3", "1200"),
        ("0.10", "0.1"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("0E+5", "0"),
        ("-12300", "-12300"),
        ("65123.50", "65123.5"),
        ("0.000001", "0.000001"),
        ("12345678901234567890123456789012345.10", "12345678901234567890123456789012345.1"),
    ],
)
def test_one_spelling(given: str, spelled: str) -> None:
    assert str(plain(D(given))) == spelled


@pytest.mark.parametrize("given", ["NaN", "Infinity", "-Infinity"])
def test_no_spelling_for_what_is_not_a_number(given: str) -> None:
    with pytest.raises(ValueError, match="not finite"):
        plain(D(given))


def test_a_bid_is_rounded_down_and_an_offer_up() -> None:
    half = D("0.5")
    assert (round_bid(65_123.7, half), round_offer(65_123.7, half)) == (D("65123.5"), D(65124))
    assert (round_bid(-0.25, D("0.1")), round_offer(-0.25, D("0.1"))) == (D("-0.3"), D("-0.2"))


def test_a_price_on_the_grid_stays_there_though_its_float_is_a_hair_off() -> None:
    tenth = D("0.1")
    assert round_bid(0.3, tenth) == round_offer(0.3, tenth) == D("0.3")
    assert round_bid(0.1 + 0.2, tenth) == round_offer(0.1 + 0.2, tenth) == D("0.3")


def test_rounded_prices_are_spelled_plainly() -> None:
    assert str(round_bid(100.2, D("0.50"))) == "100"
    assert str(round_offer(99.9, D(50))) == "100"
    assert str(round_bid(-0.01, D("0.5"))) == "-0.5"
    assert str(round_offer(-0.01, D("0.5"))) == "0"


def test_the_nearest_price_favours_nobody() -> None:
    assert [round_near(x, D("0.5")) for x in (1.2, 1.3, -1.2)] == [D(1), D("1.5"), D(-1)]


def test_years_count_days_of_365() -> None:
    assert years(0, YEAR_NS) == 1.0
    assert years(73 * DAY_NS, 0) == -0.2


@pytest.mark.parametrize(
    ("tick", "quantum", "quanta"),
    [
        ("0.5", "0.001", 500),
        ("0.0001", "0.000001", 100),
        ("5", "0.01", 500),
        ("10", "0.1", 100),
        ("2.50", "0.001", 2500),
        ("0.00001", "0.000001", 10),
        ("0.00000001", "0.00000001", 1),
        ("1000", "1", 1000),
    ],
)
def test_a_tick_is_cut_into_whole_quanta(tick: str, quantum: str, quanta: int) -> None:
    lattice = grid(D(tick))
    assert (lattice.quantum, lattice.tick) == (D(quantum), quanta)
    assert spell(lattice.tick, lattice) == D(tick)
    assert quanta_of(float(tick), lattice) == quanta


@pytest.mark.parametrize("tick", ["0", "-1", "NaN", "Infinity"])
def test_a_tick_is_above_zero(tick: str) -> None:
    with pytest.raises(ValueError, match="tick"):
        grid(D(tick))


def test_quanta_are_spelled_plainly() -> None:
    lattice = grid(D("0.5"))
    assert [str(spell(q, lattice)) for q in (0, -12340, 12000, 60_000_000, 1, -7, 500)] == [
        *("0", "-12.34", "12", "60000", "0.001", "-0.007", "0.5")
    ]


TWO: Bands = ((D("0.005"), D("0.0005")),)
THREE: Bands = ((D("0.0051"), D("0.0005")), (D("0.02"), D("0.003")), (D(1), D("0.25")))
"""Borders that are on no tick of their own."""


@pytest.mark.parametrize(
    ("number", "bid", "offer"),
    [
        (0.03829, "0.038", "0.0385"),
        (0.00412, "0.0041", "0.0042"),
        (0.00499, "0.0049", "0.005"),
        (0.005, "0.005", "0.005"),
        (0.0051, "0.005", "0.0055"),
        (0.0, "0", "0"),
        (-0.00412, "-0.0042", "-0.0041"),
        (-0.00499, "-0.005", "-0.0049"),
        (-0.0383, "-0.0385", "-0.038"),
    ],
)
def test_each_band_has_its_tick(number: float, bid: str, offer: str) -> None:
    tick = D("0.0001")
    assert (round_bid(number, tick, TWO), round_offer(number, tick, TWO)) == (D(bid), D(offer))


@pytest.mark.parametrize(
    ("number", "bid", "offer"),
    [
        (0.00505, "0.005", "0.0055"),
        (0.0052, "0.005", "0.0055"),
        (0.0199, "0.0195", "0.021"),
        (0.02, "0.0195", "0.021"),
        (0.9995, "0.999", "1"),
        (1.01, "1", "1.25"),
        (-0.0052, "-0.0055", "-0.005"),
    ],
)
def test_borders_that_are_on_no_tick(number: float, bid: str, offer: str) -> None:
    tick = D("0.0001")
    assert (round_bid(number, tick, THREE), round_offer(number, tick, THREE)) == (D(bid), D(offer))


def test_a_mark_is_on_the_nearer_price() -> None:
    found = [round_near(number, D("0.0001"), TWO) for number in (0.0382, 0.0383, 0.00494, 0.00496, -0.0383)]
    assert found == [D("0.038"), D("0.0385"), D("0.0049"), D("0.005"), D("-0.0385")]


def test_bands_in_quanta() -> None:
    lattice = grid(D("0.0001"), TWO)
    assert (lattice.per_one, lattice.tick, lattice.bands) == (10**6, 100, ((5_000, 500),))
    fine = grid(D("0.5"), ((D("10.0001"), D("0.75")),))
    assert (fine.per_one, fine.tick, fine.bands) == (10**4, 5_000, ((100_001, 7_500),))
    assert (floor_on(4_999, lattice), ceil_on(4_901, lattice)) == (4_900, 5_000)


@pytest.mark.parametrize(
    "bands",
    [
        ((D(0), D(2)),),
        ((D(-1), D(2)),),
        ((D(5), D(1)),),
        ((D(5), D(2)), (D(5), D(3))),
        ((D(5), D(2)), (D(6), D(2))),
        ((D("NaN"), D(2)),),
        ((D(5), D("Infinity")),),
    ],
)
def test_bands_rise(bands: Bands) -> None:
    with pytest.raises(ValueError, match="bands"):
        check_bands(D(1), bands)
    with pytest.raises(ValueError, match="bands"):
        grid(D(1), bands)


@pytest.mark.parametrize("tick", ["0.5", "0.0001", "1E-20", "100"])
def test_every_whole_number_of_quanta_has_one_spelling(tick: str) -> None:
    lattice = grid(D(tick))
    for quanta in (0, 1, 7, 10, 100, 1230, 10**6, 10**15, 123 * 10**18, -(10**4), -31250):
        found = spell(quanta, lattice)
        assert found == quanta * lattice.quantum
        assert str(found) == str(plain(found))
