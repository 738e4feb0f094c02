"""Every value of pricing, and the feature row, has one spelling in the log, and comes back from it as it was."""

import inspect
from types import ModuleType

import msgspec
import pytest
from models_cases import row
from pricing_cases import (
    CALL_60,
    CALL_65,
    ESTIMATES,
    FUTURE,
    PERP,
    SNAPSHOT,
    TERMS,
    D,
    quoted,
    structure,
    worth,
)

from models.features import SCHEMA_HASH
from pricing import estimates, fact, instruments, market, quoting, structures, terms, valuation
from pricing.structures import Hedge
from rfq.domain import canon
from rfq.domain.row import FeatureRow

SPREAD = worth((CALL_60, "1"), (CALL_65, "-1"))
HEDGED = structure((CALL_60, "1"), hedge=Hedge(instrument=PERP.name, ratio=D("-0.3"), price=D(60_000)))
VALUES: list[msgspec.Struct] = [
    *(PERP, FUTURE, CALL_60, HEDGED, SNAPSHOT, ESTIMATES, TERMS, SPREAD, worth((PERP, "1"))),
    *(quoted(worth((PERP, "1"))), quoted(SPREAD, amount=25.0, tick=D("0.0001"))),
    FeatureRow(schema=SCHEMA_HASH, values=row().values),
    *(valuation.Unpriceable(reason="no_book", field="x"), fact.Fault(field="legs", problem="no legs")),
    instruments.Spot(name="BTC_USDC", underlying="BTC", quote_currency="USDC", tick=D(1), lot=D("0.001")),
    market.Discount(currency="USD", at=1, pillars=((1, 0.04), (2, 0.05))),
    market.Fixing(expiry_at=3, from_at=1, at=2, average=60_000.5),
    market.Funding(instrument="BTC-PERPETUAL", at=1, rate_8h=1e-4),
    market.VarianceClock(weights=(1.0,) * 168, jumps=((1, 2.5),)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_come_back_as_they_were(value: msgspec.Struct) -> None:
    raw = canon.encode(value)
    again = canon.decode(raw, type(value))
    assert again == value
    assert canon.encode(again) == raw == canon.encode(msgspec.structs.replace(value))


@pytest.mark.parametrize(
    "module", [estimates, fact, instruments, market, quoting, structures, terms, valuation]
)
def test_no_value_is_forgotten_here(module: ModuleType) -> None:
    spelled = b"".join(map(canon.encode, VALUES))
    for name, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__ and issubclass(kind, msgspec.Struct) and kind is not fact.Fact:
            assert f'"_":"{kind.__struct_config__.tag}"'.encode() in spelled, name
