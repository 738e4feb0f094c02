"""Plans into functions that write: one expression a field, put together as Python source and compiled once.

Values that come again and again (names, sizes, enumerations) are looked up as whole fields. A text with a separator in
it is refused, so no value can smuggle in a field.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec

from fix_gateway.codec.values import SECOND, stamp
from fix_gateway.errors import LocalProtocolError
from fix_gateway.messages.form import Kind
from fix_gateway.messages.plan import Cell, Const, Flagged, Level, Listed, Nested, Step

Write = Callable[[Any], bytes]
_DIGITS_MAX = 20
_KEPT_MAX = 1_024
_KEPT_LONGEST = 64


def number(value: Decimal) -> str:
    """A decimal as the wire has it: never with an exponent, never without end."""
    if not value.is_finite():
        raise LocalProtocolError(f"{value} is no number that can be sent")
    if abs(value.adjusted()) <= _DIGITS_MAX:  # else it could be text without end
        text = format(value, "f")
        whole, _, fraction = text.lstrip("-").partition(".")
        if len(whole) <= _DIGITS_MAX and len(fraction) <= _DIGITS_MAX:
            return text
    raise LocalProtocolError(f"{value} has too many digits to be sent")


class _Seconds(dict[int, str]):
    """Second -> its text, as far as the fraction; remembers the last ones."""

    def __missing__(self, second: int) -> str:
        if len(self) >= _KEPT_MAX:
            self.clear()
        text = self[second] = stamp(second * SECOND, 0).decode()
        return text


def instants(digits: int) -> Callable[[int], str]:
    """The function that spells instants with so many digits of a second."""
    seconds, unit = _Seconds(), 10 ** (9 - digits)

    def spell(ns: int) -> str:
        second, rest = divmod(ns, SECOND)
        return f"{seconds[second]}.{rest // unit:0{digits}}"

    def spell_whole(ns: int) -> str:
        return seconds[ns // SECOND]

    return spell if digits else spell_whole


def compile_writer(level: Level, digits: int) -> Write:
    """The function that makes a message's body of its struct."""
    source = _Source(digits)
    source.level(level, "m", "    ")
    lines = ["def write(m):", "    p = []", *source.lines, "    return join(p).encode()"]
    names = source.names | {
        "number": number,
        "instant": instants(digits),
        "join": "".join,
        "smuggled": _smuggled,
        "missing": _missing,
        "lost": _lost,
        "too_many": _too_many,
    }
    exec(compile("\n".join(lines), "<writer>", "exec"), names)
    made: Write = names["write"]
    return made


def _missing(path: str) -> str:
    raise LocalProtocolError(f"{path}: missing, but this dialect requires it")


def _lost(path: str) -> None:
    raise LocalProtocolError(f"{path}: this dialect has no field for it, and it must not be lost")


def _too_many(path: str, allowed: str) -> None:
    raise LocalProtocolError(f"{path}: there must be {allowed}")


def _smuggled(path: str) -> str:
    raise LocalProtocolError(f"{path}: the value contains a field separator")


class _Names(dict[str, str]):
    """Name -> field, ready to be sent; remembers the last ones. `absent` is the spelling of nothing."""

    def __init__(self, tag: int, path: str, required: bool, absent: str = "") -> None:
        self.tag, self.path, self.required, self.absent = tag, path, required, absent

    def __missing__(self, value: str) -> str:
        if value == self.absent:
            made = _missing(self.path) if self.required else ""
        else:
            made = f"{self.tag}={self.spelled(value)}\x01"
        if len(self) >= _KEPT_MAX:
            self.clear()
        if len(value) <= _KEPT_LONGEST:
            self[value] = made
        return made

    def spelled(self, value: str) -> str:
        """The value as the wire has it."""
        return _smuggled(self.path) if "\x01" in value else value


class _Sizes(_Names):
    """Size -> field; by its text, for 5 and 5.0 are the same number but not the same bytes."""

    def spelled(self, value: str) -> str:
        """The value as the wire has it."""
        return number(Decimal(value))


