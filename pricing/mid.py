"""Where the market stands: the micro-price of a book, the composite of several venues with its doubt, and what a size
pays that walks through the levels.

A venue's micro-price lies inside its touch, nearer to the side with less size. Its error is taken as that of a number
anywhere in the touch (spread squared / 12), more for a venue with less depth than the others, plus what the price may
have moved since the venue was seen. Venues count by the inverse of that variance. When they disagree more than their
errors say, the doubt of the composite grows by as much (Birge); what passed since the freshest one was seen is an
error of all of them, and is not averaged away.
"""

from math import fsum, sqrt
from typing import Final, NamedTuple

from pricing.fact import Fault
from pricing.market import Book, Level
from pricing.units import NS_PER_MS, NS_PER_S, YEAR_NS

LEVELS: Final = 3
_FADE: Final = 0.5
STALE_NS: Final = 5 * NS_PER_S
AHEAD_NS: Final = NS_PER_S
"""A book seen later than this after now has a wrong clock."""
_DEPTH_RATIO_MAX: Final = 16.0
_CROSS_ERRORS: Final = 3.0


class FairMid(NamedTuple):
    """The composite mid, one standard error of it, the best bid and offer of the venues used, the age of the freshest,
    the names of the venues used, and those left out with the reason.
    """

    mid: float
    doubt: float
    bid: float
    offer: float
    age_ms: float
    venues: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


class Walked(NamedTuple):
    """What taking a size found: average price, worst price, and the size that was there (at most what was asked)."""

    average: float
    worst: float
    filled: float


class _Seen(NamedTuple):
    """One venue as it counts."""

    venue: str
    at: int
    micro: float
    bid: float
    offer: float
    depth: float


def micro_price(book: Book, levels: int = LEVELS) -> float | None:
    """The micro-price from the first `levels` of each side, each half as heavy as the one before.

    With one level it is (bid * offer size + offer * bid size) / both sizes. None without two sides; the plain mid when
    no sizes are told.
    """
    if not book.bids or not book.offers:
        return None
    bid, offer = book.bids[0][0], book.offers[0][0]
    bought, sold = _faded(book.bids, levels), _faded(book.offers, levels)
    size = bought + sold
    return bid + (offer - bid) * (bought / size) if size > 0.0 else 0.5 * (bid + offer)


def _faded(side: tuple[Level, ...], levels: int) -> float:
    """The size of a side's first levels, fading."""
    weight, total = 1.0, 0.0
    for _, size in side[:levels]:
        total += weight * size
        weight *= _FADE
    return total


def fair_mid(
    books: tuple[Book, ...], now: int, sigma: float, stale_ns: int = STALE_NS, levels: int = LEVELS
) -> FairMid | Fault:
    """The composite of one instrument's books at `now`; `sigma` (a decimal a year) says how fast they age.

    A one-sided book, a stale one and one with a clock ahead are left out. Where one venue's bid is above another's
    offer by more than their errors allow, the one further from the others, or of two the older, is left out.
    """
    seen: list[_Seen] = []
    left_out: list[tuple[str, str]] = []
    for book in books:
        problem = _unusable(book, now, stale_ns)
        micro = micro_price(book, levels)
        if problem or micro is None:
            left_out.append((book.venue, problem))
            continue
        depth = _faded(book.bids, levels) + _faded(book.offers, levels)
        seen.append(_Seen(book.venue, book.at, micro, book.bids[0][0], book.offers[0][0], depth))
    seen = _uncrossed(seen, sigma, left_out)
    if not seen:
        told = "; ".join([f"{venue or 'book'}: {why}" for venue, why in left_out]) or "no books"
        return Fault(field="books", problem=told)
    return _composite(seen, now, sigma, tuple(left_out))


def _unusable(book: Book, now: int, stale_ns: int) -> str:
    """Why a book does not count, "" when it does."""
    if not book.bids or not book.offers:
        return "no bids" if not book.bids else "no offers"
    if book.at - now > AHEAD_NS:
        return f"seen {(book.at - now) / NS_PER_MS:.0f} ms from now"
    if now - book.at > stale_ns:
        return f"stale: {(now - book.at) / NS_PER_MS:.0f} ms old"
    return ""


