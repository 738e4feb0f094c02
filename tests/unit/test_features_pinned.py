"""What version 2 of the features says of one stream. Another number here is another definition, whatever its words say:
then `models.features.SCHEMA_VERSION` goes up, the old columns go to `rfq.store.past`, and these numbers change."""

import json
from pathlib import Path

import pytest
from feature_cases import NS, feed, stream

from models.features import SCHEMA_VERSION
from pricing.flow import Flow
from rfq.desk.features.look import Half, Look, Print, Sizing, touch_look
from rfq.desk.features.outside import Outside
from rfq.desk.features.reading import Moves
from rfq.desk.features.stream import MarketFlow

PINNED = Path(__file__).resolve().parent.parent / "fixtures" / "flow_of_version_2.json"


APPROACH = ((0.0, 40.0, 30.0), (4.0, 40.0, 25.0), (4.0, 5.0, 25.0), (8.0, 5.0, 2.0))
"""How far both sides of the book have come towards walls, and what of these is left."""


def wall(at: int, nearer: float, bid_wall: float, offer_wall: float) -> Look:
    """A book with a wall behind either touch."""
    look = touch_look(at, 59_990.0 - nearer, 3.0, 60_010.0 + nearer / 2.0, 4.0)

    def half(one: Half, price: float, size: float) -> Half:
        bands = (1.0, one.size, 5.0 + one.size, 50.0 + one.size, 70.0 + 4.0 * one.size)
        levels = (6.0 + one.size, 20.0 - one.size, 60.0 + one.size)
        return one._replace(
            bands=bands, levels=levels, slope_bps=4.0 + one.size, largest=size, largest_price=price
        )

    bid, offer = half(look.bid, 59_980.0, bid_wall), half(look.offer, 60_020.0, offer_wall)
    return look._replace(bid=bid, offer=offer)


def what_is_said() -> dict[str, float]:
    """Every number of a flow, of a stream that has all of them."""
    flow = MarketFlow(Sizing(multiplier=0.5))
    told = [*stream(6, 8_000)]
    at = told[-1].at
    told += [wall(at + place * NS // 8, *step) for place, step in enumerate(APPROACH)]
    sizes = [
        20.0 - place / 4.0 for place in range(64)
    ]  # of single orders, so that the last large one is told by its age
    told += [
        Print(at + NS // 2 + place * NS // 400, 60_000.0, size, 1 - place % 2 * 2)
        for place, size in enumerate(sizes)
    ]
    feed(flow, told)
    outside = Outside(0.5, 3.0, -1e6, 2e6, 0.7)
    found = flow.read(told[-1].at + NS // 5, [Moves(2.0, 4.0), Moves(4.0, None)], outside)
    return {name: getattr(found, name) for name in Flow.__struct_fields__}


def test_the_definitions_of_this_version_are_those_that_were_pinned() -> None:
    pinned = json.loads(PINNED.read_text(encoding="utf-8"))
    assert pinned["version"] == SCHEMA_VERSION
    said = what_is_said()
    assert list(said) == list(pinned["says"])
    for name, value in said.items():
        assert value == pytest.approx(pinned["says"][name], rel=1e-6, abs=1e-9), name
