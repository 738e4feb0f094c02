"""Instruments, their names, and what makes a structure."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from pricing_cases import (
    CALL_60,
    CALL_60_LINEAR,
    CALL_65,
    FUTURE,
    FUTURE_FAR,
    INSTRUMENTS,
    PERP,
    PERP_LINEAR,
    structure,
)

from pricing.fact import Fault
from pricing.instruments import Instrument, date_name, future_name, option_name, perpetual_name
from pricing.structures import Hedge, Leg, Structure, check_structure, steps_of
from pricing.units import DAY_NS, NS_PER_S

DEC_27 = 1_735_286_400 * NS_PER_S


def test_names_are_the_venues() -> None:
    assert perpetual_name("BTC") == "BTC-PERPETUAL"
    assert perpetual_name("BTC", "USDC") == "BTC_USDC-PERPETUAL"
    assert future_name("BTC", DEC_27) == "BTC-27DEC24"
    assert option_name("BTC", DEC_27, D(65000), True) == "BTC-27DEC24-65000-C"
    assert option_name("BTC", DEC_27, D("6.5E+4"), False) == "BTC-27DEC24-65000-P"
    assert option_name("XRP", DEC_27, D("0.550"), True, "USDC") == "XRP_USDC-27DEC24-0d55-C"
    assert option_name("ETH", DEC_27, D("3000.0"), True) == "ETH-27DEC24-3000-C"


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (0, "1JAN70"),
        (951_782_400, "29FEB00"),
        (951_868_800, "1MAR00"),
        (1_709_164_799, "28FEB24"),
        (1_709_164_800, "29FEB24"),
        (1_741_305_600, "7MAR25"),
        (1_767_225_599, "31DEC25"),
        (4_107_542_400, "1MAR00"),  # 2100 has no 29 February
        (4_107_542_399, "28FEB00"),
    ],
)
def test_dates(seconds: int, name: str) -> None:
    assert date_name(seconds * NS_PER_S) == name


def test_dates_follow_the_calendar_day_by_day() -> None:
    from datetime import date, timedelta

    months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    for days in range(0, 60_000, 17):
        day = date(1970, 1, 1) + timedelta(days=days)
        assert date_name(days * DAY_NS) == f"{day.day}{months[day.month - 1]}{day.year % 100:02d}"


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=str)
def test_instruments_survive_the_wire(instrument: Instrument) -> None:
    raw = msgspec.json.encode(instrument)
    again = msgspec.json.decode(raw, type=Instrument)
    assert again == instrument and type(again) is type(instrument)


@pytest.mark.parametrize(
    ("instrument", "changed", "field"),
    [
        (PERP, {"name": ""}, "name"),
        (PERP, {"tick": D(0)}, "tick"),
        (PERP, {"lot": D(-1)}, "lot"),
        (FUTURE, {"contract_size": D("NaN")}, "contract_size"),
        (FUTURE, {"expiry_at": 0}, "expiry_at"),
        (CALL_60, {"expiry_at": -1}, "expiry_at"),
        (CALL_60, {"strike": D(0)}, "strike"),
        (CALL_60, {"strike": D("Infinity")}, "strike"),
        (CALL_60, {"bands": ((D(1), CALL_60.tick),)}, "bands"),
        (FUTURE, {"bands": ((D(0), D(1000)),)}, "bands"),
        (PERP, {"bands": ((D(5), D(1000)), (D(4), D(2000)))}, "bands"),
    ],
)
def test_no_instrument_without_sense(instrument: Instrument, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        msgspec.structs.replace(instrument, **changed)


def test_nothing_infinite_enters_a_structure() -> None:
    with pytest.raises(ValueError, match="ratio"):
        Leg(instrument="x", ratio=D("NaN"))
    with pytest.raises(ValueError, match="ratio"):
        Hedge(instrument="x", ratio=D("Infinity"), price=D(1))
    with pytest.raises(ValueError, match="price"):
        Hedge(instrument="x", ratio=D(1), price=D("NaN"))


def _hedge(name: str = PERP.name, ratio: str = "-0.3", price: str = "60000") -> Hedge:
    return Hedge(instrument=name, ratio=D(ratio), price=D(price))


ETH = msgspec.structs.replace(PERP, name="ETH-PERPETUAL", underlying="ETH")
KNOWN = {**INSTRUMENTS, ETH.name: ETH}
UNKNOWN = Leg(instrument="XYZ", ratio=D(1))
GOOD = Leg(instrument=CALL_60.name, ratio=D(1))


@pytest.mark.parametrize(
    ("asked", "field", "problem"),
    [
        (Structure(legs=()), "legs", "no legs"),
        (Structure(legs=(GOOD,) * 21), "legs", "21 legs"),
        (Structure(legs=(GOOD,), hedges=(_hedge(), _hedge())), "hedges", "2 hedges"),
        (Structure(legs=(UNKNOWN,)), "legs[0].instrument", "unknown instrument XYZ"),
        (Structure(legs=(GOOD, UNKNOWN)), "legs[1].instrument", "unknown instrument XYZ"),
        (structure((CALL_60, "1"), (CALL_65, "0")), "legs[1].ratio", "zero ratio"),
        (structure((CALL_60, "0")), "legs[0].ratio", "zero ratio"),
        (structure((CALL_60, "1"), (CALL_65, "1"), (CALL_60, "-1")), "legs[2].instrument", "duplicate leg"),
        (structure((CALL_60, "1"), (CALL_60_LINEAR, "-1")), "legs[1].instrument", "mixed quote currencies"),
        (structure((PERP, "1"), (PERP_LINEAR, "-1")), "legs[1].instrument", "mixed quote currencies"),
        (structure((PERP, "1"), (ETH, "-1")), "legs[1].instrument", "mixed underlyings"),
        (structure((CALL_60, "1"), hedge=_hedge("XYZ")), "hedges[0].instrument", "unknown instrument"),
        (structure((CALL_60, "1"), hedge=_hedge(CALL_65.name)), "hedges[0].instrument", "option"),
        (structure((CALL_60, "1"), hedge=_hedge(ratio="0")), "hedges[0].ratio", "zero ratio"),
        (structure((CALL_60, "1"), hedge=_hedge(price="0")), "hedges[0].price", "not above zero"),
        (structure((CALL_60, "1"), hedge=_hedge(ETH.name)), "hedges[0].instrument", "mixed underlyings"),
    ],
)
def test_nonsense_is_named(asked: Structure, field: str, problem: str) -> None:
    fault = check_structure(asked, KNOWN)
    assert isinstance(fault, Fault)
    assert fault.field == field
    assert problem in fault.problem


def test_sense_is_let_through() -> None:
    assert check_structure(structure((PERP, "1")), KNOWN) is None
    assert check_structure(structure((CALL_60, "1"), (CALL_65, "-2"), hedge=_hedge()), KNOWN) is None
    assert check_structure(structure((FUTURE_FAR, "1"), (FUTURE, "-1")), KNOWN) is None
    legs = tuple(
        Leg(instrument=name, ratio=D(1)) for name, kind in KNOWN.items() if kind.quote_currency == "BTC"
    )
    assert check_structure(Structure(legs=legs), KNOWN) is None


def test_twenty_legs_are_a_structure() -> None:
    chain = {
        f"C{place}": msgspec.structs.replace(CALL_60, name=f"C{place}", strike=D(1000 + place))
        for place in range(20)
    }
    legs = tuple(Leg(instrument=name, ratio=D(1)) for name in chain)
    assert check_structure(Structure(legs=legs), chain) is None


BANDS = ((D("0.005"), D("0.0005")),)
BANDED = msgspec.structs.replace(CALL_60, bands=BANDS)


def test_bands_are_written_only_where_there_are_any() -> None:
    assert b"bands" not in msgspec.json.encode(CALL_60)
    assert msgspec.json.decode(msgspec.json.encode(BANDED), type=Instrument) == BANDED


def test_one_instrument_has_its_bands_and_a_package_the_finest_tick() -> None:
    known = {**INSTRUMENTS, CALL_60.name: BANDED}
    banded = (CALL_60.tick, BANDS)
    assert steps_of(structure((CALL_60, "1")), known) == steps_of(structure((CALL_60, "-1")), known) == banded
    assert steps_of(structure((CALL_60, "1"), hedge=_hedge()), known) == banded
    assert steps_of(structure((CALL_60, "2")), known) == (CALL_60.tick, ())
    assert steps_of(structure((CALL_60, "1"), (CALL_65, "-1")), known) == (CALL_60.tick, ())
    assert steps_of(structure((PERP, "1")), known) == (PERP.tick, ())
