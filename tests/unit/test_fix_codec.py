"""The decoder: which fault is told, with which tag, and what is read all the same."""

import pytest
from fix_bytes import spoken

from fix_gateway.codec import shapes
from fix_gateway.codec.decode import FIELDS_MAX, LENGTHS_MAX, Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.dictionary.spec import Dictionary, FieldSpec, GroupSpec, MessageSpec
from fix_gateway.dictionary.standard import load

HEAD = "34=2|49=A|56=B|52=20260101-10:00:00|"
ORDER = "11=ID|21=3|40=1|54=1|55=INTC|60=20260101-10:00:00|"
FIX44 = Decoder(load("FIX.4.4"))
FIXT = Decoder(load("FIXT.1.1", "9"), {b"6": load("FIXT.1.1", "6")})


def read(body: str, msg_type: str = "D", head: str = HEAD, decoder: Decoder = FIX44) -> Decoded:
    begin = b"FIXT.1.1" if decoder is FIXT else b"FIX.4.4"
    return decoder.decode(spoken(f"35={msg_type}|{head}{body}", begin))


def fault(*args: str, **kwargs: str | Decoder) -> tuple[int, bytes]:
    found = read(*args, **kwargs).fault  # type: ignore[arg-type]
    assert found is not None
    return found.code, found.tag


def test_a_right_message() -> None:
    got = read(ORDER + "386=2|336=PRE|336=POST|38=5|")
    assert got.fault is None and got.seq == 2 and got.begin == b"FIX.4.4" and got.msg_type == "D"
    assert got.header == {34: b"2", 49: b"A", 56: b"B", 52: b"20260101-10:00:00"}
    assert got.body[386] == [{336: b"PRE"}, {336: b"POST"}]
    assert list(got.body) == [11, 21, 40, 54, 55, 60, 386, 38]
    assert got.text(38) == b"5" and got.head(49) == b"A" and got.text(386) == b"" and got.head(97) == b""


@pytest.mark.parametrize(
    ("body", "code", "tag"),
    [
        ("9999=x|", 0, b"9999"),
        ("999=x|", 0, b"999"),
        ("0=x|", 0, b"0"),
        ("-1=x|", 0, b"-1"),
        ("011=x|", 0, b"011"),
        ("ab=x|", 0, b""),
        ("=x|", 0, b""),
        ("269=0|", 2, b"269"),
        ("58=|", 4, b"58"),
        ("58=a|b|", 17, b"58"),
        ("||", 17, b"60"),
        ("167=BOO|", 5, b"167"),
        ("18=1 BAD|", 5, b"18"),
        ("18=1  2|", 6, b"18"),
        ("38=+200.00|", 6, b"38"),
        ("54=1|", 13, b"54"),
        ("40=2|", 13, b"40"),
        ("386=3|336=PRE|336=POST|", 16, b"386"),
        ("386=1|336=PRE|336=POST|", 16, b"386"),
        ("386=0|336=PRE|", 16, b"386"),
        ("386=x|", 6, b"386"),
        ("386=1|625=a|336=PRE|", 15, b"625"),
        ("453=1|448=a|452=1|447=D|", 15, b"447"),
        ("453=1|448=a|447=D|447=D|", 13, b"447"),
        ("453=2|448=a|9999=x|448=b|", 0, b"9999"),
        ("453=2|448=a|269=0|448=b|", 2, b"269"),
        ("354=3|355=abcd|", 17, b"355"),
        ("354=99999|355=abcd|", 17, b"355"),
        ("354=0|355=|", 4, b"355"),
        ("49=A|", 14, b"49"),
        ("93=1|89=a|58=x|", 14, b"58"),
        ("10=000|", 13, b"10"),
    ],
)
def test_faults_of_one_field(body: str, code: int, tag: bytes) -> None:
    assert fault(ORDER + body) == (code, tag)


def test_what_is_judged_first() -> None:
    assert fault("58=|34=5|", "*") == (14, b"34"), "the order of the parts comes before the type"
    assert fault("58=|", "*", "34=2|") == (11, b""), "the type before what is missing"
    assert fault("58=|40=1|", "D", "34=|49=A|52=x|") == (1, b"56"), (
        "what is missing before values, header first"
    )
    assert fault("58=|40=1|") == (1, b"11"), "in ascending order"
    assert fault(ORDER + "54=x|", "D", "34=2|49=A|56=|52=20260101-10:00:00|") == (4, b"56")
    assert fault("11=|" + ORDER[6:] + "9999=1|") == (4, b"11"), "the first on the wire"


