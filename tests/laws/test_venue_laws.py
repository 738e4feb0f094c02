"""No adapter raises on anything, in any order; what cannot be read is told, and no book is trusted that may lack it."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from venue_cases import CASES, NOW, Case, is_sound, opened

from rfq.feeds.said import BookSaid, Fetch, Reconnect, Said, Send, Trouble
from rfq.feeds.venues.adapter import Adapter, Heard

SAID = Said.__args__
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
ODD = (
    *(b"", b"{", b"[", b"null", b"0", b'""', b"[]", b"{}", b"pong", b"ping", b"\xff\xfe", b"\x00", b"NaN"),
    *(b"[" * 100_000, b'{"a":' * 50_000, b'{"stream":"' + b"x" * 70_000, b'"\\ud800"', b'{"id":1e999}'),
    *(b'{"data":' + b"[" * 100_000, b'{"stream":"btcusdt@depth@100ms","data":' + b"[" * 100_000),
    *(
        b'{"topic":"orderbook.200.BTCUSDT","data":' + b"[" * 100_000,
        b'{"topic":1}',
        b'{"params":{"data":[[]]}}',
    ),
)
VALUES = (
    *(
        b"null",
        b"-1",
        b"0",
        b'""',
        b"[]",
        b"{}",
        b"true",
        b'"x"',
        b"1e400",
        b"9" * 40,
        b'"' + b"9" * 40 + b'"',
    ),
    *(b'"NaN"', b'"-1"', b'"0"', b'"1e5"', b'"0.123456789012"', b"[[]]", b'[["1"]]', b'[["1","2","3"]]'),
    *(b'[["1","-2"]]', b"[[1,2]]", b'"\xff"', b"[null]", b'{"a":1}', b"18446744073709551616", b"[[[]]]"),
    *(b"9223372036854775807", b"0.5", b'"1e999"', b'"9223372036854775807"', b'"-"', b'"a-b-c-d-e"'),
)


def check(adapter: Adapter, heard: Heard) -> None:
    for said in heard.said:
        assert isinstance(said, SAID)
        assert said.venue == adapter.venue
        assert is_sound(said), said
        if isinstance(said, Trouble):
            assert said.what
            assert len(said.excerpt) <= 200
            msgspec.json.encode(said)
    for ask in heard.asks:
        assert isinstance(ask, (Send, Fetch, Reconnect))
        if not isinstance(ask, Fetch):
            assert ask.link in adapter.links


@st.composite
def spoilt(draw: st.DrawFn, texts: tuple[bytes, ...]) -> bytes:
    """A message with something wrong: bytes changed, lost or doubled, a value put in the place of another."""
    raw = bytearray(draw(st.sampled_from(texts)))
    for _ in range(draw(st.integers(1, 3))):
        if not raw:
            break
        at = draw(st.integers(0, len(raw) - 1))
        to = draw(st.integers(at, min(len(raw), at + 60)))
        change = draw(st.integers(0, 4))
        if change == 0:
            raw[at] = draw(st.integers(0, 255))
        elif change == 1:
            del raw[at:to]
        elif change == 2:
            raw[at:at] = raw[at:to]
        elif change == 3:
            del raw[at:]
        else:
            colons = [place for place, byte in enumerate(raw) if byte == ord(":")]
            if colons:
                begin = draw(st.sampled_from(colons)) + 1
                ends = [raw.find(mark, begin) for mark in (b",", b"}")]
                end = min((place for place in ends if place > 0), default=len(raw))
                raw[begin:end] = draw(st.sampled_from(VALUES))
    return bytes(raw)


def texts_of(case: Case) -> st.SearchStrategy[bytes]:
    own = case.messages
    return st.one_of(
        spoilt(own), spoilt(own), st.sampled_from(own), st.binary(max_size=200), st.sampled_from(ODD)
    )


def bodies_of(case: Case) -> st.SearchStrategy[bytes]:
    own = tuple(case.answers.values())
    return st.one_of(spoilt(own), st.sampled_from(own), st.binary(max_size=100), st.sampled_from(ODD))


@EVERY
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_makes_an_adapter_raise(case: Case, data: st.DataObject) -> None:
    adapter = case.make()
    links = list(adapter.links)
    tags: list[str] = [*case.answers, "", "depth:NONE", "listing", "book:", "list:"]
    now = NOW
    steps = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=12))
    heard = Heard()
    for step in [0, *steps]:
        now += data.draw(st.sampled_from([0, 1, 10**6, 10**9, 2 * 10**10, 10**12, -(10**9)]))
        link = data.draw(st.sampled_from(links))
        if step == 0:
            heard = adapter.opened(link, now)
        elif step <= 5:
            heard = adapter.hear(link, data.draw(texts_of(case)), now)
        elif step <= 7:
            tag = data.draw(st.sampled_from(tags))
            status = data.draw(st.sampled_from([200, 200, 200, 0, 400, 403, 418, 429, 500]))
            heard = adapter.fetched(tag, status, data.draw(bodies_of(case)), now - 10**7, now)
        elif step == 8:
            heard = adapter.tick(now)
        else:
            closed = data.draw(st.booleans())
            symbol = data.draw(st.sampled_from([*sorted(case.books), "NONE", ""]))
            heard = adapter.closed(link, now) if closed else adapter.resync(symbol, now)
        check(adapter, heard)
        tags += [ask.tag for ask in heard.asks if isinstance(ask, Fetch)]


MARK = "@@"


def parts(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a message."""
    yield path
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, of in inside:
        yield from parts(of, (*path, key))


