"""Plans into functions that read: one expression a field, put together as Python source and compiled once.

What is read has passed the dictionary, so hardly anything can be wrong with it; when a function fails all the same,
`find_fault` goes through the fields one by one and says which.
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec

from fix_gateway.codec.decoded import Fields
from fix_gateway.codec.values import decimal, timestamp_ns
from fix_gateway.errors import Fault
from fix_gateway.messages.form import Kind
from fix_gateway.messages.plan import Cell, Const, Flagged, Level, Listed, Nested
from fix_gateway.tags import FORMAT_WRONG, REQUIRED_MISSING, TEXTS, VALUE_WRONG

Read = Callable[[Fields], Any]
_KEPT_MAX = 4_096
TROUBLE = (LookupError, ValueError, ArithmeticError, TypeError, AttributeError)
"""What a function that reads raises when the fields are not as they should be."""


class _Numbers(dict[bytes, Decimal]):
    """Spelling -> number; remembers the last ones, for sizes and ratios come again and again."""

    def __missing__(self, spelling: bytes) -> Decimal:
        if len(self) >= _KEPT_MAX:
            self.clear()
        made = self[spelling] = Decimal(spelling.decode())
        return made


class _Seconds(dict[bytes, int]):
    """Date and time without fraction -> UTC ns; remembers the last ones."""

    def __missing__(self, spelling: bytes) -> int:
        if len(self) >= _KEPT_MAX:
            self.clear()
        made = self[spelling] = timestamp_ns(spelling)
        return made


_numbers, _seconds = _Numbers(), _Seconds()


def instant(value: bytes) -> int:
    """A UTCTIMESTAMP as UTC ns; quick for the usual three digits of fraction."""
    if len(value) == 21:
        return _seconds[value[:17]] + int(value[18:]) * 1_000_000
    return timestamp_ns(value)


def compile_reader(struct: type[msgspec.Struct], level: Level) -> Read:
    """The function that makes a struct of a message's body."""
    source = _Source()
    lines = ["def read(b):", "    get = b.get"]
    inner = [step for step in level.steps if isinstance(step, Nested) and step.struct is None]
    arguments = source.arguments(level, "b", "get")
    for step in inner:
        entry, getter = f"e{step.tag}", f"get{step.tag}"
        lines.append(f"    a{step.tag} = get({step.tag}) or ({{}},)")
        lines.append(f"    {entry} = a{step.tag}[0]")
        lines.append(f"    {getter} = {entry}.get")
        arguments += source.arguments(step.level, entry, getter)
        if step.counted:
            arguments.append(f"{step.counted}=len(a{step.tag})")
    lines += source.lines
    order = {field.name: place for place, field in enumerate(msgspec.structs.fields(struct))}
    arguments.sort(key=lambda text: order[text.partition("=")[0]])
    lines.append(f"    return Made({', '.join(arguments)})")
    names = source.names | {"Made": struct, "numbers": _numbers, "instant": instant}
    exec(compile("\n".join(lines), "<reader>", "exec"), names)
    made: Read = names["read"]
    return made