def _uncrossed(seen: list[_Seen], sigma: float, left_out: list[tuple[str, str]]) -> list[_Seen]:
    """The venues without those that cannot be right beside the others; tells whom it leaves out."""
    while len(seen) > 1:
        high = max(seen, key=lambda one: one.bid)
        low = min(seen, key=lambda one: one.offer)
        moved = high.micro * sigma * sqrt(abs(high.at - low.at) / YEAR_NS)
        allowed = _CROSS_ERRORS * moved + 0.5 * ((high.offer - high.bid) + (low.offer - low.bid))
        if high.bid - low.offer <= allowed:
            return seen
        middle = sorted([one.micro for one in seen])[len(seen) // 2]
        if len(seen) > 2:
            out = high if abs(high.micro - middle) >= abs(low.micro - middle) else low
        else:
            out = high if high.at < low.at else low
        other = low if out is high else high
        left_out.append((out.venue, f"crossed with {other.venue or 'another book'}"))
        seen = [one for one in seen if one is not out]
    return seen


def _composite(seen: list[_Seen], now: int, sigma: float, left_out: tuple[tuple[str, str], ...]) -> FairMid:
    """The weighted mean of the venues and its doubt."""
    freshest = max([one.at for one in seen])
    age_ns = max(0, now - freshest)
    depth = fsum([one.depth for one in seen]) / len(seen)
    weights = []
    for one in seen:
        thin = depth / one.depth if one.depth > 0.0 else _DEPTH_RATIO_MAX
        thin = min(max(thin, 1.0 / _DEPTH_RATIO_MAX), _DEPTH_RATIO_MAX) if depth > 0.0 else 1.0
        spread = one.offer - one.bid
        floor = one.micro * 1e-9
        variance = (spread * spread / 12.0 + floor * floor) * thin
        variance += one.micro * one.micro * sigma * sigma * ((freshest - one.at) / YEAR_NS)
        weights.append(1.0 / variance)
    total = fsum(weights)
    mid = fsum([weight * one.micro for weight, one in zip(weights, seen, strict=True)]) / total
    apart = 0.0
    for weight, one in zip(weights, seen, strict=True):
        apart += weight * (one.micro - mid) * (one.micro - mid)
    birge = max(1.0, apart / (len(seen) - 1)) if len(seen) > 1 else 1.0
    aged = mid * mid * sigma * sigma * (age_ns / YEAR_NS)
    return FairMid(
        mid=mid,
        doubt=sqrt(birge / total + aged),
        bid=max([one.bid for one in seen]),
        offer=min([one.offer for one in seen]),
        age_ms=age_ns / NS_PER_MS,
        venues=tuple([one.venue for one in seen]),
        left_out=left_out,
    )


def walk(side: tuple[Level, ...], amount: float, inverse: bool = False) -> Walked | None:
    """What `amount` pays that takes a book's side from the best level on; None when nothing is there or asked.

    The average of an inverse contract, whose amount is in USD, is that of the coins: the harmonic mean.
    """
    left, paid, worst = amount, 0.0, 0.0
    for price, size in side:
        if left <= 0.0:
            break
        taken = size if size < left else left
        if taken > 0.0:
            paid += taken / price if inverse else taken * price
            left -= taken
            worst = price
    filled = amount - left
    if filled <= 0.0 or paid <= 0.0:
        return None
    return Walked(filled / paid if inverse else paid / filled, worst, filled)


def walk_cost_bps(book: Book, amount: float, buy: bool, inverse: bool = False) -> float | None:
    """What taking `amount` costs beyond the micro-price, in bps of it; None when the book does not hold so much."""
    micro = micro_price(book)
    walked = walk(book.offers if buy else book.bids, amount, inverse)
    if micro is None or walked is None or walked.filled < amount:
        return None
    return (walked.average / micro - 1.0) * (1e4 if buy else -1e4)
