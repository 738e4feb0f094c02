"""What a file of an archive looks like and how its columns become ours, as data.

A shape is known by its header, or, where a file has none, by a word in its name and the number of its columns. Its
cells are texts; `select` says each column of our layout in SQL over them, with the macros below. What cannot be read
becomes nothing that may stand there (NaN, 0, 99), so that cleaning drops the row and tells why.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from rfq.feeds.tables.layout import Extra, Kind

MACROS: Final = (
    "create macro number_of(x) as coalesce(try_cast(x as double), 'nan'::double)",
    "create macro whole_of(x) as coalesce(try_cast(x as bigint), try_cast(try_cast(x as double) as bigint), -1)",
    "create macro stamp_ns(x) as case"
    " when try_cast(x as bigint) is null then coalesce(epoch_ns(try_cast(x as timestamp)), 0)"
    " when try_cast(x as bigint) <= 0 then 0"
    " when try_cast(x as bigint) < 100000000000 then try_cast(x as bigint) * 1000000000"
    " when try_cast(x as bigint) < 100000000000000 then try_cast(x as bigint) * 1000000"
    " when try_cast(x as bigint) < 100000000000000000 then try_cast(x as bigint) * 1000"
    " else try_cast(x as bigint) end",
    "create macro taker_of_maker(x) as case lower(x)"
    " when 'true' then -1 when '1' then -1 when 'false' then 1 when '0' then 1 else 99 end",
    "create macro side_of(x) as case lower(x) when 'buy' then 1 when 'bid' then 1 when 'b' then 1"
    " when 'sell' then -1 when 'ask' then -1 when 'a' then -1 else 99 end",
    "create macro text_of(x) as coalesce(x, '')",
)
"""Stamps are s, ms, µs or ns since 1970 by their size, or a time as text (UTC)."""

Select = Callable[[frozenset[str]], Mapping[str, str]]


class Shape(NamedTuple):
    """One kind of file. `select` is given the columns that a file has, and says ours; `symbol` and `venue` may be among
    them, else they come from the file's name."""

    archive: str
    name: str
    kind: Kind | Extra
    columns: tuple[str, ...]
    """The columns it is known by, all of them needed; in their order where a file may have no header."""
    select: Select
    more: tuple[str, ...] = ()
    """Columns that may follow, in order, where there is no header."""
    word: str = ""
    """Its word in file names; needed where there is no header."""
    venue_of: Callable[[str, Sequence[str]], str] | None = None
    """The venue, from a file's path and its columns."""
    numbered: bool = False
    """Ids of trades are whole numbers without holes."""
    has_parts: bool = False
    """A snapshot may come in several messages with one exchange stamp."""


class Found(NamedTuple):
    """A file's shape, its columns in their order, and whether its first line is a header."""

    shape: Shape
    columns: tuple[str, ...]
    has_header: bool


def recognise(shapes: Sequence[Shape], path: str, first: str) -> Found | None:
    """The shape of a file, from its path (within an archive too) and its first line."""
    cells = [cell.strip().strip('"') for cell in first.lstrip("\ufeff").rstrip("\r\n").split(",")]
    name = path.rsplit("/", 1)[-1]
    if not any(_NUMBER.fullmatch(cell) for cell in cells):
        names = frozenset(cells)
        fitting = [shape for shape in shapes if names.issuperset(shape.columns)]
        best = max(fitting, key=lambda one: (_has_word(name, one.word), len(one.columns)), default=None)
        return None if best is None else Found(best, tuple(cells), has_header=True)
    for shape in shapes:
        least, most = len(shape.columns), len(shape.columns) + len(shape.more)
        if _has_word(name, shape.word) and least <= len(cells) <= most:
            return Found(shape, (*shape.columns, *shape.more)[: len(cells)], has_header=False)
    return None


def _has_word(name: str, word: str) -> bool:
    """Whether a file's name has this word, not as a part of another."""
    return bool(word) and re.search(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", name) is not None


_NUMBER: Final = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")