def faulty(raw: bytes) -> Iterator[bytes]:
    """The message with each of its parts gone, doubled, or replaced by each odd value."""
    message = json.loads(raw)
    for path in parts(message):
        if not path:
            continue
        changed = copy.deepcopy(message)
        node = changed
        for key in path[:-1]:
            node = node[key]
        kept = node[path[-1]]
        if isinstance(node, list):
            node.insert(path[-1], kept)
            yield json.dumps(changed).encode()
            del node[path[-1]]
        node[path[-1]] = MARK
        text = json.dumps(changed, separators=(",", ":")).encode()
        for value in VALUES:
            yield text.replace(b'"@@"', value, 1)
        del node[path[-1]]
        yield json.dumps(changed, separators=(",", ":")).encode()


@EVERY
def test_every_message_with_one_part_wrong_is_survived(case: Case) -> None:
    adapter = case.make()
    opened(adapter)
    link = next(iter(adapter.links))
    troubles = 0
    for raw in case.messages:
        if not raw.startswith(b"{"):
            continue
        for spoilt_text in faulty(raw):
            heard = adapter.hear(link, spoilt_text, NOW)
            check(adapter, heard)
            troubles += any(isinstance(said, Trouble) for said in heard.said)
    assert troubles > 100


@EVERY
def test_every_answer_with_one_part_wrong_is_survived(case: Case) -> None:
    adapter = case.make()
    opened(adapter)
    now, troubles = NOW, 0
    for raw in case.messages:
        adapter.hear(next(iter(adapter.links)), raw, now)
    for tag, raw in case.answers.items():
        for body in faulty(raw):
            now += 7 * 3600 * 10**9
            adapter.tick(now)
            for symbol in case.books:
                adapter.resync(symbol, now)
            heard = adapter.fetched(tag, 200, body, now, now)
            check(adapter, heard)
            troubles += any(isinstance(said, Trouble) for said in heard.said)
    assert troubles > 20


@EVERY
def test_odd_texts_are_told_and_nothing_else(case: Case) -> None:
    for raw in ODD:
        adapter = case.make()
        opened(adapter)
        for link in adapter.links:
            heard = adapter.hear(link, raw, NOW)
            check(adapter, heard)
            assert not any(isinstance(said, BookSaid) for said in heard.said)


@EVERY
def test_a_change_that_is_cut_short_breaks_its_book(case: Case) -> None:
    link = next(iter(case.make().links))
    shortened = 0
    for raw in case.messages:
        adapter = case.make()
        opened(adapter)
        for said in adapter.hear(link, raw, NOW).said:
            if not isinstance(said, BookSaid) or said.symbol not in case.books:
                continue
            for cut in (len(raw) - 1, len(raw) // 2, len(raw) // 3, 12):
                adapter = case.make()
                opened(adapter)
                told = adapter.hear(link, raw[:cut], NOW).said
                broken = {one.symbol for one in told if isinstance(one, Trouble) and one.breaks_book}
                assert said.symbol in broken, raw[:cut]
                shortened += 1
    assert shortened >= 4


@EVERY
def test_a_closed_link_breaks_every_book_on_it(case: Case) -> None:
    adapter = case.make()
    opened(adapter)
    broken = {
        said.symbol
        for link in adapter.links
        for said in adapter.closed(link, NOW).said
        if isinstance(said, Trouble) and said.breaks_book
    }
    assert broken == case.books


@EVERY
def test_messages_written_by_hand_are_read(case: Case) -> None:
    """The law would also hold of an adapter that reads nothing."""
    adapter = case.make()
    opened(adapter)
    kinds = {
        type(said).__name__
        for raw in case.messages
        for said in adapter.hear(next(iter(adapter.links)), raw, NOW).said
    }
    assert {"BookSaid", "TradeSaid"} <= kinds, kinds


@EVERY
def test_equal_calls_bring_equal_words(case: Case) -> None:
    """Recordings are replayed through adapters, so these may depend on nothing but their calls."""

    def told() -> list[str]:
        adapter = case.make()
        lines = [repr(opened(adapter))]
        for place, raw in enumerate(case.messages):
            lines.append(repr(adapter.hear(next(iter(adapter.links)), raw, NOW + place)))
        for tag, body in case.answers.items():
            lines.append(repr(adapter.fetched(tag, 200, body, NOW, NOW + 10**7)))
        lines.append(repr(adapter.tick(NOW + 3 * 10**10)))
        return lines

    assert told() == told()
