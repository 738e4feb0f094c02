"""Messages for the tests: any that a dialect can say, made from the same plans that its writers are made of."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Any, get_args, get_type_hints

import msgspec
from hypothesis import strategies as st

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.codec.encode import frame
from fix_gateway.dialect import Dialect, read, write
from fix_gateway.messages.form import Kind
from fix_gateway.messages.plan import Cell, Flagged, Level, Listed, Nested
from fix_gateway.messages.speech import BY_NAME, Message

HEAD = b"34=2\x0149=A\x0152=20251125-09:30:00.000\x0156=B\x01"
BEGINNING = 1_600_000_000_000_000_000

TEXTS = st.text("aZ09 =-|[]/éß漢\n", min_size=1, max_size=8)
NUMBERS = st.one_of(
    st.decimals(min_value=-(10**9), max_value=10**9, places=5),
    st.decimals(min_value=-100, max_value=100, places=0),
    st.sampled_from(["0", "-0", "1E+3", "1E-9", "0E-12", "-6", "100000"]).map(Decimal),
)


def framed(message: Message, dialect: Dialect) -> bytes:
    """The message as it would stand on the wire."""
    msg_type, body = write(message, dialect)
    return frame(dialect.begin.encode(), b"35=%b\x01" % msg_type.encode() + HEAD + body)


def fields(message: Message, dialect: Dialect) -> str:
    """The body, readable, once the dialect's own decoder has let it through."""
    decoded = decode(message, dialect)
    assert decoded.fault is None, decoded.raw
    return write(message, dialect)[1].replace(b"\x01", b"|").decode()


def decode(message: Message, dialect: Dialect) -> Decoded:
    """The message as the other side would decode it."""
    return Decoder(dialect.dictionary).decode(framed(message, dialect))


def hear(msg_type: str, body: str, dialect: Dialect) -> Any:
    """What a counterparty's body is read as; its Fault, if it is not even valid."""
    rest = b"35=%b\x01" % msg_type.encode() + HEAD + body.replace("|", "\x01").encode()
    decoded = Decoder(dialect.dictionary).decode(frame(dialect.begin.encode(), rest))
    return decoded.fault or read(decoded, dialect)


def names(dialect: Dialect) -> list[str]:
    """The messages that a dialect has itself."""
    return [name for name, form in BY_NAME.items() if dialect.speech.level(form.struct) is not None]


def messages(dialect: Dialect, name: str) -> st.SearchStrategy[Any]:
    """Any message of that name that the dialect can say."""
    key = (dialect.name, name)
    if key not in _made:
        _made[key] = _messages(dialect, name)
    return _made[key]


_made: dict[tuple[str, str], st.SearchStrategy[Any]] = {}


def _messages(dialect: Dialect, name: str) -> st.SearchStrategy[Any]:
    struct = BY_NAME[name].struct
    level = dialect.speech.level(struct)
    assert level is not None
    return _structs(struct, level, dialect)


def _structs(struct: type[msgspec.Struct], level: Level, dialect: Dialect) -> st.SearchStrategy[Any]:
    return st.builds(struct, **_attributes(struct, level, dialect))


def _attributes(
    struct: type[msgspec.Struct], level: Level, dialect: Dialect
) -> dict[str, st.SearchStrategy[Any]]:
    hints = get_type_hints(struct)
    made: dict[str, st.SearchStrategy[Any]] = {}
    for step in level.steps:
        match step:
            case Cell():
                made[step.attribute] = _values(step, hints[step.attribute], dialect)
            case Flagged():
                made[step.attribute] = st.booleans()
            case Listed():
                word = get_args(hints[step.attribute])[0]
                made[step.attribute] = st.lists(_words(step.cell, word), min_size=1, max_size=3).map(tuple)
            case Nested(struct=None):
                made |= _attributes(struct, step.level, dialect)
            case Nested(struct=inner) if inner is not None:
                entries = st.lists(
                    _structs(inner, step.level, dialect),
                    min_size=int(step.required),
                    max_size=max(step.counts, default=3),
                )
                made[step.attribute] = entries.map(tuple)
    return made


def _values(cell: Cell, hint: Any, dialect: Dialect) -> st.SearchStrategy[Any]:
    some = _some(cell, hint, dialect)
    if cell.required or cell.default is msgspec.NODEFAULT:
        return some
    return st.one_of(st.just(cell.default), some)


def _some(cell: Cell, hint: Any, dialect: Dialect) -> st.SearchStrategy[Any]:
    if cell.said is not None:
        types = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        return _words(cell, next(kind for kind in types if kind is not type(None)))
    match cell.kind:
        case Kind.TEXT | Kind.NAME:
            spec = dialect.dictionary.fields[cell.tag]
            return _odd_texts(spec.type)
        case Kind.COUNT:
            return st.integers(0, 10**6)
        case Kind.NUMBER:
            return NUMBERS
        case Kind.FLAG:
            return st.booleans()
        case Kind.INSTANT:
            unit = 10 ** (9 - dialect.digits)
            return st.integers(0, 10**9 * 10**9 // unit).map(lambda units: BEGINNING + units * unit)


def _odd_texts(kind: str) -> st.SearchStrategy[str]:
    """Texts of the types that are not any text."""
    match kind:
        case "INT" | "LENGTH" | "SEQNUM":
            return st.integers(0, 999).map(str)
        case "LOCALMKTDATE":
            return st.dates(date(1970, 1, 1)).map(lambda day: f"{day:%Y%m%d}")
        case "CHAR":
            return st.sampled_from("ABC12")
        case "MULTIPLEVALUESTRING" | "MULTIPLECHARVALUE" | "MULTIPLESTRINGVALUE":
            return st.sampled_from(["G", "1 6", "G 5 6"])
        case "CURRENCY" | "EXCHANGE":
            return st.sampled_from(["USD", "BTC", "USDC"])
    return TEXTS


def _words(cell: Cell, kind: Any) -> st.SearchStrategy[Any]:
    values = [kind(value) for value in cell.said or ()]
    assert values, f"{cell.path}: no value can be said"
    assert not issubclass(kind, StrEnum) or all(value in kind for value in values)
    return st.sampled_from(values)
