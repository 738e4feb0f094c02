"""What `rfq price` is asked to price: a name, an instrument as JSON, FIX tags as JSON, or legs as JSON.

Every mistake is told with the place where it stands: `legs[1].instrument: expiry: '31FEB24' is no day`.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import rfq.domain.upcasts  # noqa: F401 - instruments of old versions are read too
from pricing.fact import Fault
from pricing.instruments import Future, Instrument, Option, Perpetual, Spot
from pricing.names.fix import parse_fix
from pricing.names.listing import instrument_of
from pricing.names.spelling import parse
from pricing.structures import Hedge, Leg, Structure, check_structure
from rfq.cli.exits import Ended, Exit
from rfq.desk.intake import AMOUNT_MAX
from rfq.domain import canon
from rfq.domain.checkers import CanonError
from rfq.domain.fact import check_number

_FORMS = (
    'a name such as BTC-27DEC24-65000-C, all fields of an instrument {"_": ..., ...}, FIX tags {"55": ...}, legs '
    '[{"instrument": "...", "ratio": 1}, ...], or {"legs": [...], "hedges": [...]}'
)
_TAGS = ", ".join(str(one.__struct_config__.tag) for one in (Spot, Perpetual, Future, Option))
_CANNOT = "cannot decode: "
_SMALLEST = 1 / AMOUNT_MAX
_LATEST_AT = 2**62


class Wanted(NamedTuple):
    """A structure and the instruments of its legs and hedges."""

    structure: Structure
    instruments: dict[str, Instrument]


def refuse(field: str, problem: str) -> Ended:
    """The end of a command whose input is wrong: one line, whatever was in the input."""
    told = f"{field}: {problem}" if field else problem
    return Ended(Exit.USAGE, "".join([one if one.isprintable() else ascii(one)[1:-1] for one in told]))


def read(text: str, venue: str, spot: bool) -> Wanted:
    """What the argument means; raises Ended."""
    reader = _Reader(venue, spot)
    text = text.strip()
    if text[:1] not in ("{", "[", '"'):
        structure = Structure(legs=(Leg(instrument=reader.named(text, ""), ratio=Decimal(1)),))
    else:
        structure = reader.structure(_json(text))
    fault = check_structure(structure, reader.instruments, one_currency=False)
    if fault is not None:
        raise refuse(fault.field, fault.problem)
    return Wanted(structure, reader.instruments)


def _json(text: str) -> Any:
    """A JSON text, its numbers as they are written."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise refuse("JSON", f"{error.msg} at character {error.pos}") from None
    except (RecursionError, ValueError) as error:
        raise refuse("JSON", str(error)) from None


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


