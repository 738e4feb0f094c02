"""Checkers compiled from type hints: is this struct encodable, and is each of its values in its one spelling?

`checker_of(cls)` returns a function of one instance: it raises CanonError for a value that has no canonical form
(NaN, infinity, a wrong type) and returns True if something must be rewritten first (`rewrite`). The functions are
generated as source text, one straight-line check per field, because they run for every event that the desk sees.
"""

import enum
import math
import types
import typing
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

Checker = Callable[[Any], bool]

EXPONENT_MAX = 400
"""Numbers lie between 10^-400 and 10^400: more than any float, and never long enough to hurt."""

_SINGLETONS = (None, (), "", True, False)
_checkers: dict[type, Checker] = {}


class CanonError(ValueError):
    """A value has no canonical form, or bytes do not spell one."""


def checker_of(cls: type) -> Checker:
    """The compiled checker of a struct class; compiled at first use. No class holds one of its own kind."""
    found = _checkers.get(cls)
    return found if found is not None else _compile(cls)


def rewrite(value: Any) -> Any:
    """`value` with each Decimal and float in its one spelling (plain decimals, no negative zero)."""
    if isinstance(value, msgspec.Struct):
        if not checker_of(type(value))(value):
            return value
        return type(value)(**{name: rewrite(getattr(value, name)) for name in value.__struct_fields__})
    if isinstance(value, tuple):
        return tuple(rewrite(item) for item in value)
    if type(value) is Decimal:
        return plain_decimal(value)
    if type(value) is float:
        return value + 0.0
    return value


