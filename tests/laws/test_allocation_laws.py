"""Laws of allocation: nothing is lost, no limit passed, all or none is all or nothing, order is kept."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from rfq.desk.allocation import Share, allocate, order
from rfq.domain.ids import PartyId, QuoteId, RfqId
from rfq.domain.lifecycle import QuoteState
from rfq.domain.policy import Allocation
from rfq.domain.quote import Quote
from rfq.domain.reasons import Reason
from rfq.domain.request import Side

D = Decimal
sides = st.sampled_from([Side.BUY, Side.SELL])


@st.composite
def quotes(draw: st.DrawFn) -> tuple[Quote, ...]:
    """Up to eight two-way quotes, many of them equal in price or time."""
    found = []
    for place in range(draw(st.integers(0, 8))):
        bid = D(draw(st.integers(-3, 3)))
        found.append(
            Quote(
                id=QuoteId(f"q{place}"),
                rfq=RfqId("r"),
                maker=PartyId(f"m{place}"),
                reference="",
                state=QuoteState.ACTIVE,
                received_at=draw(st.integers(0, 2)),
                expires_at=9,
                bid=bid,
                bid_amount=D(draw(st.integers(1, 40))) / 4,
                offer=bid + draw(st.integers(0, 2)),
                offer_amount=D(draw(st.integers(1, 40))) / 4,
                all_or_none=draw(st.booleans()),
            )
        )
    return tuple(found)


def cost(shares: tuple[Share, ...], side: Side) -> Decimal:
    """What the taker pays."""
    total = sum((share.amount * share.price for share in shares), D(0))
    return total if side is Side.BUY else -total


@settings(max_examples=400)
@given(
    quotes(),
    sides,
    st.integers(1, 12),
    st.one_of(st.none(), st.integers(-3, 4)),
    st.sampled_from(list(Allocation)),
    st.sampled_from([D("0.25"), D("0.5"), D(1)]),
)
def test_shares(
    offered: tuple[Quote, ...], side: Side, size: int, limit: int | None, mode: Allocation, step: Decimal
) -> None:
    amount, bound = D(size), D(limit) if limit is not None else None
    found = allocate(offered, side=side, amount=amount, limit=bound, mode=mode, step=step)
    ranked = order(offered, side=side, limit=bound)
    parts = [one for one in ranked if not one.quote.all_or_none]
    whole = [one for one in ranked if one.quote.all_or_none and one.amount == amount]
    room = sum((one.amount // step * step for one in parts), D(0))
    if isinstance(found, Reason):
        assert not whole
        alone = any(one.amount >= amount for one in parts)
        assert not alone if mode is Allocation.SINGLE_AON else room < amount
        return
    assert sum(share.amount for share in found) == amount
    sign = 1 if side is Side.BUY else -1
    for share in found:
        quoted, most = share.quote.price_for(side), share.quote.amount_for(side)
        assert quoted is not None and most is not None
        assert 0 < share.amount <= most and share.amount % step == 0
        assert bound is None or sign * share.price <= sign * bound
        assert sign * share.price >= sign * quoted
        assert share.price == quoted or mode is Allocation.MULTI_UNIFORM_LAST
        if share.quote.all_or_none:
            assert len(found) == 1 and share.amount == most == amount
    if mode is Allocation.SINGLE_AON:
        assert len(found) == 1
    if mode is Allocation.MULTI_UNIFORM_LAST:
        assert len({share.price for share in found}) == 1
    if whole and mode is not Allocation.SINGLE_AON:
        assert cost(found, side) <= sign * whole[0].price * amount
    places = [[one.quote.id for one in ranked].index(share.quote.id) for share in found]
    assert places == sorted(places)


@given(quotes(), sides, st.permutations(range(8)))
def test_the_order_does_not_depend_on_the_order_of_arrival_in_the_tuple(
    offered: tuple[Quote, ...], side: Side, shuffle: list[int]
) -> None:
    other = tuple(offered[place] for place in shuffle if place < len(offered))

    def ranked(some: tuple[Quote, ...]) -> list[tuple[Decimal, bool, int]]:
        found = order(some, side=side, limit=None)
        return [(one.price, one.quote.all_or_none, one.quote.received_at) for one in found]

    assert ranked(offered) == ranked(other)


@given(quotes(), sides, st.integers(1, 12))
def test_as_quoted_takes_the_cheapest_that_there_is(
    offered: tuple[Quote, ...], side: Side, size: int
) -> None:
    found = allocate(
        offered,
        side=side,
        amount=D(size),
        limit=None,
        mode=Allocation.MULTI_PAY_AS_QUOTED,
        step=D("0.25"),
    )
    if isinstance(found, Reason) or found[0].quote.all_or_none:
        return
    worst = found[-1].price
    sign = 1 if side is Side.BUY else -1
    used = {share.quote.id for share in found}
    for one in order(offered, side=side, limit=None):
        if one.quote.id not in used and not one.quote.all_or_none:
            assert sign * one.price >= sign * worst
