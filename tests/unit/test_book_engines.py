"""What both engines must do at the edges: growth, cuts, sums that are too large, sides that are empty, odd mids."""

from collections.abc import Callable

import pytest
from book_cases import compile_books

from rfq.feeds.book.arrays import ArrayBook
from rfq.feeds.book.book import Book, new_book
from rfq.feeds.book.plain import PlainBook
from rfq.feeds.compiled import engine
from rfq.feeds.levels import Scale

SCALE = Scale(1, 0)
Maker = Callable[..., Book]


@pytest.fixture(params=["plain", "arrays", "compiled"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """A book of one engine; "arrays" is the compiled one's source as it stands."""
    if request.param == "compiled":
        compile_books(request.config)
        return ArrayBook
    monkeypatch.setattr(engine, "_ready", {})
    return PlainBook if request.param == "plain" else ArrayBook


def test_the_engine_is_the_compiled_one_once_it_is_there(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as plainly:
        plainly.setattr(engine, "_ready", {})
        assert isinstance(new_book(), PlainBook)
    compile_books(pytestconfig)
    assert isinstance(new_book(), ArrayBook)
    assert engine.warm() == "compiled already"


def test_it_grows_with_what_is_told_and_no_further(make: Maker) -> None:
    book = make(SCALE, 3_000)
    assert book.apply([(price, 1) for price in range(1, 2_501)], [])
    assert book.apply([(price, 2) for price in range(5_000, 2_500, -1)], [(6_000, 1)])
    assert book.count(1) == 3_000 and book.right_to(1) == 2_000
    assert book.levels(1, 2) == [(5_000, 2), (4_999, 2)]
    assert book.levels(1, 3_000)[-1] == (2_001, 1)
    assert book.right_to(-1) is None
    for _ in range(5):  # levels that come and go far out need no more room
        assert book.apply([(price, 1) for price in range(1, 500)], [])
        assert book.apply([(price, 0) for price in range(1, 500)], [])
    assert book.count(1) == 3_000 and not book.is_blind()


def test_a_snapshot_is_cut_too(make: Maker) -> None:
    book = make(SCALE, 2)
    assert book.replace([(1, 1), (3, 3), (2, 2)], [(9, 1), (7, 1)])
    assert book.levels(1, 9) == [(3, 3), (2, 2)] and book.right_to(1) == 1
    assert book.right_to(-1) is None
    assert book.replace([(3, 1), (2, 1)], [(7, 1)], levels_most=2)
    assert (book.right_to(1), book.right_to(-1)) == (1, None)


def test_sizes_that_add_up_to_too_much_empty_it(make: Maker) -> None:
    book, large = make(SCALE), (1 << 61) - 1
    told = [(1, large), (2, large), (3, large)]
    assert book.apply(told[:2], [(4, 1)])
    assert not book.apply(told[2:], [])
    assert book.levels(1, 9) == book.levels(-1, 9) == [] and not book.is_crossed()
    assert not book.replace(told, [(4, 1)])
    assert book.count(1) == book.count(-1) == 0
    assert book.replace(told[:2], [(4, 1)])
    assert book.apply([(1, 0), (3, large)], [])


def test_there_is_no_look_at_half_a_book_or_at_a_mid_of_nothing(make: Maker) -> None:
    book = make(SCALE)
    assert book.look(0) is None and book.touch() is None
    assert book.apply([(10, 1)], [])
    assert book.look(0) is None and book.touch() is None and not book.is_blind()
    assert book.apply([], [(10, 2)])
    assert book.is_crossed() and book.look(0) is None
    assert book.touch() == (10, 1, 10, 2)
    assert book.apply([(10, 0), (-20, 1)], [])
    assert not book.is_crossed() and book.look(0) is None  # the mid is below zero
    assert book.apply([], [(21, 1), (10, 0)])
    look = book.look(7)
    assert look is not None
    assert (look.at, look.changes, look.bid.price, look.offer.price) == (7, 6, -2.0, 2.1)
    assert look.bid.bands == (0.0,) * 5 and look.bid.slope_bps == look.bid.largest == 0.0
    assert look.bid.levels == (1.0, 1.0, 1.0)


def test_what_hides_counts_from_there_outwards(make: Maker) -> None:
    book = make(SCALE)
    book.apply([(10, 1), (9, 1)], [(11, 1)])
    book.hide(1, 9)
    book.hide(1, 5)
    assert book.right_to(1) == 9 and not book.is_blind()
    book.hide(-1, 11)
    assert book.right_to(-1) == 11 and book.is_blind()
    book.clear()
    assert book.right_to(1) is None and not book.is_blind()


def test_pulled_is_what_went_where_nothing_can_have_traded(make: Maker) -> None:
    book = make(Scale(0, 0))
    book.replace([(100_000, 5), (99_999, 5), (99_998, 5), (99_000, 9)], [(100_001, 5)])
    book.look(0)
    # The touch is hit and the next one swept: only what stood behind both touches was pulled.
    book.apply([(100_000, 0), (99_999, 0), (99_998, 4), (99_997, 8), (99_997, 6), (99_000, 0)], [])
    look = book.look(1)
    assert look is not None
    assert (look.bid.added, look.bid.removed, look.bid.pulled) == (8.0, 13.0, 2.0)
    assert (look.bid.price, look.bid.largest_price, look.bid.largest) == (99_998.0, 99_997.0, 6.0)
    again = book.look(2)
    assert again is not None and (again.bid.added, again.bid.removed, again.changes) == (0.0, 0.0, 0)
