"""Laws of the codec: round trip, any split, quick equals careful, hostile bytes harm nobody."""

import random

import fix_bytes
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fix_gateway.codec import odd
from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.encode import frame
from fix_gateway.codec.framer import Framer
from fix_gateway.codec.shapes import SIGHTINGS
from fix_gateway.codec.values import checksum
from fix_gateway.dictionary.spec import Dictionary
from fix_gateway.dictionary.standard import load
from fix_gateway.errors import Garbled

VERSIONS = [("FIX.4.2", ""), ("FIX.4.4", ""), ("FIXT.1.1", "9")]
SEEDS = st.integers(0, 2**32)


def decoder(version: tuple[str, str], *, fast: bool = True, user_defined: bool = False) -> Decoder:
    others: dict[bytes, Dictionary] = {b"6": load("FIXT.1.1", "6")} if version[0] == "FIXT.1.1" else {}
    return Decoder(load(*version), others, fast=fast, user_defined=user_defined)


CAREFUL = {version: decoder(version, fast=False) for version in VERSIONS}
LENIENT = {version: decoder(version, fast=False, user_defined=True) for version in VERSIONS}


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@given(seed=SEEDS)
def test_what_is_sent_is_read(version: tuple[str, str], seed: int) -> None:
    dice, dictionary = random.Random(seed), load(*version)
    msg_type = dice.choice(sorted(dictionary.messages))
    head = fix_bytes.fill(dice, dictionary.fields, fix_bytes.header(dice, dictionary))
    body = fix_bytes.fill(dice, dictionary.fields, fix_bytes.shape(dice, dictionary, msg_type))
    pairs = fix_bytes.flat(head) + fix_bytes.flat(body)
    raw = fix_bytes.wire(dictionary.begin, msg_type, pairs)
    assert Framer().feed(raw) == [raw]
    read = CAREFUL[version].decode(raw)
    assert read.fault is None, (read.fault, raw)
    assert (read.msg_type, read.header, read.body, read.raw) == (msg_type, head, body, raw)
    assert list(read.body) == list(body), "the order of the wire is kept"
    assert read.seq == int(read.head(34))
    assert [pair for pair in odd.read(raw) if pair[0] not in (8, 9, 35, 10)] == pairs
    assert odd.build(odd.read(raw)) == raw


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@settings(max_examples=40)
@given(seed=SEEDS)
def test_the_quick_way_and_the_careful_way_read_the_same(version: tuple[str, str], seed: int) -> None:
    dice, dictionary = random.Random(seed), load(*version)
    msg_type = dice.choice(sorted(dictionary.messages))
    quick = decoder(version)
    head, body = fix_bytes.header(dice, dictionary), fix_bytes.shape(dice, dictionary, msg_type)
    if dictionary.appl and not dictionary.messages[msg_type].admin and dice.random() < 0.5:
        head.append((1128, None))
    for turn in range(SIGHTINGS + 12):
        parts = fix_bytes.fill(dice, dictionary.fields, head), fix_bytes.fill(dice, dictionary.fields, body)
        if 1128 in parts[0]:
            parts[0][1128] = dictionary.appl.encode() if turn < SIGHTINGS or dice.random() < 0.7 else b"6"
        pairs = fix_bytes.flat(parts[0]) + fix_bytes.flat(parts[1])
        if turn > SIGHTINGS:
            at = dice.randrange(len(pairs))
            pairs[at] = (pairs[at][0], dice.choice(WRONG)(dice, pairs[at][1]))
        raw = fix_bytes.wire(dictionary.begin, msg_type, pairs)
        read, again = quick.decode(raw), CAREFUL[version].decode(raw)
        assert read == again
        assert list(read.body) == list(again.body) and list(read.header) == list(again.header)
    assert quick.plans == 1


WRONG = [
    lambda dice, value: value,
    lambda dice, value: b"",
    lambda dice, value: value + b"=",
    lambda dice, value: value + b"\n",
    lambda dice, value: value + dice.choice((b" ", b"0", b"Z", b".", b"-1")),
    lambda dice, value: b"0" + value,
    lambda dice, value: dice.choice((b"-", b"+", b" ", b"\xff")) + value,
    lambda dice, value: value[:-1],
    lambda dice, value: value * 2,
    lambda dice, value: dice.choice((b"7", b"Y", b"1 2", b"20230229", b"1e5", b"99999999999999999999999")),
]