class _Reader:
    """Reads parts of a request and keeps the instruments that they name."""

    def __init__(self, venue: str, spot: bool) -> None:
        self._venue = venue
        self._spot = spot
        self.instruments: dict[str, Instrument] = {}

    def structure(self, tree: Any) -> Structure:
        """A structure from any of the forms."""
        if isinstance(tree, list):
            return Structure(legs=self._legs(tree))
        if isinstance(tree, dict) and "legs" in tree:
            for key in tree:
                if key not in ("_", "legs", "hedges"):
                    raise refuse(key, "unknown; a structure has legs and hedges")
            return Structure(legs=self._legs(tree["legs"]), hedges=self._hedges(tree.get("hedges", [])))
        return Structure(legs=(Leg(instrument=self.instrument(tree, ""), ratio=Decimal(1)),))

    def _legs(self, tree: Any) -> tuple[Leg, ...]:
        found = []
        for path, part in _parts(tree, "legs"):
            if isinstance(part, str) or (isinstance(part, dict) and "instrument" not in part):
                found.append(Leg(instrument=self.instrument(part, path), ratio=Decimal(1)))
                continue
            fields = _fields(part, path, ("instrument", "ratio"))
            ratio = _number(fields.get("ratio", 1), f"{path}.ratio")
            name = self.instrument(fields.get("instrument"), f"{path}.instrument")
            found.append(Leg(instrument=name, ratio=ratio))
        return tuple(found)

    def _hedges(self, tree: Any) -> tuple[Hedge, ...]:
        found = []
        for path, part in _parts(tree, "hedges"):
            fields = _fields(part, path, ("instrument", "ratio", "price"))
            name = self.instrument(fields.get("instrument"), f"{path}.instrument")
            ratio, price = (_number(fields.get(word), f"{path}.{word}") for word in ("ratio", "price"))
            found.append(Hedge(instrument=name, ratio=ratio, price=price))
        return tuple(found)

    def instrument(self, tree: Any, path: str) -> str:
        """One instrument: a name, FIX tags, or all its fields. Returns what it is called here."""
        if isinstance(tree, str):
            return self.named(tree, path)
        if not isinstance(tree, dict):
            raise refuse(path, f"is no instrument: {_FORMS}" if tree is not None else "missing")
        if tree and all(key.isascii() and key.isdigit() for key in tree):
            tags = {int(key): _tag(value, f"{path}.{key}" if path else key) for key, value in tree.items()}
            named = parse_fix(tags, self._venue, spot=self._spot)
            return self._keep(named if isinstance(named, Fault) else instrument_of(named), path)
        try:
            found: Instrument = canon.decode(json.dumps(tree, default=str).encode(), Instrument)  # type: ignore[arg-type]
        except CanonError as error:
            problem = str(error).removeprefix(_CANNOT)
            told = f"{problem}; {_TAGS} are known" if "`" in problem else problem
            raise refuse(path, told) from None
        return self._keep(found, path)

    def named(self, text: str, path: str) -> str:
        """An instrument by its name at the venue."""
        named = parse(text, self._venue, spot=self._spot)
        return self._keep(named if isinstance(named, Fault) else instrument_of(named), path)

    def _keep(self, found: Instrument | Fault, path: str) -> str:
        if isinstance(found, Fault):
            raise refuse(f"{path}.{found.field}" if path else found.field, found.problem)
        for field in ("name", "underlying", "quote_currency", "settle_currency"):
            if not getattr(found, field).isprintable():
                raise refuse(f"{path}.{field}" if path else field, "has characters that cannot be printed")
        for field in ("strike", "contract_size", "tick", "lot", "quanto"):
            try:
                check_number(f"{path}.{field}" if path else field, getattr(found, field, None))
            except ValueError as error:
                raise refuse("", str(error)) from None
        if getattr(found, "expiry_at", 0) > _LATEST_AT:
            raise refuse(f"{path}.expiry_at" if path else "expiry_at", "is more than a century away")
        if self.instruments.setdefault(found.name, found) != found:
            raise refuse(path, f"{found.name} is told twice, in two ways")
        return found.name


def _parts(tree: Any, field: str) -> list[tuple[str, Any]]:
    if not isinstance(tree, list):
        raise refuse(field, "is no list")
    return [(f"{field}[{place}]", part) for place, part in enumerate(tree)]


def _fields(part: Any, path: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(part, dict):
        raise refuse(path, f"has no {', '.join(known)}")
    for key in part:
        if key not in (*known, "_"):
            raise refuse(f"{path}.{key}", f"unknown; there are {', '.join(known)}")
    return part


def _tag(told: Any, path: str) -> str:
    """A FIX field's value, spelled as a text or a number."""
    if isinstance(told, str | int | Decimal) and not isinstance(told, bool):
        return str(told)
    raise refuse(path, f"{str(told)[:40]!a} is no text and no number")


def _number(told: Any, path: str) -> Decimal:
    """A finite number, spelled as a number or as text."""
    if told is None:
        raise refuse(path, "missing")
    try:
        found = (
            Decimal(told) if isinstance(told, str | int | Decimal) and not isinstance(told, bool) else None
        )
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise refuse(path, f"{str(told)[:40]!a} is no number")
    if found and not _SMALLEST <= abs(found) <= AMOUNT_MAX:
        raise refuse(path, f"{found:g} is too large or too small")
    return found
