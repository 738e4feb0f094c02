"""Spreading an acceptance over quotes. Pure. The order is price, all-or-none first, then time."""

from decimal import Decimal
from typing import NamedTuple

from rfq.domain.checkers import plain_decimal
from rfq.domain.policy import Allocation
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side

_BUY = Side.BUY


class Share(NamedTuple):
    """How much of an acceptance one quote gets, and at what price."""

    quote: Quote
    amount: Decimal
    price: Decimal


class _Offered(NamedTuple):
    quote: Quote
    amount: Decimal
    price: Decimal


def allocate(
    quotes: tuple[Quote, ...],
    *,
    side: Side,
    amount: Decimal,
    limit: Decimal | None,
    mode: Allocation,
    step: Decimal,
) -> tuple[Share, ...] | Reason:
    """Shares that add up to exactly `amount` (a multiple of `step`), or a Reason: nothing is traded in part.

    A quote for all or none takes part only alone and with the whole amount. Where both a single all-or-none quote and
    a mixture would do, the cheaper for the taker is taken; at equal cost the all-or-none quote.
    """
    offered = order(quotes, side=side, limit=limit)
    whole = next((one for one in offered if _fills_whole(one, amount)), None)
    if mode is Allocation.SINGLE_AON:
        shares: tuple[Share, ...] = (Share(whole.quote, amount, whole.price),) if whole else ()
    else:
        parts = [
            one._replace(amount=one.amount // step * step) for one in offered if not one.quote.all_or_none
        ]
        shares = _pro_rata(parts, amount, step) if mode is Allocation.PRO_RATA else _walk(parts, amount, mode)
        alone = next((one for one in offered if one.quote.all_or_none and one.amount == amount), None)
        if alone is not None and (not shares or not _cheaper(shares, alone.price * amount, side)):
            shares = (Share(alone.quote, amount, alone.price),)
    if not shares:
        return Reason(
            code=Code.NOT_FULLY_FILLED,
            field="amount",
            detail=f"the quotes inside the limit do not add up to {plain_decimal(amount)}",
        )
    return shares


def order(quotes: tuple[Quote, ...], *, side: Side, limit: Decimal | None) -> list[_Offered]:
    """Quotes with a price for a taker on `side`, inside `limit`, best first."""
    sign = 1 if side is _BUY else -1
    offered = []
    for quote in quotes:
        price, amount = quote.price_for(side), quote.amount_for(side)
        if price is None or amount is None or (limit is not None and sign * price > sign * limit):
            continue
        offered.append(_Offered(quote, amount, price))
    # the sort is stable: of equal instants, the one that came first
    offered.sort(key=lambda one: (sign * one.price, not one.quote.all_or_none, one.quote.received_at))
    return offered


def _fills_whole(one: _Offered, amount: Decimal) -> bool:
    return one.amount == amount if one.quote.all_or_none else one.amount >= amount


def _cheaper(shares: tuple[Share, ...], cost: Decimal, side: Side) -> bool:
    total = sum((share.amount * share.price for share in shares), Decimal(0))
    return total < cost if side is _BUY else total > cost


def _walk(parts: list[_Offered], amount: Decimal, mode: Allocation) -> tuple[Share, ...]:
    """Best price first until the amount is reached; at the last price for all, or each as quoted."""
    left = amount
    taken: list[Share] = []
    for one in parts:
        if left <= 0:
            break
        size = min(left, one.amount)
        if not size:
            continue
        taken.append(Share(one.quote, size, one.price))
        left -= size
    if left > 0:
        return ()
    if mode is Allocation.MULTI_UNIFORM_LAST:
        last = taken[-1].price
        return tuple(Share(share.quote, share.amount, last) for share in taken)
    return tuple(taken)


def _pro_rata(parts: list[_Offered], amount: Decimal, step: Decimal) -> tuple[Share, ...]:
    """Each quote its part of the total offered, cut to the step; what is left over goes out in order, best first."""
    total = sum((one.amount for one in parts), Decimal(0))
    if total < amount:
        return ()
    sizes = [min(one.amount, (amount * one.amount) // (total * step) * step) for one in parts]
    left = amount - sum(sizes, Decimal(0))
    for index, one in enumerate(parts):
        more = min(left, one.amount - sizes[index])
        sizes[index] += more
        left -= more
    return tuple(
        Share(one.quote, size, one.price) for one, size in zip(parts, sizes, strict=True) if size > 0
    )