def plain_decimal(value: Decimal) -> Decimal:
    """The equal Decimal in its one spelling: no trailing zeros, no positive exponent, no negative zero (numbers below a
    millionth are spelled 1E-7, as Python does)."""
    if not value:
        return Decimal(0)
    if not -EXPONENT_MAX <= value.adjusted() <= EXPONENT_MAX:
        raise CanonError("too large or too small to be spelled out")
    text = format(value, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def decimal_is_plain(value: Decimal) -> bool:
    """True if `value` is finite and spelled plainly; raises CanonError if it is not finite."""
    if not value.is_finite():
        raise CanonError("not a finite number")
    return _is_plain(value)


def _is_plain(value: Decimal) -> bool:
    """The same of a number that is known to be finite."""
    text = str(value)
    if "E" in text:
        return "E-" in text and value.as_tuple().digits[-1] != 0 and value.adjusted() >= -EXPONENT_MAX
    return not (("." in text and text[-1] == "0") or len(text) > EXPONENT_MAX or (not value and text != "0"))


def _bad(value: Any, field: str, found: Any, wanted: str) -> CanonError:
    return CanonError(f"{type(value).__name__}.{field}: {found!r} is not {wanted}")


def _compile(cls: type) -> Checker:
    """Write, compile and keep the checker of `cls`."""
    if not issubclass(cls, msgspec.Struct):
        raise CanonError(f"{cls!r} is not a tagged struct")
    _refuse_shape(cls)
    scope: dict[str, Any] = {
        "Decimal": Decimal,
        "plain": _is_plain,
        "bad": _bad,
        "CanonError": CanonError,
        "copysign": math.copysign,
        "checker_of": checker_of,
        "checkers": _checkers,
    }
    lines = ["def check(x):", "    dirty = False"]
    for field, hint in typing.get_type_hints(cls).items():
        if field not in cls.__struct_fields__:
            continue
        lines += [f"    v = x.{field}", *_statements(hint, "v", field, scope, 1)]
    lines.append("    return dirty")
    exec("\n".join(lines), scope)
    checker: Checker = scope["check"]
    _checkers[cls] = checker
    return checker


def _refuse_shape(cls: type[msgspec.Struct]) -> None:
    """A class whose configuration would give one value two spellings is a bug: say so at first use."""
    config = cls.__struct_config__
    if config.tag is None or config.tag_field != "_" or "." not in str(config.tag):
        raise CanonError(f"{cls.__name__} has no tag of the form Name.version")
    if not config.frozen or not config.forbid_unknown_fields:
        raise CanonError(f"{cls.__name__} must be frozen and forbid unknown fields")
    if not config.omit_defaults:
        return
    for field in msgspec.structs.fields(cls):
        default = field.default
        if default is msgspec.NODEFAULT:
            continue
        small = type(default) is int and -5 <= default <= 256
        if not (small or isinstance(default, enum.Enum) or any(default is one for one in _SINGLETONS)):
            raise CanonError(f"{cls.__name__}.{field.name}: default {default!r} is not a singleton")


def _statements(hint: Any, name: str, field: str, scope: dict[str, Any], depth: int) -> list[str]:
    """Source lines that check the variable `name` against the type `hint`."""
    pad = "    " * depth
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(hint, name, field, scope, depth)
    if origin is tuple:
        return _tuple(hint, name, field, scope, depth)
    if hint is float:
        return [
            f"{pad}if type({name}) is not float or {name} - {name} != 0.0:",
            f"{pad}    raise bad(x, {field!r}, {name}, 'a finite float')",
            f"{pad}if {name} == 0.0 and copysign(1.0, {name}) < 0.0:",
            f"{pad}    dirty = True",
        ]
    if hint is Decimal:
        return [
            f"{pad}if type({name}) is not Decimal:",
            f"{pad}    raise bad(x, {field!r}, {name}, 'a Decimal')",
            f"{pad}if not {name}.is_finite():",
            f"{pad}    raise bad(x, {field!r}, {name}, 'a finite Decimal')",
            f"{pad}if not plain({name}):",
            f"{pad}    dirty = True",
        ]
    if hint in (int, str, bool) or (isinstance(hint, type) and issubclass(hint, enum.Enum)):
        label = _name_in(scope, hint)
        return [
            f"{pad}if type({name}) is not {label}:",
            f"{pad}    raise bad(x, {field!r}, {name}, {hint.__name__!r})",
        ]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        label = _name_in(scope, hint)
        scope[f"check_{label}"] = checker_of(hint)
        return [
            f"{pad}if type({name}) is not {label}:",
            f"{pad}    raise bad(x, {field!r}, {name}, {hint.__name__!r})",
            f"{pad}if check_{label}({name}):",
            f"{pad}    dirty = True",
        ]
    raise CanonError(f"field {field}: no canonical form for the type {hint!r}")


def _union(hint: Any, name: str, field: str, scope: dict[str, Any], depth: int) -> list[str]:
    """Optional values and closed unions of structs."""
    pad = "    " * depth
    members = [member for member in typing.get_args(hint) if member is not type(None)]
    optional = len(members) < len(typing.get_args(hint))
    if len(members) == 1:
        inner = _statements(members[0], name, field, scope, depth + 1)
        return [f"{pad}if {name} is not None:", *inner]
    if not all(isinstance(m, type) and issubclass(m, msgspec.Struct) for m in members):
        raise CanonError(f"field {field}: a union may hold only structs and None")
    label = f"kinds_{len(scope)}"
    scope[label] = frozenset(members)
    lines = [
        f"{pad}if type({name}) not in {label}:",
        f"{pad}    raise bad(x, {field!r}, {name}, 'one of its kinds')",
        f"{pad}if checker_of(type({name}))({name}):",
        f"{pad}    dirty = True",
    ]
    return [f"{pad}if {name} is not None:", *("    " + line for line in lines)] if optional else lines


def _tuple(hint: Any, name: str, field: str, scope: dict[str, Any], depth: int) -> list[str]:
    """Homogeneous tuples of any length, and tuples of fixed shape."""
    pad = "    " * depth
    args = typing.get_args(hint)
    lines = [
        f"{pad}if type({name}) is not tuple:",
        f"{pad}    raise bad(x, {field!r}, {name}, 'a tuple')",
    ]
    item = f"w{len(scope)}"
    scope[item] = None  # a name of its own: tuples may stand in tuples
    if len(args) == 2 and args[1] is Ellipsis:
        inner = _statements(args[0], item, field, scope, depth + 1)
        return [*lines, f"{pad}for {item} in {name}:", *inner]
    lines += [
        f"{pad}if len({name}) != {len(args)}:",
        f"{pad}    raise bad(x, {field!r}, {name}, 'a tuple of {len(args)}')",
    ]
    for index, arg in enumerate(args):
        lines += [f"{pad}{item} = {name}[{index}]", *_statements(arg, item, field, scope, depth)]
    return lines


def _name_in(scope: dict[str, Any], hint: type) -> str:
    """A name for this type in the generated source; two types of one name get two."""
    label = f"T_{hint.__name__}"
    while scope.setdefault(label, hint) is not hint:
        label += "_"
    return label
