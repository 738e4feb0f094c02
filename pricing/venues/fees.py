"""What a venue charges for one trade, for a combination, and at expiry, in the currency in which it settles.

Fees are a ratio of notional: of the coin for options (USD index times amount when linear), of the contract for the
rest. An option's fee is capped at a share of its own value. A negative amount of money is a rebate.
"""

import math

from pricing.days import life_of
from pricing.fact import Fact, Fault
from pricing.instruments import Future, Instrument, Option, Perpetual, Spot
from pricing.venues.rows import Product, tier_of


class Fee(Fact, frozen=True, kw_only=True, tag="Fee.1"):
    """What is paid, in which currency, and whether a cap made it smaller."""

    amount: float
    currency: str
    capped: bool = False


class LegTrade(Fact, frozen=True, kw_only=True, tag="LegTrade.1"):
    """One leg of a combination as it trades: signed amount (+ bought), in the instrument's own units."""

    instrument: Instrument
    product: Product
    price: float
    index: float
    amount: float


def notional(instrument: Instrument, price: float, index: float, amount: float) -> float:
    """What a fee is a ratio of, in settle currency: never negative. `index` in quote currency per coin."""
    size = abs(amount)
    if isinstance(instrument, Option):
        return size if instrument.inverse else size * index
    if instrument.inverse:
        return size / price
    if isinstance(instrument, Perpetual | Future) and instrument.quanto is not None:
        return size * price * float(instrument.quanto)
    return size * price


def fee(
    instrument: Instrument,
    product: Product,
    *,
    price: float,
    index: float,
    amount: float,
    maker: bool = False,
    tier: str = "",
    block: bool = False,
) -> Fee | Fault:
    """The fee of one trade at a price in the instrument's own units; a block has its own rate where one is known."""
    fault = _fault_of(instrument, price, index, amount)
    if fault is not None:
        return fault
    rates = tier_of(product, tier)
    if rates is None:
        return Fault(field="tier", problem=f"{product.key} has no tier {tier}")
    rate = rates.maker if maker else rates.taker
    if block and product.block_rate is not None:
        rate = product.block_rate
    paid = rate * notional(instrument, price, index, amount)
    return _capped(instrument, paid, product.value_cap, abs(price * amount))


def combo_fee(
    trades: tuple[LegTrade, ...], *, maker: bool = False, tier: str = "", block: bool = False
) -> tuple[Fee, ...] | Fault:
    """The fees of legs traded as one, a sum for each currency, in the order in which currencies appear.

    The side (bought or sold) whose fees are smaller is given its products' discount; one that is paid a rebate keeps
    it, and there is no discount where all legs go one way.
    """
    paid: dict[str, tuple[list[tuple[float, float]], list[tuple[float, float]]]] = {}
    capped: dict[str, bool] = {}
    for place, trade in enumerate(trades):
        one = fee(
            trade.instrument,
            trade.product,
            price=trade.price,
            index=trade.index,
            amount=trade.amount,
            maker=maker,
            tier=tier,
            block=block,
        )
        if isinstance(one, Fault):
            return Fault(field=f"trades[{place}].{one.field}", problem=one.problem)
        sides = paid.setdefault(one.currency, ([], []))
        sides[trade.amount < 0].append((one.amount, trade.product.combo_discount))
        capped[one.currency] = capped.get(one.currency, False) or one.capped
    return tuple(
        [Fee(amount=_discounted(*sides), currency=name, capped=capped[name]) for name, sides in paid.items()]
    )


def delivery_fee(
    instrument: Instrument, product: Product, *, settlement: float, amount: float
) -> Fee | Fault:
    """What is charged when a contract expires at a `settlement` index; nothing on what expires worthless."""
    if isinstance(instrument, Perpetual | Spot):
        return Fault(field="instrument", problem=f"{instrument.name} does not expire")
    fault = _fault_of(instrument, settlement, settlement, amount)
    if fault is not None:
        return fault
    if life_of(instrument.expiry_at) in product.delivery_free_lives:
        return Fee(amount=0.0, currency=instrument.settle_currency)
    paid = product.delivery_rate * notional(instrument, settlement, settlement, amount)
    if isinstance(instrument, Future):
        return Fee(amount=paid, currency=instrument.settle_currency)
    strike = float(instrument.strike)
    worth = max(0.0, settlement - strike if instrument.call else strike - settlement)
    if worth == 0.0:
        return Fee(amount=0.0, currency=instrument.settle_currency)
    worth = worth / settlement if instrument.inverse else worth
    return _capped(instrument, paid, product.delivery_cap, worth * abs(amount))


def _fault_of(instrument: Instrument, price: float, index: float, amount: float) -> Fault | None:
    """The first number that is none; a price may be negative or zero only for an option."""
    for field, number in (("price", price), ("index", index), ("amount", amount)):
        if not math.isfinite(number):
            return Fault(field=field, problem=f"{number} is not finite")
    if index <= 0.0:
        return Fault(field="index", problem=f"{index} is not above zero")
    if price <= 0.0 and not isinstance(instrument, Option):
        return Fault(field="price", problem=f"{price} is not above zero")
    return None


def _capped(instrument: Instrument, paid: float, cap: float, worth: float) -> Fee:
    """A fee that is at most a share of what an option is worth."""
    if isinstance(instrument, Option) and cap > 0.0 and paid > cap * worth:
        return Fee(amount=cap * worth, currency=instrument.settle_currency, capped=True)
    return Fee(amount=paid, currency=instrument.settle_currency)


def _discounted(bought: list[tuple[float, float]], sold: list[tuple[float, float]]) -> float:
    """All fees of one currency, the cheaper side at its discount."""
    totals = [math.fsum(amount for amount, _ in side) for side in (bought, sold)]
    cheap = sold if totals[1] < totals[0] else bought
    waived = math.fsum(amount * share for amount, share in cheap if amount > 0.0)
    return totals[0] + totals[1] - waived
