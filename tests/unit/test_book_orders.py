"""Books by order: queues, the levels they make, and a keeper that is told orders."""

from msgspec.structs import replace

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import BookKeeper
from rfq.feeds.book.orders import Orders
from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid, OrderSaid


def order(name: str, side: int, price: int, size: int, last: int = 0) -> OrderSaid:
    """What a venue says of one order."""
    return OrderSaid(
        venue="v",
        symbol="s",
        received_at=last,
        exchange_at=0,
        order=name,
        side=side,
        price=price,
        size=size,
        last=last,
    )


def test_orders_stand_in_line() -> None:
    orders = Orders()
    assert orders.put([order("a", 1, 100, 5), order("b", 1, 100, 3), order("c", -1, 101, 1)]) == (
        [(100, 5), (100, 8)],
        [(101, 1)],
    )
    assert orders.at(1, 100) == [("a", 5), ("b", 3)] and orders.ahead("b") == 5 and orders.ahead("x") is None
    assert orders.put([order("a", 1, 100, 2)]) == ([(100, 5)], [])
    assert orders.at(1, 100) == [("a", 2), ("b", 3)]
    orders.put([order("a", 1, 100, 4)])  # it grew: to the end of the line
    assert orders.at(1, 100) == [("b", 3), ("a", 4)]
    assert orders.put([order("b", 1, 99, 3)]) == ([(100, 4), (99, 3)], [])
    assert orders.put([order("a", 1, 100, 0)]) == ([(100, 0)], [])
    assert orders.at(1, 100) == [] and orders.count == 2


def test_an_order_that_was_never_known_may_go() -> None:
    orders = Orders()
    assert orders.put([order("x", 1, 100, 0)]) == ([], [])
    assert orders.count == 0


def test_orders_that_cannot_be_are_refused() -> None:
    assert isinstance(Orders().put([order("x", 1, 100, -1)]), str)
    assert isinstance(Orders().put([order("x", 0, 100, 1)]), str)
    assert Orders(1).put([order("x", 1, 100, 1), order("y", 1, 100, 1)]) == "more than 1 orders"


def test_a_keeper_makes_levels_of_orders() -> None:
    keeper = BookKeeper(rules.BYBIT, "s", Scale(0, 0))
    begin = BookSaid(
        venue="v",
        symbol="s",
        received_at=1,
        exchange_at=1,
        is_snapshot=True,
        bids=[],
        asks=[],
        last=10,
        orders=(order("a", 1, 1_000, 5), order("b", 1, 1_000, 2), order("c", -1, 1_001, 4)),
    )
    look = keeper.take(begin)
    assert look is not None and (look.bid.size, look.offer.size) == (7.0, 4.0)
    assert keeper.take(order("d", 1, 1_000, 1, last=12)) is None  # too early
    look = keeper.take(order("a", 1, 1_000, 0, last=11))
    assert look is not None and look.bid.size == 3.0
    assert keeper.orders.at(1, 1_000) == [("b", 2), ("d", 1)]
    assert keeper.take(order("e", 1, 1_000, 1, last=90)) is None
    keeper.broke(100, "link")
    assert keeper.orders.count == 0
    assert keeper.take(replace(begin, last=95, received_at=101)) is not None
    assert keeper.levels(1) == [(1_000, 7)]


def test_too_many_orders_are_a_gap() -> None:
    keeper = BookKeeper(rules.UNNUMBERED, "s", Scale(0, 0), orders_max=1)
    said = BookSaid(
        venue="v",
        symbol="s",
        received_at=1,
        exchange_at=1,
        is_snapshot=True,
        bids=[],
        asks=[],
        last=10,
        orders=(order("a", 1, 1_000, 5), order("b", 1, 1_000, 2)),
    )
    assert keeper.take(said) is None and "more than 1 orders" in keeper.why