class _Source:
    """The lines of one function in the making, and the names that they use."""

    def __init__(self, digits: int) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self._numbers = count()

    def level(self, level: Level, of: str, indent: str) -> None:
        """The fields of the struct called `of`."""
        for path, attribute, harmless in level.lost:
            self.lines.append(f"{indent}if {of}.{attribute} not in ({harmless!r}, None, ()): lost({path!r})")
        pieces: list[str] = []
        for step in level.steps:
            if isinstance(step, Nested | Listed):
                self._flush(pieces, indent)
                self._group(step, of, indent)
            else:
                pieces.extend(self._pieces(step, of))
        self._flush(pieces, indent)

    def _flush(self, pieces: list[str], indent: str) -> None:
        if pieces:
            self.lines.append(f"{indent}p += ({', '.join(pieces)},)")
            pieces.clear()

    def _group(self, step: Nested | Listed, of: str, indent: str) -> None:
        path = step.path
        if isinstance(step, Nested) and step.struct is None:
            first = step.level.steps[0]
            assert isinstance(first, Cell)
            path = first.path
            self.lines.append(f"{indent}if {of}.{first.attribute}:")
            self.lines.append(f"{indent}    p.append('{step.tag}=1\\x01')")
            self.level(step.level, of, indent + "    ")
        else:
            entry = f"g{next(self._numbers)}"
            many = f"{of}.{step.attribute}"
            self.lines.append(f"{indent}if {many}:")
            if isinstance(step, Nested) and step.counts:
                allowed = " or ".join(str(number) for number in step.counts)
                self.lines.append(f"{indent}    if len({many}) not in {step.counts}:")
                self.lines.append(f"{indent}        too_many({step.path!r}, {allowed!r})")
            self.lines.append(f"{indent}    p.append(f'{step.tag}={{len({many})}}\\x01')")
            self.lines.append(f"{indent}    for {entry} in {many}:")
            if isinstance(step, Nested):
                self.level(step.level, entry, indent + "        ")
            else:
                self.lines.append(f"{indent}        p.append({self._table(step.cell)}[{entry}])")
        if step.required:
            self.lines.append(f"{indent}else: missing({path!r})")

    def _pieces(self, step: Step, of: str) -> Iterator[str]:
        match step:
            case Const():
                yield f"'{step.tag}={step.value}\\x01'"
            case Flagged():
                yield f"'{step.tag}=1\\x01' if {of}.{step.attribute} else ''"
                yield f"'{step.inner}={step.value}\\x01' if {of}.{step.attribute} else ''"
            case Cell(clock=0):
                yield self._cell(step, of)
            case Cell():
                value = f"{of}.{step.attribute}"
                absent = f"missing({step.path!r})" if step.required else "''"
                yield f"f'{step.tag}={{instant(v)[:8]}}\\x01' if (v := {value}) is not None else {absent}"
                yield f"f'{step.clock}={{instant(v)[9:]}}\\x01' if (v := {value}) is not None else ''"

    def _cell(self, cell: Cell, of: str) -> str:
        value = f"{of}.{cell.attribute}"
        if cell.said is not None or cell.kind is Kind.FLAG:
            return f"{self._table(cell)}[{value}]"
        required = cell.required or cell.default is msgspec.NODEFAULT
        match cell.kind:
            case Kind.TEXT:
                absent = f"missing({cell.path!r})" if required else "''"
                field = f"f'{cell.tag}={{v}}\\x01' if '\\x01' not in v else smuggled({cell.path!r})"
                return f"({field}) if (v := {value}) else {absent}"
            case Kind.NAME:
                return f"{self._kept(_Names(cell.tag, cell.path, required))}[{value}]"
            case Kind.NUMBER if cell.size:
                return f"{self._kept(_Sizes(cell.tag, cell.path, required, str(None)))}[str({value})]"
            case Kind.NUMBER:
                plain = f"len(s := str(v := {value})) < {_DIGITS_MAX} and 'E' not in s and s[-1] < ':'"
                spelled = "number(v)"
            case _:
                plain, spelled = "", "v:d" if cell.kind is Kind.COUNT else "instant(v)"
        absent = f"missing({cell.path!r})" if required else "''"
        there = "v" if plain else f"(v := {value})"
        odd = f"f'{cell.tag}={{{spelled}}}\\x01' if {there} is not None else {absent}"
        return f"f'{cell.tag}={{s}}\\x01' if {plain} else ({odd})" if plain else odd

    def _kept(self, table: "_Names | _Sizes") -> str:
        name = f"k{next(self._numbers)}"
        self.names[name] = table
        return name

    def _table(self, cell: Cell) -> str:
        """The name of the table value -> field, ready to be sent."""
        name = f"w{next(self._numbers)}"
        table: dict[Any, str] = _Table(cell.path)
        if cell.kind is Kind.FLAG:
            table |= {True: f"{cell.tag}=Y\x01", False: f"{cell.tag}=N\x01"}
        for value, spelled in (cell.said or {}).items():
            table[value] = f"{cell.tag}={spelled}\x01"
        if not cell.required and cell.default is not msgspec.NODEFAULT:
            table |= {None: "", "": ""}
        self.names[name] = table
        return name


class _Table(dict[Any, str]):
    """Value -> field; names what it has not."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __missing__(self, value: object) -> str:
        if value is None or value == "":
            return _missing(self.path)
        raise LocalProtocolError(f"{self.path}: this dialect has no word for {str(value)!r}")
