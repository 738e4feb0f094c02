"""The canonical encoding: spellings, versions, upcasters, and what classes may look like."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import strategies

from rfq.domain import canon
from rfq.domain.checkers import CanonError, checker_of
from rfq.domain.fact import Fact, check_number
from rfq.domain.ids import IdMaker, parse_chain
from rfq.domain.parties import Party
from rfq.domain.reasons import Code, Reason
from rfq.domain.record import chain_hash
from rfq.domain.upcasts_market import TURNED_INSIDE

SCHEMA = Path(__file__).resolve().parent.parent / "replays" / "schema.json"
D = Decimal


class Pair(Fact, frozen=True, kw_only=True, tag="Pair.1"):
    left: tuple[tuple[int, str], Decimal]
    right: tuple[tuple[tuple[str, float], bool], ...] = ()


class Apple(Fact, frozen=True, kw_only=True, tag="Apple.1"):
    size: Decimal


class Pear(Fact, frozen=True, kw_only=True, tag="Pear.1"):
    weight: float


class Bowl(Fact, frozen=True, kw_only=True, tag="Bowl.1"):
    two: tuple[Apple | Pear, Pear | Pair]
    maybe: Apple | Pear | None = None


@pytest.mark.parametrize("spelling", ["10", "10.0", "10.00", "1E+1", "1.0E+1", "0.1E+2"])
def test_ten_is_spelled_ten(spelling: str) -> None:
    assert canon.encode(Apple(size=D(spelling))) == b'{"_":"Apple.1","size":"10"}'


@pytest.mark.parametrize("spelling", ["0", "-0", "0.00", "0E+5", "-0E-7"])
def test_nothing_is_spelled_zero(spelling: str) -> None:
    assert canon.encode(Apple(size=D(spelling))) == b'{"_":"Apple.1","size":"0"}'


def test_minus_zero_is_zero() -> None:
    assert canon.encode(Pear(weight=-0.0)) == canon.encode(Pear(weight=0.0)) == b'{"_":"Pear.1","weight":0.0}'


def test_numbers_too_large_to_be_spelled_out_are_refused_at_once() -> None:
    for spelling in ("1E+999999999", "1E-999999", "-1E+401"):
        with pytest.raises(CanonError, match="too large or too small"):
            canon.encode(Apple(size=D(spelling)))
    assert canon.decode(canon.encode(Apple(size=D("1.20E-10"))), Apple) == Apple(size=D("1.2E-10"))


def test_what_is_not_finite_is_refused_by_the_name_of_its_field() -> None:
    with pytest.raises(CanonError, match=r"Apple\.size"):
        canon.encode(Apple(size=D("NaN")))
    with pytest.raises(CanonError, match=r"Pear\.weight"):
        canon.encode(Pear(weight=float("inf")))
    check_number("x", None)
    for odd in ("NaN", "1E+19", "1E-19"):
        with pytest.raises(ValueError, match="x"):
            check_number("x", D(odd))


def test_half_a_character_is_refused() -> None:
    with pytest.raises(CanonError, match="surrogates"):
        canon.encode(Reason(code=Code.USER, detail="\ud800"))


def test_tuples_in_tuples_are_checked_each_by_its_own_type() -> None:
    value = Pair(left=((1, "a"), D("1.50")), right=((("b", -0.0), True),))
    raw = canon.encode(value)
    assert raw == b'{"_":"Pair.1","left":[[1,"a"],"1.5"],"right":[[["b",0.0],true]]}'
    assert canon.decode(raw, Pair) == value
    for wrong in (((1, "a", 2), D(1)), ((1, 2), D(1)), ((True, "a"), D(1)), ((1, "a"), 1), ((1, "a"),)):
        with pytest.raises(CanonError):
            canon.encode(Pair(left=wrong))  # type: ignore[arg-type]


def test_unions_side_by_side_are_checked_each_by_its_own_kinds() -> None:
    pear, apple = Pear(weight=1.0), Apple(size=D(1))
    for good in (Bowl(two=(apple, pear)), Bowl(two=(pear, pear), maybe=apple)):
        assert canon.decode(canon.encode(good), Bowl) == good
    assert canon.encode(Bowl(two=(Apple(size=D("1.0")), pear), maybe=Apple(size=D("2.0")))).count(b".0") == 1
    for wrong in ((pear, apple), (apple, apple)):
        with pytest.raises(CanonError):
            canon.encode(Bowl(two=wrong))  # type: ignore[arg-type]
    with pytest.raises(CanonError):
        canon.encode(Bowl(two=(apple, pear), maybe=Reason(code=Code.USER)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"nonsense",
        b'{"_":"Apple.1"}',
        b'{"_":"Apple.2","size":"1"}',
        b'{"_":"Apple.1","size":"x"}',
        b'{"_":"Apple.1","size":"1","more":1}',
        b'{"_":"Apple.1","size":"\xff"}',
        b"[" * 100_000,
    ],
)
def test_bytes_that_spell_nothing_are_refused(raw: bytes) -> None:
    with pytest.raises(CanonError):
        canon.decode(raw, Apple)


@pytest.mark.parametrize(
    "raw",
    [b'{"_":"Apple.1","size":"1.0"}', b'{"_":"Apple.1", "size":"1"}', b'{"size":"1","_":"Apple.1"}'],
)
def test_another_spelling_is_read_but_is_not_canonical(raw: bytes) -> None:
    assert canon.decode(raw, Apple) == Apple(size=D(1))
    assert not canon.is_canonical(raw, Apple)
    assert canon.is_canonical(b'{"_":"Apple.1","size":"1"}', Apple)


def test_a_hash_is_of_the_canonical_bytes() -> None:
    assert canon.hash_of(Apple(size=D("1.0"))) == canon.digest(canon.encode(Apple(size=D(1))))
    assert chain_hash("0" * 64, b"x") != chain_hash("1" * 64, b"x")


# --- versions ------------------------------------------------------------------------------------------------------


class Fruit(Fact, frozen=True, kw_only=True, tag="Fruit.3"):
    name: str
    grams: int


class Basket(Fact, frozen=True, kw_only=True, tag="Basket.1"):
    fruits: tuple[Fruit, ...]


def _second(old: dict[str, Any]) -> dict[str, Any]:
    return {"_": "Fruit.2", "name": old["name"], "kilos": old["weight"]}


def _third(old: dict[str, Any]) -> dict[str, Any]:
    return {"_": "Fruit.3", "name": old["name"], "grams": round(old["kilos"] * 1000)}


@pytest.fixture
def upcasters() -> Any:
    canon.register_upcaster("Fruit.1", _second)
    canon.register_upcaster("Fruit.2", _third)
    yield
    canon.forget_upcaster("Fruit.1")
    canon.forget_upcaster("Fruit.2")


OLD = b'{"_":"Basket.1","fruits":[{"_":"Fruit.1","name":"a","weight":0.2},{"_":"Fruit.3","name":"b","grams":5}]}'


@pytest.mark.usefixtures("upcasters")
def test_old_bytes_are_read_through_two_upcasters() -> None:
    kept = bytes(OLD)
    basket = canon.decode(OLD, Basket)
    assert basket == Basket(fruits=(Fruit(name="a", grams=200), Fruit(name="b", grams=5)))
    assert kept == OLD and canon.encode(basket) != OLD, "old bytes are read, never rewritten"
    assert canon.is_canonical(OLD, Basket)
    assert not canon.is_canonical(OLD.replace(b":", b": "), Basket)
    middle = b'{"_":"Fruit.2","name":"a","kilos":0.5}'
    assert canon.decode(middle, Fruit) == Fruit(name="a", grams=500)
    for raw in (b'{"_":"Fruit.0"}', b'{"_":"Fruit.3"}', b"[" * 100_000, b'"\xff"'):
        with pytest.raises(CanonError):
            canon.decode(raw, Fruit)


@pytest.mark.usefixtures("upcasters")
def test_one_version_has_one_upcaster() -> None:
    with pytest.raises(ValueError, match=r"two upcasters for Fruit\.1"):
        canon.register_upcaster("Fruit.1", _second)


def test_without_its_upcaster_an_old_version_is_refused() -> None:
    with pytest.raises(CanonError):
        canon.decode(OLD, Basket)


# --- classes -------------------------------------------------------------------------------------------------------


def test_each_class_of_the_log_has_a_tag_of_its_own_with_a_version() -> None:
    tags = [str(cls.__struct_config__.tag) for cls in strategies.classes()]
    assert len(tags) > 80
    assert len(set(tags)) == len(tags)
    for cls, tag in zip(strategies.classes(), tags, strict=True):
        name, _, version = tag.partition(".")
        assert name == cls.__name__ and version.isdigit() and int(version) >= 1
        checker_of(cls)


def test_no_field_changes_without_a_new_version() -> None:
    """A changed class needs a new version and an upcaster; then `python tests/replays/make_golden.py`."""
    known = json.loads(SCHEMA.read_text())
    now = strategies.schema()
    changed = [tag for tag in known if tag in now and now[tag] != known[tag]]
    read = {*canon._upcasters, *TURNED_INSIDE}
    gone = [tag for tag in known if tag not in now and tag not in read]
    new = [tag for tag in now if tag not in known]
    assert (changed, gone, new) == ([], [], []), "changed, gone without an upcaster, not yet in schema.json"


def _made(**config: Any) -> type[msgspec.Struct]:
    usual = {"frozen": True, "kw_only": True, "forbid_unknown_fields": True, "tag": "Odd.1", "tag_field": "_"}
    return msgspec.defstruct("Odd", [("x", float, config.pop("default", 1.5))], **{**usual, **config})


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"tag": None, "tag_field": None}, "no tag"),
        ({"tag": "Odd"}, "no tag"),
        ({"tag_field": "kind"}, "no tag"),
        ({"frozen": False}, "frozen"),
        ({"forbid_unknown_fields": False}, "forbid unknown"),
        ({"omit_defaults": True}, "not a singleton"),
        ({"omit_defaults": True, "default": 300}, "not a singleton"),
        ({"omit_defaults": True, "default": "word"}, "not a singleton"),
    ],
)
def test_a_class_that_could_have_two_spellings_is_refused(config: dict[str, Any], complaint: str) -> None:
    with pytest.raises(CanonError, match=complaint):
        checker_of(_made(**config))


def test_classes_of_a_sound_shape_are_taken() -> None:
    checker_of(_made())
    checker_of(_made(omit_defaults=True, default=msgspec.NODEFAULT))


@pytest.mark.parametrize("hint", [list[int], dict[str, int], set[int], object, int | str, bytes])
def test_a_field_of_no_canonical_type_is_refused(hint: Any) -> None:
    odd = msgspec.defstruct(
        "Odd",
        [("x", hint)],
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        tag="Odd.1",
        tag_field="_",
    )
    with pytest.raises(CanonError, match="field x"):
        checker_of(odd)


def test_only_structs_are_encoded() -> None:
    with pytest.raises(CanonError, match="not a tagged struct"):
        canon.encode(1)  # type: ignore[arg-type]


# --- ids, parties, reasons -----------------------------------------------------------------------------------------


def test_ids_are_made_of_chain_record_and_index_and_fit_the_wire() -> None:
    ids = IdMaker(parse_chain("c1"), 255)
    assert [ids.make("r"), ids.make("q"), ids.make("r")] == ["c1-rff-0", "c1-qff-1", "c1-rff-2"]
    longest = IdMaker(parse_chain("a" * 10), 2**53)
    assert max(len(longest.make("r")) for _ in range(5_000)) <= 32


@pytest.mark.parametrize("text", ["", "A", "a" * 11, "a-b", "ä", "a\n"])
def test_a_chain_id_is_short_and_plain(text: str) -> None:
    with pytest.raises(ValueError, match="chain id"):
        parse_chain(text)


def test_a_party_has_a_name_that_fits() -> None:
    for name in ("", "x" * 33):
        with pytest.raises(ValueError, match="id"):
            Party(id=name)  # type: ignore[arg-type]


def test_a_reason_reads_well() -> None:
    assert str(Reason(code=Code.AMOUNT, field="amount", detail="too much")) == "amount (amount): too much"
    assert str(Reason(code=Code.USER)) == "user"
