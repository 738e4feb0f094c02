"""A message made readable: names, meanings and groups; everything that is wrong, and no password."""

import json
from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.encode import frame
from fix_gateway.codec.framer import Framer
from fix_gateway.dialect import COINBASE_FLAT
from fix_gateway.dictionary.standard import load
from fix_gateway.explain.explainer import APPLICATIONS, Explained, Explainer
from fix_gateway.shell.wirelog import masked

HEAD = "49=ALPHA|56=DESK|34=2|52=20250102-03:04:05.123|"
QUOTE_REQUEST = (
    f"35=R|{HEAD}131=r1|146=1|55=[N/A]|38=10|555=2|600=BTC-27NOV26-104000-C|623=1|624=1|600=BTC-27NOV26-104000-P|"
    "623=1|624=2|453=2|448=a|447=D|452=13|448=b|447=D|452=1|802=1|523=x|803=4|58=a=b|"
)
ORDER = f"35=D|{HEAD}11=o1|55=BTC-PERPETUAL|54=1|60=20250102-03:04:05.123|38=10|40=2|44=100.5|18=1 6|354=3|355=a|b|"
REJECT = f"35=3|{HEAD}45=7|371=54|372=D|373=5|58=no|"
LOGON_50 = f"35=A|{HEAD}98=0|108=30|553=me|554=s3cret|1137=9|"
HEARTBEAT = f"35=0|{HEAD}112=x|"
BUSINESS = f"35=j|{HEAD}45=3|372=R|380=3|"
UNTOLD = f"35=B|{HEAD}148=news|33=1|58=text|"
SAMPLES = {
    "FIX.4.4": (QUOTE_REQUEST, ORDER, REJECT, HEARTBEAT, BUSINESS, UNTOLD),
    "FIX.4.2": (ORDER, REJECT, HEARTBEAT, BUSINESS, UNTOLD),
    "FIXT.1.1": (QUOTE_REQUEST, ORDER, REJECT, LOGON_50, HEARTBEAT, BUSINESS, UNTOLD),
}


def sent(begin: str, rest: str) -> bytes:
    return frame(begin.encode(), rest.replace("|", "\x01").encode())


def explain(begin: str, rest: str, explainer: Explainer | None = None) -> Explained:
    return (explainer or Explainer()).explain(sent(begin, rest))


@cache
def ready() -> Explainer:
    """One whose dictionaries are loaded."""
    return Explainer()


def texts(found: Explained) -> list[str]:
    return [one.text for one in found.wrong]


@pytest.mark.parametrize(("begin", "rest"), [(b, r) for b in SAMPLES for r in SAMPLES[b] if r is not ORDER])
def test_a_right_message_has_nothing_wrong(begin: str, rest: str) -> None:
    found = explain(begin, rest)
    assert texts(found) == []
    assert (found.answer, found.notes) == ("", ())
    assert (found.begin, found.seq, found.sender, found.target) == (begin, "2", "ALPHA", "DESK")
    assert found.sent == "20250102-03:04:05.123"


def test_fields_have_names_and_meanings() -> None:
    found = explain("FIX.4.4", ORDER.replace("a|b", "a b"))
    assert (found.msg_type, found.name, found.version) == ("D", "NewOrderSingle", "FIX 4.4")
    told = {one.tag: (one.name, one.value, one.meaning) for one in found.fields}
    assert told["54"] == ("Side", "1", "buy")
    assert told["40"] == ("OrdType", "2", "limit")
    assert told["35"] == ("MsgType", "D", "NewOrderSingle")
    assert told["18"][2].count(",") == 1, "a list of values has a list of meanings"
    assert [one.part for one in found.fields if one.tag in ("8", "52", "11", "10")] == [
        *("header", "header", "body", "trailer")
    ]
    reject = {one.tag: one.meaning for one in explain("FIX.4.4", REJECT).fields}
    assert (reject["371"], reject["372"]) == ("Side", "NewOrderSingle")


def test_groups_are_nested_and_keep_their_order() -> None:
    found = explain("FIX.4.4", QUOTE_REQUEST)
    shape = [(one.tag, one.depth, one.entry) for one in found.fields if one.part == "body"]
    assert shape[:4] == [("131", 0, 0), ("146", 0, 0), ("55", 1, 1), ("38", 1, 0)]
    assert [one for one in shape if one[1] == 3] == [("523", 3, 1), ("803", 3, 0)]
    assert [one for one in shape if one[0] == "600"] == [("600", 2, 1), ("600", 2, 2)]
    meanings = {one.tag: one.meaning for one in found.fields}
    assert (meanings["146"], meanings["555"]) == ("1 entry", "2 entries")