def test_a_required_field_of_an_entry() -> None:
    field = {
        tag: FieldSpec(tag=tag, name=f"F{tag}", type="STRING") for tag in (8, 9, 10, 34, 35, 101, 102, 103)
    }
    count = FieldSpec(tag=100, name="Count", type="NUMINGROUP")
    group = GroupSpec(count=100, members=(101, 102, 103), required=(101, 103))
    small = Dictionary(
        begin=b"FIX.4.4",
        appl="",
        header=MessageSpec(
            msg_type="",
            name="header",
            admin=False,
            members=frozenset({8, 9, 35, 34}),
            required=(8, 9, 34, 35),
        ),
        trailer=MessageSpec(
            msg_type="", name="trailer", admin=False, members=frozenset({10}), required=(10,)
        ),
        messages={
            "U": MessageSpec(
                msg_type="U",
                name="Small",
                admin=False,
                members=frozenset({100, 102}),
                required=(102,),
                groups={100: group},
            )
        },
        fields={**field, 100: count},
        known=frozenset({*field, 100}),
        admin_known=frozenset({*field, 100}),
        other_types=frozenset(),
    )
    decoder = Decoder(small)
    got = decoder.decode(spoken("35=U|34=1|100=1|101=a|102=b|103=c|102=z|"))
    assert got.fault is None and got.body == {100: [{101: b"a", 102: b"b", 103: b"c"}], 102: b"z"}
    for body, code, tag in (
        ("100=1|101=a|102=b|", 1, b"103"),  # the entry has taken 102
        ("100=1|101=a|103=c|", 1, b"102"),
        ("102=z|100=1|101=a|", 1, b"103"),
        ("102=z|100=1|101=a|103=c|102=b|", 15, b"102"),
    ):
        found = decoder.decode(spoken(f"35=U|34=1|{body}")).fault
        assert found is not None and (found.code, found.tag) == (code, tag), body


def test_the_header_is_read_from_wherever_it_stands() -> None:
    got = read(ORDER + HEAD + "115=X|43=Y|", "D", "")
    assert got.fault is not None and got.fault.code == 14
    assert got.seq == 2 and got.head(49) == b"A" and got.head(115) == b"X" and got.poss_dup
    got = read(ORDER, "D", HEAD + "128=|116=Z|")
    assert got.fault is not None and got.head(128) == b"" and got.head(116) == b"Z" and got.seq == 2
    assert read("", "0", "34=x|49=A|56=B|52=20260101-10:00:00|").seq == -1
    assert read("", "0", "49=A|56=B|52=20260101-10:00:00|").seq == -1


def test_raw_fields_may_hold_separators() -> None:
    got = read("98=0|108=30|95=9|96=a|10=000||141=Y|", "A")
    assert got.fault is None and got.text(96) == b"a\x0110=000\x01" and got.text(141) == b"Y"
    got = read(ORDER + "354=3|355=a|b|93=3|89=|=||")
    assert got.fault is None and got.text(355) == b"a\x01b"
    got = read("98=0|108=30|", "A", HEAD + "212=3|213=x|y|")
    assert got.fault is None and got.head(213) == b"x\x01y"
    assert read("98=0|108=30|95=5|", "A").fault is None, "a length alone harms nobody"


def test_types_outside_the_profile_are_judged_by_their_header_only() -> None:
    got = read("148=x|148=y|9999=|33=z|", "B")
    assert got.fault is None and got.body == {148: b"x", 33: b"z"}
    assert fault("148=x|", "B", "34=2|49=A|56=B|52=soon|") == (6, b"52")


def test_user_defined_fields() -> None:
    lenient = Decoder(load("FIX.4.4"), user_defined=True)
    got = read(ORDER + "9999=x|453=2|448=a|7001=p|447=D|448=b|7002=q|38=1|", decoder=lenient)
    assert got.fault is None and got.text(9999) == b"x"
    assert got.body[453] == [{448: b"a", 7001: b"p", 447: b"D"}, {448: b"b"}], (
        "behind the last entry it is outside"
    )
    assert got.text(7002) == b"q"
    assert fault(ORDER + "9999=x|9999=y|", decoder=lenient) == (13, b"9999")
    assert fault(ORDER + "9999=|", decoder=lenient) == (4, b"9999")
    assert fault(ORDER + "4999=x|", decoder=lenient) == (0, b"4999")