class _Source:
    """Expressions in the making, and the names that they use."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.lines: list[str] = []
        self._numbers = count()

    def arguments(self, level: Level, of: str, getter: str, indent: str = "    ") -> list[str]:
        """attribute=expression for the fields of `of`, whose `get` is called `getter`; groups become loops before."""
        made = []
        for step in level.steps:
            match step:
                case Cell():
                    made.append(f"{step.attribute}={self._cell(step, of, getter)}")
                case Flagged():
                    made.append(
                        f"{step.attribute}={step.tag} in {of} and {step.value.encode()!r} "
                        f"in [g.get({step.inner}) for g in {of}[{step.tag}]]"
                    )
                case Listed():
                    name = self._table(step.cell)
                    made.append(
                        f"{step.attribute}=tuple([{name}[g[{step.cell.tag}]] for g in {getter}({step.tag}, ())])"
                    )
                case Nested(struct=struct) if struct is not None:
                    made.append(f"{step.attribute}={self._group(step, getter, indent)}")
        return made

    def _group(self, step: Nested, getter: str, indent: str) -> str:
        number = next(self._numbers)
        entry, get, made, found = f"g{number}", f"q{number}", f"Made{number}", f"x{number}"
        self.names[made] = step.struct
        self.lines.append(f"{indent}{found} = []")
        self.lines.append(f"{indent}for {entry} in {getter}({step.tag}) or ():")
        self.lines.append(f"{indent}    {get} = {entry}.get")
        arguments = ", ".join(self.arguments(step.level, entry, get, indent + "    "))
        self.lines.append(f"{indent}    {found}.append({made}({arguments}))")
        return f"tuple({found})"

    def _cell(self, cell: Cell, of: str, getter: str) -> str:
        must = cell.default is msgspec.NODEFAULT
        if cell.clock:
            whole = f"instant(v + b'-' + {of}[{cell.clock}])"
            return f"{whole} if (v := {getter}({cell.tag})) and {cell.clock} in {of} else {cell.default!r}"
        if cell.heard is not None or cell.kind is Kind.FLAG:
            name = self._table(cell)
            return f"{name}[{of}[{cell.tag}]]" if must else f"{name}[{getter}({cell.tag})]"
        if cell.kind in (Kind.TEXT, Kind.NAME):
            if must:
                return f"{of}[{cell.tag}].decode()"
            return f"v.decode() if (v := {getter}({cell.tag})) else {cell.default!r}"
        made = {Kind.COUNT: "int({})", Kind.NUMBER: "numbers[{}]", Kind.INSTANT: "instant({})"}[cell.kind]
        if must:
            return made.format(f"{of}[{cell.tag}]")
        name = f"d{next(self._numbers)}"
        self.names[name] = cell.default
        return f"{made.format('v')} if (v := {getter}({cell.tag})) else {name}"

    def _table(self, cell: Cell) -> str:
        """The name of the table field -> value."""
        name = f"w{next(self._numbers)}"
        table: dict[Any, Any] = {**(cell.heard or {})}
        if cell.kind is Kind.FLAG:
            table = {b"Y": True, b"N": False}
        if cell.default is not msgspec.NODEFAULT:
            table[None] = cell.default
        self.names[name] = table
        return name


def find_fault(level: Level, fields: Fields) -> Fault:
    """What is wrong with fields that could not be read."""
    return _fault_in(level, fields) or Fault(code=FORMAT_WRONG, text=TEXTS[FORMAT_WRONG])


def _fault_in(level: Level, fields: Fields) -> Fault | None:
    for step in level.steps:
        found = fields.get(step.tag)
        match step:
            case Const() | Flagged() if not isinstance(found, bytes):
                continue
            case Cell():
                code = _code(step, found)
                if code is not None:
                    return Fault(code=code, text=TEXTS[code], tag=str(step.tag).encode())
            case Listed() if isinstance(found, list):
                inner = Level(steps=(step.cell,), lost=())
                for entry in found:
                    if fault := _fault_in(inner, entry):
                        return fault
            case Nested() if isinstance(found, list):
                for entry in (found or [{}])[:1] if step.struct is None else found:
                    if fault := _fault_in(step.level, entry):
                        return fault
            case Nested(struct=None) if found is None:
                if fault := _fault_in(step.level, {}):
                    return fault
            case Flagged() | Listed() | Nested() if found is not None:
                return Fault(code=FORMAT_WRONG, text=TEXTS[FORMAT_WRONG], tag=str(step.tag).encode())
    return None


def _code(cell: Cell, found: object) -> int | None:
    """What is wrong with one field: the reject code, None if nothing is."""
    if found is None:
        return REQUIRED_MISSING if cell.default is msgspec.NODEFAULT else None
    if not isinstance(found, bytes):
        return FORMAT_WRONG
    if cell.heard is not None:
        return None if found in cell.heard else VALUE_WRONG
    made: dict[Kind, Callable[[bytes], Any]] = {
        Kind.TEXT: bytes.decode,
        Kind.NAME: bytes.decode,
        Kind.COUNT: int,
        Kind.NUMBER: decimal,
        Kind.INSTANT: timestamp_ns,
        Kind.FLAG: {b"Y": True, b"N": False}.__getitem__,
    }
    try:
        made[cell.kind](found)
    except TROUBLE:
        return FORMAT_WRONG
    return None
