"""Reads the JSON text of an array of levels into whole numbers, byte by byte.

Plain Python that numba can compile; both give the same numbers and the same refusals. The text need not be valid JSON:
whatever is not an array of levels in the shape asked for is refused with the level at which it went wrong.
"""

from collections.abc import Callable
from typing import Any, Final

Bytes = Any
"""Something that gives a number from 0 to 255 at each place: bytes, or an array of them."""
Array = Any
"""An array of whole numbers with two columns."""

PAIRS, OKX, DERIBIT = 0, 1, 2
GRAMMAR, FORM, PLACES, LARGE, NEGATIVE, SHAPE, ACTION, MORE, LONG = -1, -2, -3, -4, -5, -6, -7, -8, -9
MOST: Final = 1 << 61
"""Prices and sizes stay below this, so that two of them can be added or subtracted."""
_TENTH: Final = (MOST - 10) // 10
_POWER_MOST: Final = 100_000
_LETTERS_MOST: Final = 256
"""Letters of a number."""

_QUOTE, _PLUS, _COMMA, _MINUS, _DOT, _ZERO, _NINE = 34, 43, 44, 45, 46, 48, 57
_POWERS = tuple([10**one for one in range(19)])
_OPEN, _CLOSE, _BACKSLASH = 91, 93, 92


def skip_blanks(text: Bytes, at: int, end: int) -> int:
    """The next place that is not white space of JSON."""
    while at < end and (text[at] == 32 or text[at] == 10 or text[at] == 13 or text[at] == 9):
        at += 1
    return at