def test_the_version_of_a_message() -> None:
    assert read("", "0", decoder=FIXT).fault is None
    assert fault("55=X|", "0", decoder=FIXT) == (0, b"55"), "FIXT itself knows no Symbol"
    order = "11=ID|40=1|54=1|55=INTC|60=20260101-10:00:00|1028=Y|"
    assert read(order, decoder=FIXT).fault is None
    assert read(order, "D", HEAD + "1128=9|", FIXT).fault is None
    assert fault(order, "D", HEAD + "1128=6|", FIXT) == (0, b"1028"), "FIX 4.4 has no such field"
    assert fault(order, "D", HEAD + "1128=8|", FIXT) == (18, b"1128")
    assert fault(order, "D", HEAD + "1128=|", FIXT) == (4, b"1128")
    assert fault(order, "D", HEAD + "1128=9|") == (0, b"1128"), "4.4 itself has no versions"


def test_too_many_fields_are_refused_but_counted() -> None:
    for body in ("58=a|" * FIELDS_MAX, "354=1|" * (LENGTHS_MAX + 1), "|" * 60_000):
        got = read(body)
        assert got.fault is not None and got.fault.code == 99
        assert got.seq == 2 and got.head(49) == b"A"
    count = FIELDS_MAX - 20
    assert read(ORDER + f"386={count}|" + "336=x|" * count).fault is None


def test_plans_are_made_slowly_and_few_are_kept() -> None:
    decoder = Decoder(load("FIX.4.4"))
    for sighting in range(shapes.SIGHTINGS):
        assert decoder.plans == 0, sighting
        read(ORDER, decoder=decoder)
    assert decoder.plans == 1
    optional = [f"{tag}=1|" for tag in (1, 526, 528, 581, 583, 589, 591, 635, 63, 100)]
    for bits in range(1 << len(optional)):
        body = ORDER + "".join(one for at, one in enumerate(optional) if bits >> at & 1)
        for _ in range(shapes.SIGHTINGS):
            read(body.replace("528=1", "528=A").replace("589=1", "589=0"), decoder=decoder)
        if decoder.plans == shapes.PLANS_AT_ONCE:
            break
    made = decoder.plans
    for _ in range(shapes.SIGHTINGS * 2):
        read(ORDER + "58=more|", decoder=decoder)
    assert decoder.plans <= made + 1


def test_long_shapes_and_raw_fields_have_no_plan() -> None:
    decoder = Decoder(load("FIX.4.4"))
    for _ in range(shapes.SIGHTINGS + 2):
        assert read(ORDER + "354=3|355=a|b|", decoder=decoder).fault is None
        assert read(ORDER + "386=300|" + "336=x|" * 300, decoder=decoder).fault is None
        assert read("148=x|", "B", decoder=decoder).fault is None
    assert decoder.plans == 0
    assert Decoder(load("FIX.4.4"), fast=False).plans == 0


def test_a_plan_fits_only_its_own_version_and_values() -> None:
    decoder = Decoder(load("FIXT.1.1", "9"), {b"6": load("FIXT.1.1", "6")})
    order = "11=ID|40=1|54=1|55=INTC|60=20260101-10:00:00|167=CS|18=1 2|"
    for _ in range(shapes.SIGHTINGS):
        assert decoder.decode(spoken(f"35=D|{HEAD}1128=9|{order}", b"FIXT.1.1")).fault is None
    assert decoder.plans == 1
    for head, body, code in (("1128=8|", order, 18), ("1128=9|", order.replace("CS", "BOO"), 5)):
        got = decoder.decode(spoken(f"35=D|{HEAD}{head}{body}", b"FIXT.1.1")).fault
        assert got is not None and got.code == code
    again = decoder.decode(spoken(f"35=D|{HEAD}1128=9|{order.replace('1 2', '2 G 1')}", b"FIXT.1.1"))
    assert again.fault is None and again.text(18) == b"2 G 1"