@given(data=st.data(), seed=SEEDS, cap=st.sampled_from([120, 400, 65_536]))
def test_any_split_of_the_stream_gives_the_same(data: st.DataObject, seed: int, cap: int) -> None:
    dice = random.Random(seed)
    stream = b"".join(_piece(dice) for _ in range(dice.randint(0, 6)))
    whole = Framer(cap).feed(stream)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    for pieces in (
        [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)],
        [stream[at : at + 1] for at in range(len(stream))],
    ):
        framer = Framer(cap)
        found = []
        for piece in pieces:
            found += framer.feed(piece)
            assert framer.pending <= cap + 64
        assert found == whole


def _piece(dice: random.Random) -> bytes:
    """A message, or something that is none."""
    raw = fix_bytes.spoken(f"35=0|34={dice.randrange(1000)}|49=A|56=B|58={'x' * dice.randrange(60)}|")
    at = dice.randrange(len(raw))
    noise = bytes(dice.choices(b"8=9\x0110=FIX35", k=dice.randrange(80)))
    return dice.choice(
        [
            *(
                raw,
                raw,
                raw,
                noise,
                raw[:at],
                raw[at:],
                raw[:at] + raw[at + 1 :],
                raw[:at] + noise + raw[at:],
            ),
            *(
                raw.replace(b"9=", b"9=1", 1),
                raw.replace(b"10=", b"10=9"),
                raw.replace(b"35=0\x0134", b"34=0\x0135"),
            ),
            *(b"8=FIX\x019=5\x01" + noise, b"\x0110=" + noise, raw.replace(b"\x0135", b"\x01x", 1)),
        ]
    )


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"8=FIX.4.4\x019=30\x01", b"8=FIX.4.4\x019=5\x0135=0\x01"])
)
@example(b"\x0110=" * 50, b"8=A\x019=1\x01")
def test_noise_never_raises_and_never_becomes_a_message(noise: bytes, lead: bytes) -> None:
    good = fix_bytes.spoken("35=0|34=1|49=A|56=B|52=20260101-00:00:00|")
    framer = Framer(200)
    found = framer.feed(lead + noise) + framer.feed(good)
    for one in found:
        if isinstance(one, bytes):
            assert one.endswith(b"10=%03d\x01" % checksum(one[:-7])) and one.startswith(b"8=")
        else:
            assert isinstance(one, Garbled) and one.size <= 600
    assert framer.pending <= 300


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@given(data=st.data(), seed=SEEDS)
def test_a_mutated_message_never_raises(version: tuple[str, str], data: st.DataObject, seed: int) -> None:
    dice, dictionary = random.Random(seed), load(*version)
    msg_type = dice.choice(sorted(dictionary.messages))
    body = fix_bytes.fill(dice, dictionary.fields, fix_bytes.shape(dice, dictionary, msg_type))
    head = fix_bytes.fill(dice, dictionary.fields, fix_bytes.header(dice, dictionary))
    raw = fix_bytes.wire(dictionary.begin, msg_type, fix_bytes.flat(head) + fix_bytes.flat(body))
    fields = raw[raw.index(b"35=") : -7].split(b"\x01")
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(1, len(fields))
        other = dice.randrange(1, len(fields))
        fields[at : at + 1] = dice.choice(
            [
                *(
                    [],
                    [fields[at]] * 2,
                    [fields[other], fields[at]],
                    [b"junk"],
                    [b""],
                    [b"=x"],
                    [fields[at], b"9999=1"],
                ),
                *(
                    [b"95=3", b"96=a"],
                    [b"354=5", b"355=a", b"b"],
                    [b"5001=x"],
                    [data.draw(st.binary(max_size=8))],
                ),
                *(
                    [fields[at].replace(b"=", b"")],
                    [b"0" + fields[at]],
                    [fields[at][:-1]],
                    [b"1128=6", fields[at]],
                ),
            ]
        )
    rest = b"\x01".join([fields[0], *fields[1:]]).rstrip(b"\x01") + b"\x01"
    for way in (CAREFUL[version], LENIENT[version]):
        read = way.decode(frame(dictionary.begin, rest))
        assert read.fault is None or (0 <= read.fault.code <= 18 and b"\x01" not in read.fault.tag)
        assert not {8, 9, 35} & set(read.header)
        assert read.seq >= -1