def read_exponent(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """The place after an exponent that begins behind its `e`, and the exponent; -1 where there is none."""
    below = False
    if at < end and (text[at] == _PLUS or text[at] == _MINUS):
        below = text[at] == _MINUS
        at += 1
    begun, power = at, 0
    while at < end and _ZERO <= text[at] <= _NINE:
        if power < _POWER_MOST:
            power = power * 10 + (text[at] - _ZERO)
        at += 1
    if at == begun:
        return -1, 0
    return at, (-power if below else power)


def read_number(text: Bytes, at: int, end: int, digits: int) -> tuple[int, int]:
    """The place after a number, and the number times 10**digits, exactly; or what is wrong with it (below 0), and 0.

    Zeros at the end of the mantissa are counted and not multiplied in, so that however many there are they cannot
    overflow, and what is left beyond `digits` decimals is not zero.
    """
    below = at < end and text[at] == _MINUS
    if below:
        at += 1
    number, zeros, behind, begun, pointed = 0, 0, 0, at, -1
    too_large = False
    while at < end:
        letter = text[at]
        if _ZERO <= letter <= _NINE:
            if pointed >= 0:
                behind += 1
            if letter == _ZERO:
                zeros += 1
            else:
                if number > 0:
                    for _ in range(min(zeros, 20) + 1):
                        if number > _TENTH:
                            too_large = True
                            number = 1
                        number *= 10
                number += letter - _ZERO
                zeros = 0
        elif letter == _DOT and pointed < 0 and at > begun:
            pointed = at
        else:
            break
        at += 1
        if at - begun > _LETTERS_MOST:
            return LONG, 0
    if at == begun or pointed == at - 1:
        return FORM, 0
    power = 0
    if at < end and (text[at] == 101 or text[at] == 69):  # e, E
        at, power = read_exponent(text, at + 1, end)
        if at < 0:
            return FORM, 0
    if number == 0:
        return at, 0
    shift = power + digits + zeros - behind
    if shift < 0:
        return PLACES, 0
    if too_large:
        return LARGE, 0
    for _ in range(min(shift, 20)):
        if number > _TENTH:
            return LARGE, 0
        number *= 10
    return at, (-number if below else number)


def read_cell(text: Bytes, at: int, end: int, digits: int) -> tuple[int, int]:
    """A number, in quotes or not."""
    quoted = at < end and text[at] == _QUOTE
    if quoted:
        at += 1
    at, number = read_number(text, at, end, digits)
    if at < 0:
        return at, 0
    if quoted:
        if at >= end or text[at] != _QUOTE:
            return FORM, 0
        at += 1
    return at, number


def read_comma(text: Bytes, at: int, end: int) -> int:
    """The place of what follows a comma; SHAPE where the array ends instead, GRAMMAR where there is none."""
    at = skip_blanks(text, at, end)
    if at < end and text[at] == _COMMA:
        return skip_blanks(text, at + 1, end)
    return SHAPE if at < end and text[at] == _CLOSE else GRAMMAR


def read_action(text: Bytes, at: int, end: int) -> tuple[int, bool]:
    """The place after Deribit's `"new"`, `"change"` or `"delete"` and its comma, and whether it is the last."""
    length = 0
    while at + 1 + length < end and text[at + 1 + length] != _QUOTE and length < 8:
        length += 1
    first = text[at + 1] if at + 1 < end else 0
    gone = (
        length == 6 and first == 100 and text[at + 2] == 101 and text[at + 3] == 108 and text[at + 4] == 101
    )
    gone = gone and text[at + 5] == 116 and text[at + 6] == 101
    changed = (
        length == 6 and first == 99 and text[at + 2] == 104 and text[at + 3] == 97 and text[at + 4] == 110
    )
    changed = changed and text[at + 5] == 103 and text[at + 6] == 101
    new = length == 3 and first == 110 and text[at + 2] == 101 and text[at + 3] == 119
    if not (gone or changed or new):
        return ACTION, False
    return read_comma(text, at + length + 2, end), gone


def skip_cells(text: Bytes, at: int, end: int) -> int:
    """The place of the bracket behind any more cells (numbers, words in quotes without escapes)."""
    at = skip_blanks(text, at, end)
    while at < end and text[at] == _COMMA:
        at = skip_blanks(text, at + 1, end)
        begun = at
        if at < end and text[at] == _QUOTE:
            at += 1
            while at < end and text[at] != _QUOTE and text[at] != _BACKSLASH and text[at] >= 32:
                at += 1
            if at >= end or text[at] != _QUOTE:
                return GRAMMAR
            at += 1
        else:
            while at < end and (
                _ZERO <= text[at] <= _NINE
                or text[at] in (_MINUS, _PLUS, _DOT)
                or 97 <= (text[at] | 32) <= 122
            ):
                at += 1
        if at == begun:
            return GRAMMAR
        at = skip_blanks(text, at, end)
    return at


def read_level(
    text: Bytes, at: int, end: int, price_digits: int, size_digits: int, shape: int
) -> tuple[int, int, int]:
    """One level from its opening bracket on: the place after it, price and size; or what is wrong with it."""
    if at >= end or text[at] != _OPEN:
        return GRAMMAR, 0, 0
    at = skip_blanks(text, at + 1, end)
    gone = False
    if shape == DERIBIT and at + 1 < end and text[at] == _QUOTE and 97 <= (text[at + 1] | 32) <= 122:
        at, gone = read_action(text, at, end)
        if at < 0:
            return at, 0, 0
    if at < end and text[at] == _CLOSE:
        return SHAPE, 0, 0
    at, price = read_cell(text, at, end, price_digits)
    if at < 0:
        return at, 0, 0
    at = read_comma(text, at, end)
    if at < 0:
        return at, 0, 0
    at, size = read_cell(text, at, end, size_digits)
    if at < 0:
        return at, 0, 0
    if size < 0:
        return NEGATIVE, 0, 0
    at = skip_cells(text, at, end) if shape == OKX else skip_blanks(text, at, end)
    if at < 0:
        return at, 0, 0
    if at >= end or text[at] != _CLOSE:
        return (SHAPE if at < end and text[at] == _COMMA else GRAMMAR), 0, 0
    return at + 1, price, (0 if gone else size)


def read_plain(
    text: Bytes, at: int, end: int, price_digits: int, size_digits: int, levels: Array, count: int
) -> tuple[int, int]:
    """As many levels as are spelled as nearly all are: `["1.25","3"]` or `[1.25,3]` with a comma behind it, numbers of
    at most 18 digits, without sign, exponent, or blanks. Where the next one begins, and how many there are now.

    One loop, because that is several times faster than calling the functions above.
    """
    while at + 5 < end and text[at] == _OPEN and count < len(levels):
        place = at + 1
        for cell in range(2):
            if place >= end:
                return at, count
            quoted = text[place] == _QUOTE
            if quoted:
                place += 1
            digits = size_digits if cell == 1 else price_digits
            begun, number, short = place, 0, digits
            stop = min(place + 19, end)
            while place < stop and _ZERO <= text[place] <= _NINE:
                number = number * 10 + (int(text[place]) - _ZERO)
                place += 1
            whole = place - begun
            if place < end and text[place] == _DOT and whole > 0:
                place += 1
                pointed, stop = place, min(begun + 20, end)
                while place < stop and _ZERO <= text[place] <= _NINE:
                    number = number * 10 + (int(text[place]) - _ZERO)
                    place += 1
                if place == pointed:
                    return at, count
                short -= place - pointed
            if whole == 0 or whole + digits > 18 or short < 0:
                return at, count
            number *= _POWERS[short]
            if quoted:
                if place >= end or text[place] != _QUOTE:
                    return at, count
                place += 1
            if place >= end or text[place] != (_COMMA if cell == 0 else _CLOSE):
                return at, count
            place += 1
            levels[count, cell] = number
        if place >= end or text[place] != _COMMA:
            return at, count
        at = place + 1
        count += 1
    return at, count


def scan(text: Bytes, price_digits: int, size_digits: int, shape: int, levels: Array) -> tuple[int, int]:
    """How many levels the text holds, having put price and size into `levels[row, 0]` and `levels[row, 1]`, and 0; or,
    at the level that cannot be read (its number), what is wrong with it."""
    end = len(text)
    at = skip_blanks(text, 0, end)
    if at >= end or text[at] != _OPEN:
        return 0, GRAMMAR
    at = skip_blanks(text, at + 1, end)
    count, more = 0, not (at < end and text[at] == _CLOSE)
    while more:
        if shape != DERIBIT:
            at, count = read_plain(text, at, end, price_digits, size_digits, levels, count)
        if count >= len(levels):
            return count, MORE
        at, price, size = read_level(text, at, end, price_digits, size_digits, shape)
        if at < 0:
            return count, at
        levels[count, 0] = price
        levels[count, 1] = size
        count += 1
        at = skip_blanks(text, at, end)
        more = at < end and text[at] == _COMMA
        if more:
            at = skip_blanks(text, at + 1, end)
    if at >= end or text[at] != _CLOSE or skip_blanks(text, at + 1, end) != end:
        return count, GRAMMAR
    return count, 0


JITTED: Final[tuple[Callable[..., Any], ...]] = (
    skip_blanks,
    read_exponent,
    read_number,
    read_cell,
    read_comma,
    read_action,
    skip_cells,
    read_level,
    read_plain,
)
"""What `scan` calls, callees first."""
