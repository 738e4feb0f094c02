"""A FIX message on a screen: fields in columns, groups indented, what is wrong beside the field and once more below."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rfq.cli import printer

if TYPE_CHECKING:
    from fix_gateway.explain.explainer import Explained
    from rfq.cli.fix_text import Found

Piece = tuple[str, str]
"""Words and their style."""
VALUE_MAX = 160
VALUE_COLUMN = 26


def put(lines: Iterable[list[Piece]]) -> None:
    """Print, in colours if somebody looks."""
    if not sys.stdout.isatty():
        for pieces in lines:
            printer.show("".join(words for words, _ in pieces).rstrip())
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for pieces in lines:
        console.print(Text.assemble(*pieces), soft_wrap=True)


def tree(one: "Explained", found: "Found") -> dict[str, Any]:
    """The same for programs."""
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(one)
    return {"line": found.line, "logged_at": found.at, "way": found.way, "session": found.session, **made}


def lines(one: "Explained", found: "Found", number: int) -> Iterator[list[Piece]]:
    """One message."""
    yield [(f"{number}. {_title(one)}", "bold"), (_origin(found), "dim")]
    spots = [(_indent(field.depth, field.entry), field) for field in one.fields]
    wide = max(len(indent) + len(field.tag) for indent, field in spots)
    names = max(len(field.name) for _, field in spots)
    part = ""
    for indent, field in spots:
        if field.part != part:
            part = field.part
            yield [(f"  {part}", "dim")]
        value = _cut(field.value)
        pieces = [
            (f"{indent}{field.tag}".ljust(wide) + "  ", ""),
            (field.name.ljust(names) + "  ", "cyan"),
            (value.ljust(VALUE_COLUMN) if field.meaning or field.faults else value, ""),
            (f"  {field.meaning}" if field.meaning else "", "dim"),
        ]
        yield [*pieces, *((f"  <- {fault}", "bold red") for fault in field.faults)]
    yield from _verdict(one)
    yield [("", "")]


def _title(one: "Explained") -> str:
    kind = f"{one.name} ({one.msg_type})" if one.msg_type else "a message without a type"
    who = f", {one.sender or '?'} -> {one.target or '?'}" if one.sender or one.target else ""
    number = f", number {one.seq}" if one.seq else ""
    return f"{kind}{number}{who}, read as {one.version}"


def _origin(found: "Found") -> str:
    if found.way:
        return f"  [line {found.line}: {found.way}, {found.session}, {found.at}]"
    return f"  [line {found.line}]"


def _indent(depth: int, entry: int) -> str:
    """The beginning of a line; an entry's first field has its number before it."""
    mark = f"{entry}) " if entry else ""
    return " " * max(0, 4 + 4 * depth - len(mark)) + mark


def _cut(value: str) -> str:
    if len(value) <= VALUE_MAX:
        return value
    return f"{value[:VALUE_MAX]}… ({len(value)} characters)"


def _verdict(one: "Explained") -> Iterator[list[Piece]]:
    if not one.wrong:
        yield [("  nothing is wrong with it", "green")]
    else:
        yield [(f"  wrong ({len(one.wrong)}):", "bold red")]
        for wrong in one.wrong:
            code = f"  [373={wrong.code}]" if wrong.code >= 0 else ""
            yield [(f"    {wrong.text}", "red"), (code, "dim")]
        yield [(f"  our session's answer to the first: {one.answer}", "")]
    for note in one.notes:
        yield [(f"  note: {note}", "dim")]
