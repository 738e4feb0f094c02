"""Books equal a trivial one, whatever is said to them, and both engines are equal to the bit."""

import numpy as np
import pytest
from book_cases import SCALE, Message, Pairs, Reference, compile_books, messages
from hypothesis import given, settings
from hypothesis import strategies as st

from rfq.feeds.book.arrays import ArrayBook
from rfq.feeds.book.plain import PlainBook
from rfq.feeds.compiled import engine
from rfq.feeds.levels import array

PRICES = st.one_of(st.integers(9_950, 10_050), st.integers(-200, 20_000), st.integers(-(1 << 60), 1 << 60))
SIZES = st.one_of(st.just(0), st.integers(1, 50), st.integers(1, 1 << 60))
TOLD = st.lists(st.tuples(PRICES, SIZES), max_size=12)
MESSAGES = st.lists(st.builds(Message, TOLD, TOLD, st.booleans()), max_size=12)


def agree(reference: Reference, books: list[PlainBook | ArrayBook], at: int, in_full: bool) -> bool:
    """Whether there is a look; all of them must say the same."""
    looks = [book.look(at) for book in books]
    assert all(look == looks[0] for look in looks), looks
    if in_full:
        assert looks[0] == reference.look(at)
        for side in (1, -1):
            held = reference.levels(side)
            for book in books:
                assert book.levels(side, 10**6) == held
                assert book.levels(side, 3) == held[:3]
                assert book.count(side) == len(held)
                assert book.right_to(side) == reference.right_to[side]
    else:
        reference.seen()
    return looks[0] is not None


@pytest.mark.parametrize("levels_max", [1, 3, 100])
@given(said=MESSAGES)
@settings(max_examples=60, deadline=None)
def test_any_messages_leave_books_as_they_must_be(levels_max: int, said: list[Message]) -> None:
    reference = Reference(levels_max=levels_max)
    books = [PlainBook(SCALE, levels_max), ArrayBook(SCALE, levels_max), uncompiled(levels_max)]
    for at, message in enumerate(said):
        if reference.is_too_much(message):
            for book in books:
                assert not put(book, message)
                assert book.levels(1, 10) == book.levels(-1, 10) == []
            return
        reference.put(message)
        assert all(put(book, message) for book in books)
        agree(reference, list(books), at, in_full=True)


def uncompiled(levels_max: int) -> ArrayBook:
    """The source of the compiled book as it stands, whatever this process has compiled."""
    with pytest.MonkeyPatch.context() as plainly:
        plainly.setattr(engine, "_ready", {})
        return ArrayBook(SCALE, levels_max)


def put(book: PlainBook | ArrayBook, message: Message) -> bool:
    """Tell a book."""
    if message.is_snapshot:
        return book.replace(message.bids, message.asks)
    return book.apply(message.bids, message.asks)


def follow(count: int, seed: int, levels_max: int, every: int) -> int:
    """Tell both engines and the trivial book so many random messages; how many looks there were."""
    reference = Reference(levels_max=levels_max)
    books = [PlainBook(SCALE, levels_max), ArrayBook(SCALE, levels_max)]
    seen = 0
    for at, message in enumerate(messages(np.random.default_rng(seed), count)):
        reference.put(message)
        put(books[0], message)
        # What compiled code read comes as arrays.
        put(books[1], Message(array(message.bids), array(message.asks), message.is_snapshot))
        assert books[0].is_crossed() == books[1].is_crossed()
        assert books[0].is_blind() == books[1].is_blind()
        seen += agree(reference, list(books), at, in_full=at % every == 0)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize(("levels_max", "count"), [(10_000, 30_000), (40, 20_000)])
def test_fifty_thousand_random_messages(levels_max: int, count: int, pytestconfig: pytest.Config) -> None:
    compile_books(pytestconfig)
    assert follow(count, seed=levels_max, levels_max=levels_max, every=200) > 0.9 * count


@pytest.mark.nightly
@pytest.mark.timeout(7_200)
def test_a_million_random_messages(pytestconfig: pytest.Config) -> None:
    compile_books(pytestconfig)
    for seed, levels_max in ((1, 10_000), (2, 40)):
        assert follow(500_000, seed=seed, levels_max=levels_max, every=7) > 450_000


PRICES_NEAR = st.integers(9_995, 10_005)
NEAR = st.lists(st.tuples(PRICES_NEAR, st.integers(0, 9)), min_size=1, max_size=8)


@given(before=NEAR, after=NEAR, others=NEAR)
@settings(max_examples=100, deadline=None)
def test_a_snapshot_that_goes_on_tells_what_differs(before: Pairs, after: Pairs, others: Pairs) -> None:
    told = [(price - 8, size) for price, size in before], [(price + 8, size) for price, size in others]
    books = [PlainBook(SCALE), ArrayBook(SCALE)]
    for book in books:
        book.replace(*told)
        book.look(0)
        book.replace([(price - 8, size) for price, size in after], told[1], continuous=True)
    looks = [book.look(1) for book in books]
    assert looks[0] == looks[1]
    if looks[0] is None:
        return
    old = {price: size for price, size in dict(before).items() if size}
    new = {price: size for price, size in dict(after).items() if size}
    assert (looks[0].offer.added, looks[0].offer.removed) == (0.0, 0.0)
    if not old:
        return
    known = max(min(old), min(new))
    changes = [new.get(price, 0) - old.get(price, 0) for price in {*old, *new} if price >= known]
    assert looks[0].bid.added == sum(change for change in changes if change > 0) / 1e3
    assert looks[0].bid.removed == -sum(change for change in changes if change < 0) / 1e3


def test_the_law_can_fail() -> None:
    """A book that forgets to cut is not equal to one that does."""
    reference, book = Reference(levels_max=2), PlainBook(SCALE, 3)
    message = Message([(1, 1), (2, 1), (3, 1)], [(5, 1)])
    reference.put(message)
    put(book, message)
    with pytest.raises(AssertionError):
        agree(reference, [book], 0, in_full=True)
