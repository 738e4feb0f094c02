"""What the messages of OKX say, by fixtures that follow today's documentation."""

import json
from pathlib import Path

import msgspec
import pytest
from venue_talk import troubles

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.levels import Scale, pairs
from rfq.feeds.said import (
    BookSaid,
    ListingSaid,
    Said,
    TickerSaid,
    TouchSaid,
    TradeSaid,
)
from rfq.feeds.venues.okx import Okx

SWAP = "BTC-USDT-SWAP"
CALL = "BTC-USD-261225-100000-C"
LINK = "okx-0"
S = 10**9
NOW = 1_795_600_000 * S
MS = 10**6


@pytest.fixture
def texts(root: Path) -> list[bytes]:
    return (root / "tests/fixtures/venues/okx_v5.jsonl").read_bytes().splitlines()


@pytest.fixture
def rest(root: Path) -> dict[str, object]:
    return json.loads((root / "tests/fixtures/venues/okx_rest.json").read_bytes())  # type: ignore[no-any-return]


def okx() -> Okx:
    return Okx([SWAP], {SWAP: Scale(1, 2)}, families=["BTC-USD"])


def about(texts: list[bytes], channel: str) -> list[bytes]:
    return [text for text in texts if f'"channel":"{channel}"'.encode() in text and b'"data"' in text]


def said_of(adapter: Okx, raw: bytes) -> list[Said]:
    return list(adapter.hear(LINK, raw, NOW).said)


def test_a_book_is_a_snapshot_and_changes_that_chain(texts: list[bytes]) -> None:
    adapter = okx()
    books = [one for text in about(texts, "books") for one in said_of(adapter, text)]
    assert all(isinstance(book, BookSaid) for book in books)
    first, second = books[0], books[1]
    assert isinstance(first, BookSaid) and isinstance(second, BookSaid)
    assert first.is_snapshot and (first.last, first.prior, first.checksum, first.texts) == (
        1000,
        -1,
        None,
        None,
    )
    assert pairs(first.bids) == [(950100, 3320), (950097, 400), (950055, 21045)]
    assert (second.prior, second.first, second.last) == (1000, 1001, 1004)
    assert pairs(second.asks) == [(950101, 0), (950103, 600)]
    assert second.exchange_at == 1_795_600_000_200 * MS and second.received_at == NOW


def test_the_keeper_takes_the_book_through_a_still_minute_and_new_numbers(texts: list[bytes]) -> None:
    adapter, keeper = okx(), BookKeeper(rules.OKX, SWAP, Scale(1, 2))
    for text in about(texts, "books"):
        for one in said_of(adapter, text):
            assert isinstance(one, BookSaid)
            keeper.take(one)
            assert keeper.is_live
    assert keeper.state(NOW) is State.LIVE and keeper.last == 9
    assert keeper.levels(1) == [(950100, 3000), (950055, 21045)]
    assert keeper.levels(-1) == [(950103, 600), (950104, 8150), (950120, 701)]


def test_touch_trades_and_what_a_ticker_says(texts: list[bytes]) -> None:
    adapter = okx()
    (touch,) = said_of(adapter, about(texts, "bbo-tbt")[0])
    assert isinstance(touch, TouchSaid)
    assert (touch.bid, touch.bid_size, touch.ask, touch.ask_size, touch.last) == (
        950100,
        3000,
        950103,
        600,
        9,
    )
    trades = said_of(adapter, about(texts, "trades")[0])
    assert [(t.trade, t.price, t.size, t.side) for t in trades if isinstance(t, TradeSaid)] == [
        ("880011", 950103, 125, 1),
        ("880012", 950100, 50, -1),
    ]
    (option,) = said_of(adapter, about(texts, "option-trades")[0])
    assert isinstance(option, TradeSaid) and (option.symbol, option.price, option.side) == (
        CALL,
        2_150_000,
        -1,
    )
    channels = ("tickers", "mark-price", "funding-rate", "index-tickers", "open-interest")
    told = [one for channel in channels for one in said_of(adapter, about(texts, channel)[0])]
    ticker, mark, funding, index, interest = [one for one in told if isinstance(one, TickerSaid)]
    assert {one.symbol for one in (ticker, mark, funding, index, interest)} == {SWAP}
    assert (ticker.bid, ticker.ask, ticker.volume_usd_24h) == (95010.0, 95010.3, 20000 * 95010.0)
    assert (mark.mark, index.index, interest.open_interest) == (95011.2, 95008.4, 2750000.5)
    assert funding.funding_at == 1_795_608_000_000 * MS
    assert funding.funding_8h == pytest.approx(0.00008)  # 0.00004 for four hours


def test_volatilities_of_a_family_and_nothing_where_there_is_none(texts: list[bytes]) -> None:
    near, far = said_of(okx(), about(texts, "opt-summary")[0])
    assert isinstance(near, TickerSaid) and isinstance(far, TickerSaid)
    assert (near.symbol, near.bid_iv, near.mark_iv, near.ask_iv) == (CALL, 0.4275, 0.4312, 0.435)
    assert near.underlying == 95420.75
    assert (far.bid_iv, far.ask_iv, far.mark_iv) == (None, None, 0.61)


