"""Spreading an acceptance over quotes: the venues' cases, by number, and what does not add up."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from rfq.desk.allocation import Share, allocate, order
from rfq.domain.ids import PartyId, QuoteId, RfqId
from rfq.domain.lifecycle import QuoteState
from rfq.domain.policy import Allocation
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

D = Decimal
UNIFORM, QUOTED = Allocation.MULTI_UNIFORM_LAST, Allocation.MULTI_PAY_AS_QUOTED
SINGLE, PRO_RATA = Allocation.SINGLE_AON, Allocation.PRO_RATA


def quote(name: str, price: str, amount: str, at: int = 0, whole: bool = False, bid: bool = False) -> Quote:
    """A one-sided quote."""
    sides = (
        {"bid": D(price), "bid_amount": D(amount)} if bid else {"offer": D(price), "offer_amount": D(amount)}
    )
    return Quote(
        id=QuoteId(name),
        rfq=RfqId("r"),
        maker=PartyId(name),
        reference=name,
        state=QuoteState.ACTIVE,
        received_at=at,
        expires_at=10**18,
        all_or_none=whole,
        **sides,
    )


def spread(
    *quotes: Quote,
    mode: Allocation = UNIFORM,
    amount: str = "100",
    limit: str | None = None,
    side: Side = Side.BUY,
    step: str = "1",
) -> list[tuple[str, str, str]] | Reason:
    """(maker, amount, price) of each share."""
    found = allocate(
        quotes, side=side, amount=D(amount), limit=D(limit) if limit else None, mode=mode, step=D(step)
    )
    if isinstance(found, Reason):
        return found
    assert all(isinstance(share, Share) for share in found)
    return [(share.quote.maker, f"{share.amount:f}", f"{share.price:f}") for share in found]


def test_9_all_or_none_goes_first_at_the_same_price_though_it_came_later() -> None:
    for mode in (UNIFORM, QUOTED, SINGLE):
        shares = spread(quote("a", "11", "100", 0), quote("b", "11", "100", 1, whole=True), mode=mode)
        assert shares == [("b", "100", "11")]


@pytest.mark.parametrize(("mode", "first"), [(UNIFORM, "11"), (QUOTED, "10")])
def test_10_two_makers_fill_one_request(mode: Allocation, first: str) -> None:
    shares = spread(quote("a", "10", "60"), quote("b", "11", "60"), mode=mode, limit="11")
    assert shares == [("a", "60", first), ("b", "40", "11")]


def test_11_what_is_not_fully_filled_is_not_filled() -> None:
    for mode in Allocation:
        reason = spread(quote("a", "10", "60"), mode=mode)
        assert isinstance(reason, Reason) and reason.code is Code.NOT_FULLY_FILLED
    outside = spread(quote("a", "10", "60"), quote("b", "11", "60"), limit="10.5")
    assert isinstance(outside, Reason)


def test_25_one_maker_alone_price_then_time() -> None:
    assert isinstance(spread(quote("a", "10", "60"), quote("b", "10", "60"), mode=SINGLE), Reason)
    early, late = quote("z", "10", "100", 1), quote("a", "10", "150", 2)
    assert spread(late, early, mode=SINGLE) == [("z", "100", "10")]
    assert spread(quote("a", "10", "60"), quote("b", "12", "100"), mode=SINGLE) == [("b", "100", "12")]
    assert spread(quote("x", "9", "150", whole=True), quote("b", "12", "100"), mode=SINGLE) == [
        ("b", "100", "12")
    ], "all or none of 150 is not 100"


def test_all_or_none_takes_part_alone_and_only_if_it_is_not_dearer() -> None:
    parts = (quote("a", "10", "60"), quote("b", "11", "60"))
    whole = quote("w", "10.4", "100", whole=True)
    assert spread(*parts, whole, mode=QUOTED) == [("w", "100", "10.4")], "at the same cost"
    assert spread(*parts, whole, mode=UNIFORM) == [("w", "100", "10.4")], "cheaper than 11 for all"
    dearer = quote("w", "11.5", "100", whole=True)
    assert spread(*parts, dearer, mode=UNIFORM) == [("a", "60", "11"), ("b", "40", "11")]
    small = quote("w", "9", "60", whole=True)
    assert spread(*parts, small, mode=UNIFORM) == [("a", "60", "11"), ("b", "40", "11")]


def test_a_seller_wants_the_highest_bid() -> None:
    bids = (quote("a", "10", "60", bid=True), quote("b", "9", "60", bid=True), quote("c", "11", "99"))
    assert spread(*bids, side=Side.SELL) == [("a", "60", "9"), ("b", "40", "9")]
    assert isinstance(spread(*bids, side=Side.SELL, limit="9.5"), Reason)
    whole = quote("w", "9.5", "100", whole=True, bid=True)
    assert spread(*bids, whole, side=Side.SELL, mode=UNIFORM) == [("w", "100", "9.5")]


def test_pro_rata_gives_each_its_part_in_whole_steps_and_the_rest_to_the_best() -> None:
    shares = spread(quote("a", "10", "60"), quote("b", "11", "60"), quote("c", "12", "60"), mode=PRO_RATA)
    assert shares == [("a", "34", "10"), ("b", "33", "11"), ("c", "33", "12")]
    tens = spread(quote("a", "10", "60"), quote("b", "11", "60"), mode=PRO_RATA, step="10")
    assert tens == [("a", "50", "10"), ("b", "50", "11")]
    tight = spread(quote("a", "10", "70"), quote("b", "11", "30"), mode=PRO_RATA, step="10")
    assert tight == [("a", "70", "10"), ("b", "30", "11")]


def test_amounts_off_the_step_are_cut_to_it() -> None:
    off = (quote("a", "10", "64"), quote("b", "11", "9"), quote("c", "12", "60"))
    for mode in (UNIFORM, QUOTED, PRO_RATA):
        shares = spread(*off, mode=mode, step="10")
        assert not isinstance(shares, Reason)
        assert all(D(amount) % 10 == 0 for _, amount, _ in shares)
        assert "b" not in [maker for maker, _, _ in shares]


def test_a_net_credit_is_a_price_like_any_other() -> None:
    shares = spread(quote("a", "-5", "60"), quote("b", "-6", "60"))
    assert shares == [("b", "60", "-5"), ("a", "40", "-5")]


def test_the_order_is_price_all_or_none_time() -> None:
    quotes = (
        quote("late", "10", "1", 3),
        quote("dear", "11", "1", 0),
        quote("early", "10", "1", 1),
        quote("whole", "10", "1", 9, whole=True),
    )
    assert [
        one.quote.id
        for one in order((quotes[0], replace(quotes[0], id=QuoteId("a"))), side=Side.BUY, limit=None)
    ] == ["late", "a"]
    found = [one.quote.id for one in order(quotes, side=Side.BUY, limit=None)]
    assert found == ["whole", "early", "late", "dear"]
