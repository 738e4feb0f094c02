"""The shape that every logged value of the house has: frozen, slotted, keyword-only, named and versioned by its tag."""

import typing
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
DIGITS_MAX = 18
TEXT_MAX = 128
_checked: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {}


class Heard(Fact, frozen=True, kw_only=True):
    """A value made of what somebody outside said: each number and text in it is bounded where it comes in."""

    def __post_init__(self) -> None:
        numbers, texts = _checked.get(type(self)) or _compile(type(self))
        for name in numbers:
            number = getattr(self, name)
            if number:
                check_number(name, number)
        for name in texts:
            text = getattr(self, name)
            if len(text) > TEXT_MAX or not text.isprintable():
                raise ValueError(f"{name}: not a text of at most {TEXT_MAX} printable characters")


def check_number(field: str, number: Decimal | None) -> None:
    """Raise ValueError, naming the field, unless `number` is None, zero, or finite, between 10^-18 and 10^18, and of at
    most 18 digits."""
    if number:
        text = str(number)
        if len(text) <= DIGITS_MAX and "E" not in text and "N" not in text and text[-1] <= "9":
            return  # nearly every number: short, and spelled with digits alone
        if not number.is_finite():
            raise ValueError(f"{field}: {number} is not a finite number")
        if not -MAGNITUDE_MAX <= number.adjusted() <= MAGNITUDE_MAX:
            raise ValueError(f"{field}: too large or too small")
        if digits_of(number) > DIGITS_MAX:
            raise ValueError(f"{field}: more than {DIGITS_MAX} digits")


def digits_of(number: Decimal) -> int:
    """How many significant digits it has, trailing zeros left out."""
    digits = number.as_tuple().digits
    count = len(digits)
    while count > 1 and not digits[count - 1]:
        count -= 1
    return count


def _compile(cls: type[msgspec.Struct]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which fields of this class are numbers, and which are plain texts or ids."""
    numbers, texts = [], []
    for name, hint in typing.get_type_hints(cls).items():
        while hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        if hint is Decimal or Decimal in typing.get_args(hint):
            numbers.append(name)
        elif hint is str:
            texts.append(name)
    _checked[cls] = found = (tuple(numbers), tuple(texts))
    return found