def test_lists_say_what_a_contract_is_worth(rest: dict[str, object]) -> None:
    adapter = okx()
    adapter.opened(LINK, NOW)
    heard = adapter.fetched("list:SWAP", 200, json.dumps(rest["list:SWAP"]).encode(), NOW, NOW)
    swaps = heard.said[0]
    assert isinstance(swaps, ListingSaid)
    linear, inverse = swaps.instruments  # the venue's test instrument is left out
    assert (linear.kind, linear.underlying, linear.quote, linear.multiplier, linear.inverse) == (
        *("perpetual", "BTC", "USDT"),
        *(0.01, False),
    )
    assert (inverse.quote, inverse.multiplier, inverse.inverse) == ("USD", 100.0, True)
    assert (linear.price_tick, linear.size_step) == ("0.1", "0.01")
    (bad,) = troubles(heard)
    assert "row 3" in bad.where
    tag = "list:OPTION:BTC-USD"
    options = adapter.fetched(tag, 200, json.dumps(rest[tag]).encode(), NOW, NOW).said[0]
    assert isinstance(options, ListingSaid)
    (call,) = options.instruments
    assert (call.kind, call.underlying, call.quote, call.strike, call.is_call) == (
        *("option", "BTC", "BTC"),
        *(100_000.0, True),
    )
    assert call.multiplier == 0.01 and not call.inverse and call.expiry_at == 1_798_185_600 * S


def test_a_checksum_that_is_not_zero_comes_with_the_spelling(texts: list[bytes]) -> None:
    raw = about(texts, "books")[0].replace(b'"checksum":0', b'"checksum":-42')
    (book,) = said_of(okx(), raw)
    assert isinstance(book, BookSaid) and book.checksum == -42 and book.texts is not None
    assert book.texts[0][0] == ("95010", "33.2") and book.texts[1][2] == ("95012", "7.01")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((b'"95010.3","6"', b'"95010.33","6"'), "decimals"),
        ((b'"95010.3","6"', b'"1e400","6"'), ""),
        ((b'"update"', b'"patch"'), "unknown action"),
        ((b'"seqId":1004', b'"seqId":-7'), ""),
        ((b'"ts":"1795600000200"', b'"ts":"soon"'), ""),
        ((b'"asks":[[', b'"asks":[{"'), ""),
        ((b"}]}", b""), ""),
    ],
)
def test_a_book_that_cannot_be_read_is_broken_and_says_why(
    texts: list[bytes], change: tuple[bytes, bytes], says: str
) -> None:
    raw = about(texts, "books")[1].replace(*change)
    (trouble,) = troubles(okx().hear(LINK, raw, NOW))
    assert trouble.breaks_book and trouble.symbol == SWAP and says in trouble.what
    assert trouble.excerpt.startswith('{"arg"')


def test_nonsense_breaks_every_book_of_its_link_and_other_channels_none() -> None:
    adapter = Okx(["BTC-USDT", "ETH-USDT"])
    nonsense = troubles(adapter.hear(LINK, b"\xff<html>", NOW))
    assert [(one.symbol, one.breaks_book) for one in nonsense] == [("BTC-USDT", True), ("ETH-USDT", True)]
    for raw in (
        b'{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instId":7}]}',
        b'{"arg":{"channel":"tickers","instId":"BTC-US',
        b'{"event":"error","code":60012}',
        b'{"arg":{"channel":"candle1m","instId":"BTC-USDT"},"data":[]}',
        b"{}",
    ):
        (one,) = troubles(adapter.hear(LINK, raw, NOW))
        assert not one.breaks_book, raw
    deep = troubles(adapter.hear(LINK, b'{"data":' + b"[" * 100_000, NOW))
    assert len(deep) == 2 and "deep" in deep[0].what


def test_a_bad_row_does_not_lose_the_others() -> None:
    good = '{"instId":"BTC-USDT","tradeId":"%d","px":"%s","sz":"1","side":"buy","ts":"5"}'
    data = ",".join([good % (1, "7.5"), good % (2, "x"), '{"instId":7}', good % (3, "8")])
    raw = f'{{"arg":{{"channel":"trades","instId":"BTC-USDT"}},"data":[{data}]}}'.encode()
    heard = Okx(["BTC-USDT"]).hear(LINK, raw, NOW)
    assert [one.trade for one in heard.said if isinstance(one, TradeSaid)] == ["1", "3"]
    assert len(troubles(heard)) == 2
    raw = f'{{"arg":{{"channel":"trades"}},"data":[{",".join(["7"] * 1000)}]}}'.encode()
    assert len(troubles(Okx(["BTC-USDT"]).hear(LINK, raw, NOW))) == 9


def test_every_fixture_is_valid_and_said_without_trouble_but_for_the_two_refusals(texts: list[bytes]) -> None:
    adapter = okx()
    adapter.opened(LINK, NOW)
    bad = [text for text in texts if troubles(adapter.hear(LINK, text, NOW))]
    assert [msgspec.json.decode(text)["event"] for text in bad] == ["error", "channel-conn-count", "notice"]
