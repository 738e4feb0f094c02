"""Laws of the accumulators: reading changes nothing, what a window does not hold does not count, numbers are sane; and
a book of which only the touch is known looks as a book of one level does."""

import copy
import math
from typing import Any

import pytest
from feature_cases import NS, START, TENTH, Broke, Told, feed, stream
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.flow import Flow
from rfq.desk.features.look import Print, Sizing, touch_look
from rfq.desk.features.stream import MarketFlow
from rfq.domain import canon
from rfq.feeds.book.book import new_book
from rfq.feeds.levels import Scale

gaps = st.one_of(
    st.integers(0, 2 * TENTH),
    st.integers(0, 20 * NS),
    st.sampled_from([TENTH, NS, 60 * NS, 639 * NS, 640 * NS, 641 * NS, 5_000 * NS]),
)
prices = st.integers(990, 1_010)
sizes = st.integers(1, 40).map(lambda n: n / 4)


@st.composite
def streams(draw: st.DrawFn) -> list[Told]:
    """Anything that can be told, at any instants, boundaries of windows among them."""
    at = START + draw(st.integers(0, NS))
    told: list[Told] = []
    for gap in draw(st.lists(gaps, min_size=1, max_size=25)):
        at += gap
        if draw(st.booleans()):
            at = at // TENTH * TENTH
        kind = draw(st.sampled_from(("look", "look", "look", "print", "print", "broke")))
        if kind == "look":
            bid = draw(prices)
            offer = bid + draw(st.integers(1, 5))
            told.append(touch_look(at, float(bid), draw(sizes), float(offer), draw(sizes)))
        elif kind == "print":
            told.append(Print(at, float(draw(prices)), draw(sizes), draw(st.sampled_from((1, -1)))))
        else:
            told.append(Broke(at, draw(st.booleans())))
    return told


@given(streams(), st.data())
def test_it_matters_neither_when_nor_how_often_it_is_read(told: list[Told], data: Any) -> None:
    read, unread = MarketFlow(), MarketFlow()
    for one in told:
        feed(read, [one])
        for ahead in data.draw(st.lists(gaps, max_size=2)):
            read.read(one.at + ahead)
            read.moves(one.at + ahead)
    feed(unread, told)
    for ahead in (0, data.draw(gaps)):
        at = told[-1].at + ahead
        assert read.read(at) == unread.read(at)
        assert canon.encode(read.read(at)) == canon.encode(unread.read(at))


@given(streams(), gaps)
def test_a_reading_knows_what_time_has_brought_whether_or_not_anything_was_told(
    told: list[Told], ahead: int
) -> None:
    flow = MarketFlow()
    feed(flow, told)
    at = max(one.at for one in told) + ahead
    for instant in (at, at // NS * NS + NS):
        before = flow.read(instant)
        waited = copy.deepcopy(flow)
        waited._advance(instant)
        assert waited.read(instant) == before


@given(streams(), gaps)
def test_numbers_are_finite_and_within_their_bounds(told: list[Told], ahead: int) -> None:
    flow = MarketFlow(Sizing(multiplier=3.0))
    feed(flow, told)
    found = flow.read(max(one.at for one in told) + ahead)
    for name in Flow.__struct_fields__:
        value = getattr(found, name)
        assert value is None or (type(value) is float and math.isfinite(value)), name
        if (
            value is not None
            and ("imbalance" in name or "tilt" in name)
            and "vol" not in name
            and "vanish" not in name
        ):
            assert -1.0 <= value <= 1.0, name
        if value is not None and name.endswith(
            ("count_10s", "count_60s", "vol_1m", "vol_10m", "age_s", "s_10m")
        ):
            assert value >= 0.0, name
    if found.through_ratio_60s is not None and found.buy_share_ratio_60s is not None:
        assert 0.0 <= found.through_ratio_60s <= 1.0 and 0.0 <= found.buy_share_ratio_60s <= 1.0


@given(st.integers(0, 10**6), st.integers(1, 50))
@settings(max_examples=5, deadline=None)
def test_what_a_window_does_not_hold_does_not_count(seed: int, before: int) -> None:
    told = stream(seed, 2_600, mean_s=0.8)
    whole, late = MarketFlow(), MarketFlow()
    feed(whole, told)
    feed(late, told[before:])
    at = told[-1].at
    assert at - told[before].at > 660 * NS
    assert whole.read(at) == late.read(at)


@given(
    st.lists(
        st.tuples(st.integers(9_000, 10_000), st.integers(1, 50), st.integers(1, 400), st.integers(1, 50)),
        min_size=1,
        max_size=12,
    )
)
def test_a_known_touch_looks_as_a_book_of_one_level(quotes: list[tuple[int, int, int, int]]) -> None:
    book = new_book(Scale(price_digits=1, size_digits=0))
    last = None
    held: tuple[int, ...] = ()
    for place, (bid, bid_size, wide, offer_size) in enumerate(quotes):
        offer = bid + wide
        if not held:
            book.replace([(bid, bid_size)], [(offer, offer_size)])
        else:
            gone = ([(held[0], 0)] if held[0] != bid else []), ([(held[1], 0)] if held[1] != offer else [])
            book.apply([*gone[0], (bid, bid_size)], [*gone[1], (offer, offer_size)])
        held = (bid, offer)
        seen = book.look(START + place)
        last = touch_look(START + place, bid / 10.0, float(bid_size), offer / 10.0, float(offer_size), last)
        assert seen is not None
        for here, there in ((seen.bid, last.bid), (seen.offer, last.offer)):
            assert here.slope_bps == pytest.approx(there.slope_bps, rel=1e-9)
            assert here._replace(slope_bps=0.0) == there._replace(slope_bps=0.0)
