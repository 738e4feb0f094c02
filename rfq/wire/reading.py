"""Reading what somebody outside said: names and numbers with bounds, and the word for what cannot be read.

A FIX message that arrives here has passed its dictionary: its values are well formed. Whether they are there, of sane
length and of sane size is looked at here, so that nothing read can be too large for the log.
"""

from decimal import Decimal
from typing import Final

from rfq.domain.fact import check_number
from rfq.domain.reasons import Code, Reason

ID_MAX: Final = 64
LEGS_READ_MAX: Final = 100
"""More legs than any request may have, fewer than would hurt."""


class Unreadable(ValueError):
    """What is wrong, and where."""

    def __init__(self, field: str, detail: str, found: object = "", code: Code = Code.UNREADABLE) -> None:
        super().__init__(detail)
        self.found = clean(str(found)[: ID_MAX + 1])
        self.reason = Reason(code=code, field=field, detail=detail)


def name(text: str, field: str) -> str:
    """An id or the name of an instrument: 1 to 64 printable characters."""
    if not text:
        raise Unreadable(field, "is missing")
    if len(text) > ID_MAX or not text.isprintable():
        raise Unreadable(field, f"not a text of 1 to {ID_MAX} plain characters", text)
    return text


def number(value: Decimal | None, field: str) -> Decimal:
    """A number that is there, finite, and short enough to be exact."""
    if value is None:
        raise Unreadable(field, "is missing")
    try:
        check_number(field, value)
    except ValueError as error:
        raise Unreadable(field, str(error).partition(": ")[2], value, Code.NOT_A_NUMBER) from None
    return value if value else Decimal(0)


def clean(text: str) -> str:
    """What stood there, cut short, without anything that the log could not spell."""
    return "".join(c if c.isprintable() else "?" for c in text[:ID_MAX])
