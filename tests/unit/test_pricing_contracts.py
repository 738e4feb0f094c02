"""Contracts beyond the first: spot, quanto, and what a position gains between two prices."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from pricing.fact import Fault
from pricing.instruments import Future, Instrument, Option, Perpetual, Spot, profit, refusal

SIZES: dict[str, Any] = {"contract_size": D(10), "tick": D("0.5"), "lot": D(10)}
INVERSE = Perpetual(
    name="BTC-PERPETUAL",
    underlying="BTC",
    quote_currency="USD",
    settle_currency="BTC",
    inverse=True,
    **SIZES,
)
LINEAR = msgspec.structs.replace(
    INVERSE, name="BTC_USDC-PERPETUAL", quote_currency="USDC", settle_currency="USDC", inverse=False
)
QUANTO = msgspec.structs.replace(
    LINEAR, name="ETHUSD", underlying="ETH", quote_currency="USD", settle_currency="BTC", quanto=D("0.000001")
)
SPOT = Spot(name="BTC_USDC", underlying="BTC", quote_currency="USDC", tick=D(1), lot=D("0.0001"))
CALL = Option(
    name="BTC-27DEC24-65000-C",
    underlying="BTC",
    quote_currency="BTC",
    settle_currency="BTC",
    inverse=True,
    contract_size=D(1),
    tick=D("0.0001"),
    lot=D("0.1"),
    expiry_at=1_735_286_400_000_000_000,
    strike=D(65000),
    call=True,
)


def test_profits() -> None:
    assert round(profit(INVERSE, 100_000.0, 50_000.0, 55_000.0), 7) == 0.1818182
    assert profit(INVERSE, -100_000.0, 50_000.0, 55_000.0) == -profit(INVERSE, 100_000.0, 50_000.0, 55_000.0)
    assert profit(LINEAR, 2.0, 50_000.0, 55_000.0) == 10_000.0
    assert profit(SPOT, 0.5, 50_000.0, 49_000.0) == -500.0
    assert profit(QUANTO, 1_000.0, 3_000.0, 3_100.0) == pytest.approx(0.1, rel=1e-15)
    assert profit(CALL, 10.0, 0.0375, 0.04) == pytest.approx(0.025, rel=1e-14)


def test_an_inverse_gain_is_bounded_and_a_loss_is_not() -> None:
    assert profit(INVERSE, 100.0, 50_000.0, 1e12) < 100.0 / 50_000.0
    assert profit(INVERSE, 100.0, 50_000.0, 1e-6) < -9e7


@pytest.mark.parametrize(
    ("instrument", "changed", "field"),
    [
        (LINEAR, {"quanto": D(0)}, "quanto"),
        (LINEAR, {"quanto": D("NaN")}, "quanto"),
        (INVERSE, {"quanto": D(1)}, "quanto"),
        (SPOT, {"lot": D(0)}, "lot"),
        (SPOT, {"name": ""}, "name"),
        (CALL, {"averaging_s": -1}, "averaging_s"),
        (CALL, {"averaging_s": 86_401}, "averaging_s"),
    ],
)
def test_nonsense_is_not_built(instrument: Instrument, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        msgspec.structs.replace(instrument, **changed)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"style": "american"}, "style"),
        ({"style": "barrier"}, "style"),
        ({"style": "American"}, "style"),
        ({"quanto": D(1)}, "quanto"),
        ({"settle_currency": "ETH"}, "settle_currency"),
        ({"quote_currency": "USD"}, "quote_currency"),
        ({"quote_currency": "USD", "settle_currency": "USD"}, "settle_currency"),
        ({"quote_currency": "USD", "settle_currency": "ETH", "inverse": False}, "settle_currency"),
    ],
)
def test_what_cannot_be_valued_says_why(changed: dict[str, Any], field: str) -> None:
    fault = refusal(msgspec.structs.replace(CALL, **changed))
    assert isinstance(fault, Fault) and fault.field == field


def test_what_can_be_valued_is_let_through() -> None:
    in_usdc = {"quote_currency": "USDC", "settle_currency": "USDC", "inverse": False}
    in_usd = {"quote_currency": "USD", "settle_currency": "USDC", "inverse": False}
    for changed in ({}, {"style": "european"}, {"style": "European"}, in_usdc, in_usd):
        assert refusal(msgspec.structs.replace(CALL, **changed)) is None
    for one in (SPOT, INVERSE, LINEAR, QUANTO):
        assert refusal(one) is None


def test_fields_that_came_later_leave_old_bytes_alone() -> None:
    """What is not said is not encoded, so old records keep their hashes."""
    later = {"venue", "quanto", "averaging_s", "style"}
    for one in (INVERSE, LINEAR, CALL):
        assert not later & set(msgspec.json.decode(msgspec.json.encode(one)))
    future = Future(
        name="BTC-27DEC24",
        underlying="BTC",
        quote_currency="USD",
        settle_currency="BTC",
        inverse=True,
        expiry_at=CALL.expiry_at,
        **SIZES,
    )
    for one in (SPOT, QUANTO, future, msgspec.structs.replace(CALL, averaging_s=1800, venue="deribit")):
        raw = msgspec.json.encode(one)
        assert msgspec.json.decode(raw, type=Instrument) == one


def test_spot_reads_like_the_others() -> None:
    assert (SPOT.settle_currency, SPOT.inverse, SPOT.contract_size) == ("USDC", False, D(1))
