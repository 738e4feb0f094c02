"""Structures by name: examples as dealers say them, and near misses that are only described."""

from decimal import Decimal
from typing import Any

import pytest
import structure_cases as cases
from msgspec.structs import replace
from structure_cases import EXPIRIES, PERP, PERP_LINEAR, SPOT, future, option, structure

from pricing.fact import Fault
from pricing.recognition import Recognised, recognise
from pricing.structures import LEGS_MAX, Leg, Structure, check_structure, reduced

D = Decimal
NEAR, FAR = EXPIRIES[1], EXPIRIES[2]


def call(strike: int, expiry_at: int = NEAR, inverse: bool = True) -> Any:
    return option(strike, True, expiry_at, inverse)


def put(strike: int, expiry_at: int = NEAR, inverse: bool = True) -> Any:
    return option(strike, False, expiry_at, inverse)


def found(asked: Structure) -> Recognised:
    named = recognise(asked, cases.ALL)
    assert isinstance(named, Recognised)
    return named


NAMES = [
    (structure((call(60_000), 3)), "call", "bought call BTC 26NOV24 60000"),
    (
        structure((call(65_000), -2), (call(60_000), 2)),
        *("call_spread", "bought call spread BTC 26NOV24 60000/65000"),
    ),
    (
        structure((put(65_000), -1), (put(60_000), 1)),
        *("put_spread", "sold put spread BTC 26NOV24 60000/65000"),
    ),
    (
        structure((call(60_000), "0.5"), (call(65_000), -1)),
        *("ratio_spread", "bought 1x2 call ratio spread BTC 26NOV24 60000/65000"),
    ),
    (
        structure((call(60_000), -1), (put(60_000), -1)),
        *("straddle", "sold straddle BTC 26NOV24 60000"),
    ),
    (
        structure((put(55_000), -1), (call(65_000), 1)),
        *("risk_reversal", "bought risk reversal BTC 26NOV24 55000/65000"),
    ),
    (
        structure((call(60_000), -1), (call(60_000, FAR), 1)),
        *("calendar", "bought call calendar BTC 26NOV24/25JAN25 60000"),
    ),
    (
        structure((put(60_000), -1), (put(55_000, FAR), 1)),
        *("diagonal", "bought put diagonal BTC 26NOV24/25JAN25 55000/60000"),
    ),
    (
        structure((call(60_000), -1), (put(60_000), 1), hedge=(PERP, 60_200, 60_200)),
        *("conversion", "conversion BTC 26NOV24/PERP 60000"),
    ),
    (
        structure((call(60_000, NEAR, False), 1), (put(60_000, NEAR, False), -1), (PERP_LINEAR, -1)),
        *("conversion", "reversal BTC 26NOV24/PERP 60000"),
    ),
    (
        structure((call(65_000, NEAR, False), -1), hedge=(SPOT, 1, 60_000)),
        *("covered_call", "covered call BTC 26NOV24/SPOT 65000"),
    ),
    (
        structure((put(55_000), 1), hedge=(PERP, 60_000, 60_000)),
        *("covered_put", "protective put BTC 26NOV24/PERP 55000"),
    ),
    (
        structure((put(55_000), 1), (call(65_000), -1), hedge=(PERP, 60_000, 60_000)),
        *("collar", "bought collar BTC 26NOV24/PERP 55000/65000"),
    ),
    (
        structure((future(FAR), 10), (PERP, -10)),
        *("future_spread", "bought future spread BTC PERP/25JAN25"),
    ),
    (
        structure((future(NEAR), -1), (future(FAR), -1)),
        *("strip", "sold strip of futures BTC 26NOV24/25JAN25"),
    ),
]


@pytest.mark.parametrize(("asked", "kind", "name"), NAMES)
def test_what_a_dealer_would_say(asked: Structure, kind: str, name: str) -> None:
    named = found(asked)
    assert (named.kind, named.name, named.hedged) == (kind, name, False)


