"""The shape that every logged value of the house has: frozen, slotted, keyword-only, named and versioned by its tag."""

from decimal import Decimal

import msgspec


class Fact(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
    tag_field="_",
):
    """A value that may enter the log. Subclasses give `tag="Name.version"`.

    A default must be a singleton (None, (), "", a bool or a small int): defaults are left out of the encoding by
    identity, so any other default would give one value two spellings. `canon` refuses classes that break this.
    """


MAGNITUDE_MAX = 18


def check_number(field: str, number: Decimal | None) -> None:
    """Raise ValueError, naming the field, unless `number` is None, zero, or finite and between 10^-18 and 10^18."""
    if number:
        if not number.is_finite():
            raise ValueError(f"{field}: {number} is not a finite number")
        if not -MAGNITUDE_MAX <= number.adjusted() <= MAGNITUDE_MAX:
            raise ValueError(f"{field}: too large or too small")
