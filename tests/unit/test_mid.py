"""Micro-prices, the composite of venues with its doubt, and what a size pays."""

import math

import pytest

from pricing.fact import Fault
from pricing.market import Book, one_level
from pricing.mid import FairMid, fair_mid, micro_price, walk, walk_cost_bps
from pricing.units import NS_PER_MS, NS_PER_S, YEAR_NS

NOW = 1_730_000_000 * NS_PER_S
SIGMA = 0.6


def book(venue: str, bid: float, offer: float, size: float = 1.0, age_ms: int = 0) -> Book:
    return one_level("X", NOW - age_ms * NS_PER_MS, bid, offer, size, size, venue)


def composite(*books: Book) -> FairMid:
    found = fair_mid(books, NOW, SIGMA)
    assert isinstance(found, FairMid)
    return found


def test_a_micro_price_leans_to_the_thin_side() -> None:
    assert micro_price(one_level("X", NOW, 100.0, 102.0, 3.0, 1.0)) == 101.5
    assert micro_price(one_level("X", NOW, 100.0, 102.0, 0.0, 0.0)) == 101.0
    deep = Book(instrument="X", at=NOW, bids=((100.0, 1.0), (99.0, 8.0)), offers=((102.0, 1.0),))
    assert micro_price(deep) == pytest.approx(100.0 + 2.0 * 5.0 / 6.0)
    assert micro_price(deep, levels=1) == 101.0
    assert micro_price(Book(instrument="X", at=NOW, bids=((1.0, 1.0),), offers=())) is None


def test_one_venue_is_its_micro_price_and_as_doubtful_as_its_spread() -> None:
    found = composite(book("a", 99.0, 101.0))
    assert found.mid == 100.0
    assert found.doubt == pytest.approx(2.0 / math.sqrt(12.0))
    assert (found.bid, found.offer, found.age_ms, found.venues) == (99.0, 101.0, 0.0, ("a",))


def test_age_is_doubt_that_venues_share() -> None:
    second = 100.0 * SIGMA * math.sqrt(NS_PER_S / YEAR_NS)
    spread = 0.001 / math.sqrt(12.0)
    one = composite(book("a", 99.9995, 100.0005, age_ms=1000))
    assert one.doubt == pytest.approx(math.hypot(spread, second))
    two = composite(*(book(venue, 99.9995, 100.0005, age_ms=1000) for venue in "ab"))
    assert two.doubt == pytest.approx(math.hypot(spread / math.sqrt(2.0), second))
    assert two.age_ms == 1000.0


def test_narrow_deep_and_fresh_venues_count_more() -> None:
    narrow = composite(book("a", 99.9, 100.1), book("b", 100.0, 100.4))
    assert narrow.mid == pytest.approx((4 * 100.0 + 100.2) / 5)
    deep = composite(book("a", 99.9, 100.1, size=3.0), book("b", 100.0, 100.2))
    assert deep.mid == pytest.approx((3 * 100.0 + 100.1) / 4)
    fresh = composite(book("a", 99.999, 100.001), book("b", 100.003, 100.005, age_ms=4000))
    assert abs(fresh.mid - 100.0) < 0.001


def test_venues_that_disagree_make_doubt() -> None:
    agree = composite(book("a", 99.9, 100.1), book("b", 99.9, 100.1))
    apart = composite(book("a", 99.9, 100.1), book("b", 100.09, 100.29))
    assert agree.doubt == pytest.approx(0.2 / math.sqrt(24.0))
    assert apart.mid == pytest.approx(100.095)
    assert apart.doubt == pytest.approx(0.095, rel=1e-6)


def test_what_cannot_be_used_is_left_out_and_told() -> None:
    found = composite(
        book("a", 99.9, 100.1),
        book("old", 99.0, 99.2, age_ms=6000),
        book("ahead", 99.0, 99.2, age_ms=-2000),
        Book(instrument="X", at=NOW, bids=((99.0, 1.0),), offers=(), venue="half"),
    )
    assert found.venues == ("a",)
    assert found.left_out == (
        ("old", "stale: 6000 ms old"),
        ("ahead", "seen 2000 ms from now"),
        ("half", "no offers"),
    )


def test_a_crossed_venue_is_left_out() -> None:
    odd = composite(book("a", 99.9, 100.1), book("b", 99.9, 100.1), book("c", 105.0, 105.2))
    assert (odd.mid, odd.venues) == (pytest.approx(100.0), ("a", "b"))
    assert odd.left_out == (("c", "crossed with a"),)
    older = composite(book("a", 99.9, 100.1), book("b", 105.0, 105.2, age_ms=900))
    assert older.left_out == (("b", "crossed with a"),)
    slight = composite(book("a", 99.9, 100.1), book("b", 100.15, 100.35))
    assert slight.left_out == ()


def test_nothing_to_go_by_is_a_fault() -> None:
    assert fair_mid((), NOW, SIGMA) == Fault(field="books", problem="no books")
    stale = fair_mid((book("a", 1.0, 2.0, age_ms=9000), book("", 1.0, 2.0, age_ms=8000)), NOW, SIGMA)
    assert stale == Fault(field="books", problem="a: stale: 9000 ms old; book: stale: 8000 ms old")


def test_a_size_walks_through_the_levels() -> None:
    offers = ((100.0, 1.0), (101.0, 2.0), (102.0, 5.0))
    assert walk(offers, 2.0) == (100.5, 101.0, 2.0)
    assert walk(offers, 20.0) == (pytest.approx((100 + 202 + 510) / 8), 102.0, 8.0)
    assert walk(offers, 0.0) is None
    assert walk((), 1.0) is None
    coins = walk(((50_000.0, 50_000.0), (60_000.0, 60_000.0)), 110_000.0, inverse=True)
    assert coins is not None
    assert coins.average == pytest.approx(55_000.0)


def test_what_a_size_costs_beyond_the_micro_price() -> None:
    stood = Book(instrument="X", at=NOW, bids=((99.0, 1.0), (98.0, 1.0)), offers=((101.0, 1.0), (102.0, 1.0)))
    assert walk_cost_bps(stood, 2.0, buy=True) == pytest.approx(150.0)
    assert walk_cost_bps(stood, 1.0, buy=False) == pytest.approx(100.0)
    assert walk_cost_bps(stood, 3.0, buy=True) is None