MISSES = [
    # Wings that are not equally wide.
    structure((call(55_000), 1), (call(60_000), -2), (call(66_000), 1)),
    structure((put(50_000), -1), (put(55_000), 1), (call(65_000), 1), (call(71_000), -1)),
    # Wrong middle of a butterfly, another expiry in one leg, calls and puts mixed.
    structure((call(55_000), 1), (call(60_000), -1), (call(65_000), 1)),
    structure((call(55_000), 1), (call(60_000, FAR), -2), (call(65_000), 1)),
    structure((call(55_000), 1), (put(60_000), -2), (call(65_000), 1)),
    # One settled in coin, the other not.
    structure((call(60_000), 1), (call(65_000, NEAR, False), -1)),
    # The last wing of a butterfly in another expiry; a collar with its put above its call.
    structure((call(55_000), 1), (call(60_000), -2), (call(65_000, FAR), 1)),
    structure((put(65_000), 1), (call(55_000), -1), (PERP, 60_000)),
    # Unequal straddle beyond strip and strap.
    structure((call(60_000), 1), (put(60_000), 3)),
    # A call spread that is off by a little is no ratio spread.
    structure((call(60_000), 1), (call(65_000), "-1.0001")),
    # Calendars with unequal sizes; a box with one corner elsewhere.
    structure((call(60_000), -1), (call(60_000, FAR), 2)),
    structure((call(60_000), 1), (call(65_000), -1), (put(65_000), 1), (put(61_000), -1)),
    # A jelly roll of two strikes.
    structure((call(60_000), -1), (put(60_000), 1), (call(61_000, FAR), 1), (put(61_000, FAR), -1)),
    # Conversions with a future of another expiry, half the size, or as many contracts as coins.
    structure((call(60_000), -1), (put(60_000), 1), (future(FAR), 60_000)),
    structure((call(60_000), -1), (put(60_000), 1), (PERP, 30_000)),
    structure((call(60_000), -1), (put(60_000), 1), (PERP, 1)),
    # A covered call whose future expires first.
    structure((call(60_000, FAR), -1), (future(NEAR), 60_000)),
    # Two futures in one direction of unequal size, and a spread of USD against coins.
    structure((future(NEAR), 1), (future(FAR), 2)),
    structure((future(FAR), 1), (PERP_LINEAR, -1)),
    # Five legs.
    structure(*[(call(50_000 + 1000 * n), 1) for n in range(5)]),
]


@pytest.mark.parametrize("asked", MISSES)
def test_a_near_miss_is_described(asked: Structure) -> None:
    named = found(asked)
    assert named.kind == "custom"
    assert f"structure of {len(asked.legs)} legs BTC" in named.name
    assert all(leg.instrument in named.words for leg in asked.legs)


def test_a_hedge_that_is_no_part_of_the_kind_is_told() -> None:
    named = found(structure((call(60_000), 1), (call(65_000), -1), hedge=(PERP, -21_000, 60_100)))
    assert (named.kind, named.bought, named.hedged) == ("call_spread", True, True)
    assert named.name.endswith("60000/65000, hedged")
    assert named.words.endswith("; hedge: sell 21000 BTC-PERPETUAL at 60100")
    delta = found(structure((call(60_000), 10), hedge=(PERP, -210_000, 60_000)))
    assert (delta.kind, delta.hedged, delta.multiplier) == ("call", True, 10)
    assert delta.words.startswith(f"buy 1 {call(60_000).name}; hedge: sell 21000 ")


def test_nothing_is_a_fault() -> None:
    assert recognise(Structure(legs=()), cases.ALL) == Fault(field="legs", problem="no legs")


def test_other_underlyings_and_fixed_multipliers_have_no_name() -> None:
    other = replace(call(65_000), name="ETH-X", underlying="ETH")
    quanto = replace(PERP_LINEAR, name="Q", quanto=D("0.001"))
    chain = {**cases.ALL, "ETH-X": other, "Q": quanto}
    for asked in (
        structure((call(60_000), 1), (other, -1)),
        structure((future(FAR, False), 1), (quanto, -1)),
    ):
        named = recognise(asked, chain)
        assert isinstance(named, Recognised)
        assert named.kind == "custom"
    alone = recognise(structure((quanto, 2)), chain)
    assert isinstance(alone, Recognised)
    assert (alone.kind, alone.name) == ("perpetual", "bought perpetual BTC PERP")


def test_words_have_no_exponents() -> None:
    tiny = replace(call(60_000), name="TINY", strike=D("1E-12"))
    named = recognise(structure((tiny, "1E+3"), hedge=(PERP, "1E-9", "1E+5")), {**cases.ALL, "TINY": tiny})
    assert isinstance(named, Recognised)
    assert named.name == "bought call BTC 26NOV24 0.000000000001, hedged"
    assert named.words == "buy 1 TINY; hedge: buy 0.000000000001 BTC-PERPETUAL at 100000"