def test_a_data_field_may_hold_the_separator() -> None:
    found = explain("FIX.4.4", ORDER)
    assert texts(found) == []
    assert next(one.value for one in found.fields if one.tag == "355") == "a\\x01b"
    lie = explain("FIX.4.4", ORDER.replace("354=3", "354=2"))
    assert lie.wrong[0].code == 17


@pytest.mark.parametrize(
    ("old", "new", "code", "text"),
    [
        (
            "54=1",
            "54=Z",
            5,
            "54 Side: Value is incorrect (out of range) for this tag: 'Z' is none of 1 (buy), 2",
        ),
        ("44=100.5", "44=dear", 6, "44 Price: Incorrect data format for value: 'dear' is no PRICE"),
        ("11=o1|", "", 1, "11 ClOrdID: Required tag missing"),
        ("52=20250102-03:04:05.123|", "", 1, "52 SendingTime: Required tag missing"),
        ("54=1", "54=1|54=1", 13, "54 Side: Tag appears more than once"),
        ("44=100.5", "44=", 4, "44 Price: Tag specified without a value"),
        ("44=100.5", "44=1|4999=1", 0, "4999: Invalid tag number"),
        ("44=100.5", "44=1|131=x", 2, "131 QuoteReqID: Tag not defined for this message type"),
        ("44=100.5", "44=1|115=x", 14, "115 OnBehalfOfCompID: Tag specified out of required order"),
        ("35=D", "35=ZZ", 11, "Invalid MsgType: neither in the profile nor in the standard"),
        ("44=100.5", "44=1|58=a|b", 17, "58 Text: Non-data value includes field delimiter (SOH character)"),
    ],
)
def test_each_fault_is_named(old: str, new: str, code: int, text: str) -> None:
    found = explain("FIX.4.4", ORDER.replace(old, new))
    assert found.wrong[0].code == code
    assert texts(found)[0].startswith(text)
    assert (f"373={code}" in found.answer) is not text.startswith("52")


def test_what_a_session_does_about_it() -> None:
    def answer(rest: str, begin: str = "FIX.4.4") -> str:
        return explain(begin, rest).answer

    assert answer(ORDER.replace("34=2|", "")).startswith("Logout (35=5), MsgSeqNum missing")
    assert answer(ORDER.replace("49=ALPHA|", "")).endswith("then Logout (35=5)")
    assert answer(LOGON_50, "FIX.4.4") == "the Logon is refused: the connection ends"
    assert answer(ORDER.replace("21=", "").replace("|54=1", "|21=1|54=1|54=1"), "FIX.4.2") == (
        "Reject (35=3) with 371=54, and no 373: FIX 4.2 has none for this"
    )
    assert answer(HEARTBEAT, "FIX.4.3") == "Logout (35=5), Incorrect BeginString"


def test_all_faults_are_named_not_only_the_first() -> None:
    found = explain(
        "FIX.4.4", ORDER.replace("54=1", "54=Z").replace("44=100.5", "44=dear|44=1").replace("60=", "61=")
    )
    assert [(one.code, one.tag) for one in found.wrong] == [
        (1, "60"),
        (5, "54"),
        (2, "61"),
        (6, "44"),
        (13, "44"),
    ]


def test_what_is_wrong_with_a_group() -> None:
    def wrong(old: str, new: str) -> list[tuple[int, str]]:
        assert old in QUOTE_REQUEST
        return [(one.code, one.tag) for one in explain("FIX.4.4", QUOTE_REQUEST.replace(old, new)).wrong]

    assert wrong("555=2", "555=3") == [(16, "555")]
    assert wrong("623=1|624=1", "624=1|623=1") == [(15, "623")]
    assert wrong("600=BTC-27NOV26-104000-C|", "") == [(15, "623")]
    assert wrong("623=1|624=1", "623=1|7=1|624=1") == [(2, "7")]
    counted = explain("FIX.4.4", QUOTE_REQUEST.replace("555=2", "555=3"))
    assert texts(counted)[0].endswith("3 said, 2 there")


