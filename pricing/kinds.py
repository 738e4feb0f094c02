"""The standard kinds of structure, each told by its bought form.

A structure is tried as it is (bought) and with all signs turned (sold). Bought means paying a premium where one is
paid: the call spread that is long the lower strike, the put spread that is long the higher one, the calendar that is
long the later expiry, the butterfly that is long its wings, and the iron butterfly that is long its body. Wings must be
equally wide and ratios exact; a ratio spread has no ratio above ten.

A contract in USD matches an option on a coin when it is as many USD as the strike (what locks a conversion in) or as
the coin costs at the hedge's price, within 1 %; covered options and collars in a USD contract without a price take
anything between half and twice the strike.
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from pricing.instruments import Future, Instrument, Option
from pricing.units import plain

_NEAR: Final = Decimal("0.01")
_ROUGHLY: Final = 2
_RATIO_MAX: Final = 10
"""Beyond this a spread's ratio is odd, not a ratio spread's."""


class Piece(NamedTuple):
    """One leg, or the hedge with its price, in the order in which kinds are read."""

    outright: bool
    expiry_at: int
    strike: Decimal
    call: bool
    name: str
    ratio: Decimal
    price: Decimal
    instrument: Instrument


Pieces: TypeAlias = tuple[Piece, ...]
_Named: TypeAlias = tuple[str, str] | None
"""A kind, and how it is said."""


def match(pieces: Pieces) -> tuple[str, str, bool] | None:
    """The kind of sorted pieces, how it is said, and whether it is bought; None when they are none."""
    options = tuple([one for one in pieces if not one.outright])
    outrights = tuple([one for one in pieces if one.outright])
    if not _kindred(options, outrights):
        return None
    matcher = _MATCHERS.get((len(options), len(outrights)))
    for bought in (True, False):
        mine = options if bought else _turned(options)
        others = outrights if bought else _turned(outrights)
        named = matcher(mine, others) if matcher is not None else None
        named = named or _strip(mine or others if not (mine and others) else ())
        if named is not None:
            return *named, bought
    return None


def _turned(pieces: Pieces) -> Pieces:
    """The same pieces with their signs turned."""
    return tuple([one._replace(ratio=-one.ratio) for one in pieces])


def _kindred(options: Pieces, outrights: Pieces) -> bool:
    """One underlying, no two pieces in one instrument, options settled alike, and fixed multipliers only alone."""
    every = [one.instrument for one in options + outrights]
    if len({one.underlying for one in every}) > 1 or len({one.name for one in every}) < len(every):
        return False
    if len(every) > 1 and any(getattr(one, "quanto", None) is not None for one in every):
        return False
    settled = {(one.instrument.inverse, one.instrument.settle_currency) for one in options}
    return len(settled) <= 1


def _one_option(options: Pieces, _: Pieces) -> _Named:
    """A call or a put."""
    word = kind_word(options[0])
    return (word, word) if options[0].ratio > 0 else None


def _one_outright(_: Pieces, outrights: Pieces) -> _Named:
    """A future, a perpetual or spot."""
    word = type(outrights[0].instrument).__name__.lower()
    return (word, word) if outrights[0].ratio > 0 else None


def _two_outrights(_: Pieces, outrights: Pieces) -> _Named:
    """A future spread: long the later one, short as much of the earlier one."""
    near, far = outrights
    alike = near.instrument.inverse == far.instrument.inverse and near.expiry_at < far.expiry_at
    return ("future_spread", "future spread") if alike and far.ratio == -near.ratio > 0 else None


def _two_options(options: Pieces, _: Pieces) -> _Named:
    """Vertical, ratio, calendar and diagonal spreads; straddles, strangles and risk reversals."""
    first, second = options
    if first.expiry_at == second.expiry_at:
        return _vertical(first, second) if first.call == second.call else _call_and_put(options)
    if first.call != second.call or not second.ratio == -first.ratio > 0:
        return None
    kind = "calendar" if first.strike == second.strike else "diagonal"
    return kind, f"{kind_word(first)} {kind}"


def _vertical(low: Piece, high: Piece) -> _Named:
    """A call or put spread or ratio spread: long the strike that is nearer to the money."""
    near, far = (low, high) if low.call else (high, low)
    if low.strike == high.strike or not near.ratio > 0 > far.ratio:
        return None
    word = kind_word(low)
    if near.ratio == -far.ratio:
        return f"{word}_spread", f"{word} spread"
    if max(near.ratio, -far.ratio) > _RATIO_MAX:
        return None
    return "ratio_spread", f"{plain(near.ratio)}x{plain(-far.ratio)} {word} ratio spread"


def _call_and_put(options: Pieces) -> _Named:
    """A call and a put of one expiry."""
    call, put = (options[0], options[1]) if options[0].call else (options[1], options[0])
    if call.ratio == put.ratio > 0:
        kind = "straddle" if call.strike == put.strike else "strangle" if call.strike > put.strike else "guts"
        return kind, kind
    if call.ratio == -put.ratio > 0 and call.strike >= put.strike:
        synthetic = call.strike == put.strike
        return ("synthetic", "synthetic future") if synthetic else ("risk_reversal", "risk reversal")
    if call.strike == put.strike and call.ratio > 0:
        if put.ratio == 2 * call.ratio:
            return "strip", "strip"
        if call.ratio == 2 * put.ratio:
            return "strap", "strap"
    return None


def _three_options(options: Pieces, _: Pieces) -> _Named:
    """A butterfly of calls or of puts: long the wings."""
    low, body, high = options
    alike = low.call == body.call == high.call and low.expiry_at == high.expiry_at
    even = body.strike - low.strike == high.strike - body.strike > 0
    if not (alike and even and low.ratio == high.ratio > 0 and body.ratio == -2 * low.ratio):
        return None
    word = kind_word(low)
    return f"{word}_butterfly", f"{word} butterfly"


def _four_options(options: Pieces, _: Pieces) -> _Named:
    """Condors, iron butterflies and condors, boxes and jelly rolls: ratios all of one size."""
    size = abs(options[0].ratio)
    if any(abs(one.ratio) != size for one in options):
        return None
    strikes = [one.strike for one in options]
    shape = "".join([f"{'+' if one.ratio > 0 else '-'}{'C' if one.call else 'P'}" for one in options])
    if options[0].expiry_at != options[3].expiry_at:
        pairs = options[0].expiry_at == options[1].expiry_at and options[2].expiry_at == options[3].expiry_at
        rolls = pairs and len(set(strikes)) == 1 and shape == "+P-C-P+C"
        return ("jelly_roll", "jelly roll") if rolls else None
    if shape == "-P+C+P-C" and strikes[0] == strikes[1] < strikes[2] == strikes[3]:
        return "box", "box"
    if strikes[1] - strikes[0] != strikes[3] - strikes[2] or not strikes[1] > strikes[0]:
        return None
    if shape in ("+C-C-C+C", "+P-P-P+P") and strikes[1] < strikes[2]:
        word = kind_word(options[0])
        return f"{word}_condor", f"{word} condor"
    if shape != "-P+P+C-C":
        return None
    if strikes[1] == strikes[2]:
        return "iron_butterfly", "iron butterfly"
    return "iron_condor", "iron condor"


def _covered(options: Pieces, outrights: Pieces) -> _Named:
    """A covered call (long the underlying) or put (short it): the option sold."""
    option, under = options[0], outrights[0]
    kind = f"covered_{kind_word(option)}"
    covers = under.ratio > 0 if option.call else under.ratio < 0
    if not (option.ratio < 0 and covers and _reaches(under, option.expiry_at)):
        return None
    return (kind, kind.replace("_", " ")) if _as_much(under, options, rough=True) else None


def _pair_and_outright(options: Pieces, outrights: Pieces) -> _Named:
    """A conversion or a collar: long the underlying, long a put, short a call at the same or a higher strike."""
    under = outrights[0]
    put, call = options
    if put.call or not call.call or put.expiry_at != call.expiry_at:
        return None
    if not (put.ratio == -call.ratio > 0 and under.ratio > 0 and put.strike <= call.strike):
        return None
    if put.strike == call.strike:
        locked = under.expiry_at in (0, 1, call.expiry_at) and _as_much(under, options, rough=False)
        return ("conversion", "conversion") if locked else None
    held = _reaches(under, call.expiry_at) and _as_much(under, options, rough=True)
    return ("collar", "collar") if held else None


def _reaches(under: Piece, expiry_at: int) -> bool:
    """Whether the underlying lives as long as the option; what has no expiry does."""
    return not isinstance(under.instrument, Future) or under.expiry_at >= expiry_at


def _as_much(under: Piece, options: Pieces, *, rough: bool) -> bool:
    """Whether the underlying is as many coins as the options; `rough` where only a price would tell exactly."""
    ratio, coins = abs(under.ratio), abs(options[0].ratio)
    if not under.instrument.inverse:
        return ratio == coins
    prices = [one.strike for one in options] + ([under.price] if under.price > 0 else [])
    if any(abs(ratio - coins * price) <= _NEAR * coins * price for price in prices):
        return True
    unpriced = rough and not under.price > 0
    return unpriced and prices[0] * coins <= _ROUGHLY * ratio and ratio <= _ROUGHLY * prices[-1] * coins


def _strip(pieces: Pieces) -> _Named:
    """The same in several expiries, all bought: options of one strike and kind, or dated futures."""
    if len(pieces) < 2:
        return None
    first = pieces[0]
    for before, one in pairwise(pieces):
        if not one.expiry_at > before.expiry_at or not isinstance(one.instrument, type(first.instrument)):
            return None
    dated = isinstance(first.instrument, Option | Future)
    alike = all(
        (one.ratio, one.strike, one.call, one.instrument.inverse)
        == (first.ratio, first.strike, first.call, first.instrument.inverse)
        for one in pieces
    )
    if not (dated and alike and first.ratio > 0):
        return None
    return "strip", f"strip of {'futures' if first.outright else kind_word(first) + 's'}"


_Matcher: TypeAlias = Callable[[Pieces, Pieces], _Named]
_MATCHERS: Final[dict[tuple[int, int], _Matcher]] = {
    (1, 0): _one_option,
    (0, 1): _one_outright,
    (0, 2): _two_outrights,
    (2, 0): _two_options,
    (3, 0): _three_options,
    (4, 0): _four_options,
    (1, 1): _covered,
    (2, 1): _pair_and_outright,
}
"""By how many options and outrights there are."""


def kind_word(option: Piece) -> str:
    """call or put."""
    return "call" if option.call else "put"