def test_one_leg_is_no_legs() -> None:
    named = recognise(structure((replace(call(60_000), settle_currency="USD"), 1)), cases.ALL)
    assert isinstance(named, Recognised)
    assert "legs" not in named.name


def test_what_is_wrong_is_told_alike_however_it_is_spelled() -> None:
    """The words are logged, and said again in replay from the logged spelling."""

    def told(ratio: str, price: str = "60000", hedge: str = "1") -> Any:
        asked = structure((call(60_000), ratio), hedge=(PERP, hedge, price))
        fault = check_structure(asked, cases.ALL)
        assert fault is not None
        return fault

    assert told("1E+17") == told("100000000000000000")
    assert told("1", hedge="1E+17") == told("1", hedge="100000000000000000.0")
    assert told("1", price="-1E+2") == told("1", price="-100")
    assert told("1", price="-0") == told("1", price="0.00")
    assert told("1E+999999999999").field == "legs[0].ratio"


def test_a_package_in_two_currencies_makes_sense_where_it_may() -> None:
    covered = structure((call(65_000), -1), (PERP, 60_000))
    fault = check_structure(covered, cases.ALL)
    assert fault is not None
    assert (fault.field, fault.problem) == ("legs[1].instrument", "mixed quote currencies BTC and USD")
    assert check_structure(covered, cases.ALL, one_currency=False) is None


def test_reduced_examples() -> None:
    small, multiplier = reduced(structure((call(60_000), "2.50"), (call(65_000), -5)))
    assert [leg.ratio for leg in small.legs] == [1, -2]
    assert multiplier == D("2.5")
    small, multiplier = reduced(structure((call(60_000), 10), (call(65_000), -20), hedge=(PERP, "3.5", 1)))
    assert (small.hedges[0].ratio, multiplier) == (D("0.35"), 10)
    small, multiplier = reduced(structure((call(60_000), 3), hedge=(PERP, 1, 1)))
    assert (small.legs[0].ratio, small.hedges[0].ratio, multiplier) == (3, 1, 1)
    small, multiplier = reduced(structure((call(60_000), 3), (call(65_000), 6), hedge=(PERP, 2, 1)))
    assert ([leg.ratio for leg in small.legs], small.hedges[0].ratio, multiplier) == ([3, 6], 2, 1)


@pytest.mark.parametrize("ratio", ["0", "1E+40", "1E-40", "1E+999999"])
def test_what_cannot_be_reduced_stays(ratio: str) -> None:
    asked = structure((call(60_000), ratio))
    assert reduced(asked) == (asked, 1)


def test_a_structure_that_makes_no_sense_is_a_fault() -> None:
    fault = check_structure(structure((call(60_000), "1E+999999")), cases.ALL)
    assert fault is not None
    assert fault.field == "legs[0].ratio"
    fault = check_structure(structure((call(60_000), 1), hedge=(PERP, "1E-30", 1)), cases.ALL)
    assert fault is not None
    assert fault.field == "hedges[0].ratio"
    fault = check_structure(structure((SPOT, 1)), cases.ALL)
    assert fault == Fault(field="legs[0].instrument", problem="spot can only be the hedge")
    assert check_structure(structure((call(60_000, NEAR, False), 1), hedge=(SPOT, -1, 1)), cases.ALL) is None


def test_an_option_on_a_quanto_is_refused() -> None:
    third = replace(call(60_000), name="ODD", settle_currency="ETH")
    fixed = replace(call(60_000, NEAR, False), name="FIXED", quanto=D("0.01"))
    chain = {**cases.ALL, "ODD": third, "FIXED": fixed}
    for one, words in ((third, "settled in BTC, not in ETH"), (fixed, "quanto")):
        fault = check_structure(structure((one, 1)), chain)
        assert fault is not None
        assert words in fault.problem


def test_twenty_legs_are_read() -> None:
    legs = tuple(
        Leg(instrument=option(50_000 + 1000 * n, True).name, ratio=D(n + 1)) for n in range(LEGS_MAX)
    )
    asked = Structure(legs=legs)
    assert check_structure(asked, cases.ALL) is None
    assert found(asked).name.startswith("bought structure of 20 legs BTC")