def test_framing_is_explained_with_what_would_be_right() -> None:
    raw = sent("FIX.4.4", HEARTBEAT)
    length = int(raw.split(b"\x01")[1][2:])
    longer = Explainer().explain(raw.replace(b"9=%d" % length, b"9=%d" % (length + 1), 1))
    assert texts(longer)[0] == f"BodyLength says {length + 1}, there are {length} bytes"
    assert longer.wrong[1].text.startswith("CheckSum says "), "the sum counts the length's digits"
    right = raw[-4:-1].decode()
    other = f"{(int(right) + 1) % 256:03d}"
    summed = Explainer().explain(raw[:-4] + other.encode() + b"\x01")
    assert texts(summed) == [f"CheckSum says {other}, {right} is right"]
    assert summed.answer.startswith("dropped without a word")
    cut = Explainer().explain(raw[:-7])
    assert texts(cut) == ["no CheckSum (10) at its end: it was cut off, or its last field is another one"]
    assert [one.tag for one in cut.fields] == ["8", "9", "35", "49", "56", "34", "52", "112"]
    assert Explainer().explain(raw[:-1]).wrong == (), "logs often strip the last separator"


def test_a_message_that_cannot_be_framed_at_all_is_shown_all_the_same() -> None:
    found = Explainer().explain(b"8=FIX.4.4\x0149=A\x0135=D\x0155=BTC\x0110=1\x01")
    assert "BodyLength (9) is not the second field" in texts(found)
    assert "MsgType (35) is not the third field, or empty" in texts(found)
    assert any(text.startswith("CheckSum says '1', three digits are wanted") for text in texts(found))
    assert [(one.tag, one.name) for one in found.fields][3] == ("55", "Symbol")
    assert found.notes == ("simplefix, which checks nothing, reads 5 fields",)
    nothing = Explainer().explain(b"8=FIX.4.4\x01no fields\x01")
    assert "simplefix cannot read it either" in nothing.notes[0]


def test_the_version_is_chosen_by_what_was_said() -> None:
    explainer = Explainer()
    assert explain("FIXT.1.1", QUOTE_REQUEST, explainer).version == "FIXT 1.1, FIX 5.0 SP2"
    assert explain("FIXT.1.1", LOGON_50.replace("1137=9", "1137=6"), explainer).wrong == ()
    assert explain("FIXT.1.1", HEARTBEAT, explainer).version == "FIXT 1.1, FIX 4.4", "the Logon said so"
    one = explain("FIXT.1.1", ORDER.replace("49=", "1128=4|49=").replace("|54=", "|21=1|54="), explainer)
    assert (one.version, one.wrong) == ("FIXT 1.1, FIX 4.2", ())
    unknown = explain("FIXT.1.1", ORDER.replace("49=", "1128=1|49="), explainer)
    assert [(fault.code, fault.tag) for fault in unknown.wrong] == [(18, "1128")]
    assert "1137=3" in explain("FIXT.1.1", LOGON_50.replace("1137=9", "1137=3")).notes[0]
    old = explain("FIX.4.3", HEARTBEAT)
    assert (old.wrong[0].where, old.notes) == ("version", ("read as FIX 4.4",))
    given = explain("FIX.4.4", HEARTBEAT, Explainer(load("FIX.4.2")))
    assert texts(given) == ["BeginString is 'FIX.4.4', this dialect speaks FIX.4.2"]


def test_a_dialect_decides_what_is_allowed() -> None:
    flat = f"35=R|{HEAD}131=r1|1=acc|55=BTC-PERPETUAL|54=1|38=1|40=2|44=5|59=4|"
    assert explain("FIX.4.2", flat).wrong != ()
    dialect = Explainer(COINBASE_FLAT.dictionary, user_defined=COINBASE_FLAT.user_defined)
    assert explain("FIX.4.2", flat, dialect).wrong == ()


def test_user_defined_tags_are_noted_where_no_dialect_is_known() -> None:
    rest = ORDER.replace("58=", "").replace("44=100.5", "44=1|9876=x")
    assert explain("FIX.4.4", rest).notes == (
        "user-defined, taken only where a session's dialect says so: 9876",
    )
    strict = Explainer(load("FIX.4.4"), user_defined=False)
    assert [(one.code, one.tag) for one in explain("FIX.4.4", rest, strict).wrong] == [(0, "9876")]


