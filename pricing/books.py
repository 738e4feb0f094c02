"""What spot, perpetuals and futures are worth from the books of a snapshot, per unit of their own amount."""

from math import sqrt
from typing import Final, NamedTuple

from pricing.fact import Fault
from pricing.instruments import Future, Perpetual, Spot
from pricing.market import Book, MarketSnapshot, UnderlyingMarket
from pricing.mid import AHEAD_NS, fair_mid, micro_price
from pricing.units import YEAR_NS
from pricing.worth import Unpriceable

_UNIFORM: Final = 1.0 / sqrt(3.0)
"""One standard error of a fair that lies anywhere in the touch, as a share of its half spread."""


class BookWorth(NamedTuple):
    """`fair`, `half` spread and one standard error (`doubt`) in price units; `unit_usd` is USD for a price unit of the
    amount, `notional_usd` and `delta_net_usd` are those of a unit of amount, `delta_coin` is that delta in coins; `at`
    is when the price was seen.
    """

    fair: float
    half: float
    doubt: float
    at: int
    unit_usd: float
    notional_usd: float
    delta_net_usd: float
    delta_coin: float


def book_worth(
    instrument: Perpetual | Future | Spot, under: UnderlyingMarket, market: MarketSnapshot, now: int
) -> BookWorth | Unpriceable:
    """Spot, perpetual or future from its books; spot without a book is the index. A future that has expired has no
    price here.
    """
    if type(instrument) is Future and instrument.expiry_at <= now:
        return Unpriceable(reason="expired", field=instrument.name)
    quote = instrument.quote_currency
    rate = 1.0 if quote == "USD" else market.usd(quote)
    if rate is None:
        return Unpriceable(reason="no_rate", field=quote)
    name = instrument.name
    found: list[Book] = []
    for book in under.books:
        if book.instrument == name:
            found.append(book)
    if len(found) == 1 and found[0].bids and found[0].offers:
        book = found[0]
        fair = micro_price(book)
        assert fair is not None
        half, at = 0.5 * (book.offers[0][0] - book.bids[0][0]), book.at
        doubt = _UNIFORM * half
    elif found:
        several = _composite(found, now, under.sigma)
        if several is None:
            return Unpriceable(reason="no_book", field=name)
        fair, half, doubt, at = several
    elif type(instrument) is Spot:
        fair, half, doubt, at = under.index / rate, 0.0, 0.0, under.index_at
    else:
        return Unpriceable(reason="no_book", field=name)
    if instrument.inverse:
        return BookWorth(fair, half, doubt, at, rate / fair, rate, rate, 1.0 / fair)
    unit = rate
    if not isinstance(instrument, Spot) and instrument.quanto is not None:
        settle = market.usd(instrument.settle_currency)
        if settle is None:
            return Unpriceable(reason="no_rate", field=instrument.settle_currency)
        unit = float(instrument.quanto) * settle
    worth = fair * unit
    return BookWorth(fair, half, doubt, at, unit, worth, worth, unit / rate)


def _composite(books: list[Book], now: int, sigma: float) -> tuple[float, float, float, int] | None:
    """Mid, half spread, doubt and instant of several venues' books, as of the freshest whose clock is not ahead: what
    has passed since then is the price's age, and no part of this doubt.
    """
    seen = [book for book in books if book.at - now <= AHEAD_NS]
    if not seen:
        return None
    at = max([book.at for book in seen])
    found = fair_mid(tuple(seen), at, sigma)
    if isinstance(found, Fault):
        return None
    return found.mid, max(0.0, 0.5 * (found.offer - found.bid)), found.doubt, at


def hedge_gain(
    instrument: Perpetual | Future | Spot, found: BookWorth, ratio: float, fixed: float, coin_usd: float
) -> float:
    """USD that a hedge at a fixed price is worth: what it gains to fair; inverse ones gain N (1/F0 - 1/F1) coin."""
    if instrument.inverse:
        return ratio * (found.fair - fixed) / (fixed * found.fair) * coin_usd
    return ratio * (found.fair - fixed) * found.unit_usd


def expiry_years(instrument: Perpetual | Future | Spot, now: int) -> float:
    """Years to expiry; zero where there is none."""
    return (instrument.expiry_at - now) / YEAR_NS if type(instrument) is Future else 0.0