SECRETS = [
    "554=s3cret|",
    "925=s3cret|",
    "0554=s3cret|",
    " 554=s3cret|",
    "554 =s3cret|",
    "554=x|s3cret|",
    "554=x|s3cret=s3cret|",
    "925=x|s3 cret s3cret|",
    "554=s3cret",
    "554=|554=s3cret|",
    "95=6|96=s3cret|",
    "95=9|96=s3cret|",
    "58=554=s3cret|",
    "58=see 925 = s3cret|",
    "1402=6|554=s3cret|",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("kind", ["A", "BE", "D", "", "ZZ"])
def test_no_password_comes_out(secret: str, kind: str) -> None:
    if "96=" in secret and kind != "A":
        return  # raw data is a secret in a Logon only
    rest = f"35={kind}|{HEAD}98=0|108=30|{secret}"
    explainer = ready()
    for begin in ("FIX.4.2", "FIX.4.4", "FIXT.1.1", "FIX.9"):
        whole = sent(begin, rest if rest.endswith("|") else rest + "|")
        for raw in (whole, whole[:-7], whole.replace(b"\x019=", b"\x01"), whole.replace(b"35=", b"")):
            assert b"s3cret" not in msgspec.json.encode(explainer.explain(raw))


def test_a_masked_message_is_not_called_wrong() -> None:
    raw = masked(sent("FIX.4.4", LOGON_50.replace("1137=9|", "").replace("98=0|", "98=0|95=4|96=four|")))
    found = Explainer().explain(raw)
    assert found.wrong == ()
    assert found.notes == ("a secret in it is masked, so its length and its sum cannot be checked",)


def test_nothing_can_play_with_the_screen() -> None:
    found = explain("FIX.4.4", HEARTBEAT.replace("112=x", "112=\x1b[2J\x9b\u202e\r\n"))
    value = next(one.value for one in found.fields if one.tag == "112")
    assert value == "\\x1b[2J\\x9b\\u202e\\r\\n"
    assert json.loads(msgspec.json.encode(found))["seq"] == "2"


# --- the law: what the decoder says is said, and nothing is wrong where it is content ------------------------------

FIELDS = st.sampled_from(
    [
        *(
            "58=x",
            "54=1",
            "54=Z",
            "44=1",
            "44=",
            "38=a",
            "18=1 Z",
            "11=o",
            "55=S",
            "131=r",
            "52=never",
            "7=1",
        ),
        *("600=q", "624=1", "448=z", "523=s", "555=1", "453=1", "146=1", "802=1"),
        *("9999=u", "4999=1", "-1=2", "x=1", "y", "95=1", "96=r", "354=1", "355=r"),
        *("49=B", "115=C", "43=Y", "1128=9", "1128=1", "35=D", "10=000", "93=1", "89=s"),
    ]
)


@st.composite
def bent(draw: st.DrawFn) -> tuple[str, bytes]:
    """A right message with some fields taken out, put in, doubled, swapped."""
    begin = draw(st.sampled_from(sorted(SAMPLES)))
    parts = draw(st.sampled_from(SAMPLES[begin])).split("|")[:-1]
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(1, len(parts) - 1))
        what = draw(st.sampled_from(["out", "in", "in", "twice", "swap"]))
        if what == "out" and len(parts) > 2:
            del parts[at]
        elif what == "in":
            parts.insert(draw(st.integers(1, len(parts))), draw(FIELDS))
        elif what == "twice":
            parts.insert(at, parts[at])
        else:
            other = draw(st.integers(1, len(parts) - 1))
            parts[at], parts[other] = parts[other], parts[at]
    return begin, sent(begin, "|".join(parts) + "|")


@cache
def both(begin: str, user_defined: bool) -> tuple[Decoder, Explainer]:
    dictionary = load(begin, "9" if begin == "FIXT.1.1" else "")
    others = {one.encode(): load("FIXT.1.1", one) for one in APPLICATIONS} if begin == "FIXT.1.1" else {}
    decoder = Decoder(dictionary, others, user_defined=user_defined, fast=False)
    return decoder, Explainer(user_defined=user_defined)


@pytest.mark.parametrize("user_defined", [True, False])
@given(made=bent())
def test_the_decoder_and_the_explainer_agree(user_defined: bool, made: tuple[str, bytes]) -> None:
    begin, raw = made
    if Framer().feed(raw) != [raw]:
        return
    decoder, explainer = both(begin, user_defined)
    fault = decoder.decode(raw).fault
    found = explainer.explain(raw)
    if fault is None:
        assert texts(found) == []
    else:
        first = found.wrong[0]
        assert (first.code, first.tag) == (fault.code, fault.tag.decode("latin-1"))


@given(raw=st.binary(max_size=300), begin=st.sampled_from(sorted(SAMPLES)), at=st.integers(0, 400))
def test_any_bytes_are_explained_somehow(raw: bytes, begin: str, at: int) -> None:
    whole = sent(begin, SAMPLES[begin][0])
    found = both(begin, True)[1].explain(whole[: max(2, at)] + raw + whole[at:])
    assert found.fields
    msgspec.json.encode(found)
