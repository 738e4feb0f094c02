"""What the messages of Deribit say, by fixtures that follow today's documentation."""

import json
from pathlib import Path

import pytest
from venue_talk import troubles

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import BookKeeper
from rfq.feeds.levels import USUAL, Scale, pairs
from rfq.feeds.said import (
    BookSaid,
    ListingSaid,
    Said,
    TickerSaid,
    TouchSaid,
    TradeSaid,
)
from rfq.feeds.venues.deribit import CHAINS, MARKETS, Deribit
from rfq.feeds.venues.deribit_lists import chain_of, list_of

PERP = "BTC-PERPETUAL"
CALL = "BTC-25DEC26-100000-C"
S = 10**9
MS = 10**6
NOW = 1_795_600_000 * S


@pytest.fixture
def texts(root: Path) -> list[bytes]:
    return (root / "tests/fixtures/venues/deribit_v2.jsonl").read_bytes().splitlines()


@pytest.fixture
def rest(root: Path) -> dict[str, object]:
    return json.loads((root / "tests/fixtures/venues/deribit_rest.json").read_bytes())  # type: ignore[no-any-return]


def deribit() -> Deribit:
    return Deribit([PERP], {PERP: Scale(1, 0)}, indices=["btc_usd"], chains=["btc_usd"])


def about(texts: list[bytes], channel: str) -> bytes:
    return next(text for text in texts if f'"channel":"{channel}'.encode() in text)


def said_of(adapter: Deribit, raw: bytes) -> list[Said]:
    return list(adapter.hear(MARKETS, raw, NOW).said)


def test_a_book_is_a_snapshot_and_changes_that_chain(texts: list[bytes]) -> None:
    adapter, keeper = deribit(), BookKeeper(rules.DERIBIT, PERP, Scale(1, 0))
    books = [text for text in texts if b'"channel":"book.BTC-PERP' in text]
    first, second = [one for text in books for one in said_of(adapter, text)]
    assert isinstance(first, BookSaid) and isinstance(second, BookSaid)
    assert first.is_snapshot and (first.last, first.prior, first.checksum) == (70_000_001, -1, None)
    assert not second.is_snapshot
    assert (second.prior, second.first, second.last) == (70_000_001, 70_000_002, 70_000_009)
    assert pairs(second.bids) == [(950_100, 30_000), (950_095, 0)]
    assert second.exchange_at == 1_795_600_000_200 * MS and second.received_at == NOW
    keeper.take(first)
    assert keeper.take(second) is not None and keeper.is_live
    assert keeper.levels(1) == [(950_100, 30_000), (950_055, 210_450)]
    assert keeper.levels(-1, 3) == [(950_105, 12_500), (950_110, 80_000), (950_115, 10)]


def test_numbers_with_an_exponent_are_exact(texts: list[bytes]) -> None:
    (book,) = said_of(deribit(), about(texts, "book.BTC-25DEC26"))
    assert isinstance(book, BookSaid)
    assert pairs(book.bids) == [(50_000, 1_010_000_000), (2_150_000, 2_500_000_000)]


def test_touches_and_a_side_where_nobody_stands(texts: list[bytes]) -> None:
    both, one = [said_of(deribit(), text)[0] for text in texts if b'"channel":"quote' in text]
    assert isinstance(both, TouchSaid) and isinstance(one, TouchSaid)
    assert (both.bid, both.bid_size, both.ask, both.ask_size) == (950_100, 30_000, 950_105, 12_500)
    assert (one.bid, one.bid_size, one.ask, one.ask_size) == (0, 0, 110_000, 1_250_000_000)


def test_an_amount_below_zero_is_refused(texts: list[bytes]) -> None:
    raw = about(texts, "quote.BTC-PERP").replace(b'"best_ask_amount":12500.0', b'"best_ask_amount":-1.0')
    (trouble,) = troubles(deribit().hear(MARKETS, raw, NOW))
    assert "below zero" in trouble.what


def test_trades_say_the_takers_side_and_what_they_were_part_of(texts: list[bytes]) -> None:
    plain = said_of(deribit(), about(texts, "trades.BTC-PERP"))
    assert [(t.trade, t.price, t.size, t.side, t.liquidation) for t in plain if isinstance(t, TradeSaid)] == [
        ("330000001", 950_105, 2_500, 1, False),
        ("330000002", 950_100, 100, -1, True),
    ]
    blocks = said_of(deribit(), about(texts, "trades.option"))
    assert [(t.symbol, t.block) for t in blocks if isinstance(t, TradeSaid)] == [
        (CALL, "RFQ-5120"),
        ("BTC-25DEC26-120000-C", "BLOCK-77002"),
    ]


def test_tickers_of_a_perpetual_and_of_an_option(texts: list[bytes]) -> None:
    (perp,) = said_of(deribit(), about(texts, "ticker.BTC-PERP"))
    (call,) = said_of(deribit(), about(texts, "ticker.BTC-25DEC26"))
    assert isinstance(perp, TickerSaid) and isinstance(call, TickerSaid)
    assert (perp.mark, perp.index, perp.funding_8h, perp.open_interest) == (
        *(95_011.02, 95_008.4),
        *(0.00006, 915_000_000.0),
    )
    assert (perp.bid, perp.ask, perp.volume_usd_24h) == (95_010.0, 95_010.5, 812_000_000.0)
    assert (perp.mark_iv, perp.underlying, perp.funding_at) == (None, None, None)
    assert (call.mark, call.underlying, call.bid, call.ask) == (0.02162, 95_420.75, 0.0215, None)
    assert (call.bid_iv, call.ask_iv) == (0.4275, None)
    assert call.mark_iv == pytest.approx(0.4312)


def test_an_index_and_all_marks_on_it(texts: list[bytes]) -> None:
    (index,) = said_of(deribit(), about(texts, "deribit_price_index"))
    assert isinstance(index, TickerSaid) and (index.symbol, index.index) == ("btc_usd", 95_008.4)
    near, far = said_of(deribit(), about(texts, "markprice"))
    assert isinstance(near, TickerSaid) and isinstance(far, TickerSaid)
    assert (near.symbol, near.mark, near.mark_iv) == (CALL, 0.02162, 0.4312)  # a ratio here, not percent
    assert (far.mark, far.mark_iv) == (0.0, 0.61)


def test_futures_are_inverse_and_combinations_are_left_out(rest: dict[str, object]) -> None:
    adapter = deribit()
    adapter.opened(MARKETS, NOW)
    tag = "list:BTC:future"
    (listing,) = adapter.fetched(tag, 200, json.dumps(rest[tag]).encode(), NOW, NOW).said
    assert isinstance(listing, ListingSaid)
    perp, future = listing.instruments
    assert (perp.symbol, perp.kind, perp.inverse, perp.expiry_at) == (PERP, "perpetual", True, 0)
    assert (perp.price_tick, perp.size_step, perp.quote) == ("0.5", "10", "USD")
    assert (future.kind, future.expiry_at) == ("future", 1_798_185_600 * S)


def test_names_say_which_list_they_are_in() -> None:
    assert list_of("BTC-PERPETUAL") == ("BTC", "future")
    assert list_of("SOL_USDC-PERPETUAL") == ("USDC", "future")
    assert list_of("ETH-25DEC26-3000-P") == ("ETH", "option")
    assert list_of("XRP_USDC-25DEC26-2d5-C") == ("USDC", "option")
    assert list_of("BTC_USDC") == ("any", "spot")
    assert chain_of("btc_usdc") == ("btc_usdc", "USDC", "BTC_USDC-")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((b"95011.5,10.0", b"95011.55,10.0"), "decimals"),
        ((b'"prev_change_id":70000001,', b""), "does not say what it follows"),
        ((b'"change","timestamp"', b'"patch","timestamp"'), "unknown type"),
        ((b'"delete"', b'"remove"'), ""),
        ((b"70000009", b"-9"), ""),
        ((b"}}}", b""), ""),
        ((b"1795600000200", b"17956000002000000000"), ""),
    ],
)
def test_a_book_that_cannot_be_read_is_broken_and_says_why(
    texts: list[bytes], change: tuple[bytes, bytes], says: str
) -> None:
    raw = next(text for text in texts if b'"type":"change"' in text).replace(*change)
    (trouble,) = troubles(deribit().hear(MARKETS, raw, NOW))
    assert trouble.breaks_book and trouble.symbol == PERP and says in trouble.what
    assert trouble.excerpt.startswith('{"jsonrpc"')


def test_nonsense_breaks_every_book_of_its_link_and_other_channels_none() -> None:
    adapter = Deribit([PERP, "ETH-PERPETUAL"], chains=["btc_usd"])
    nonsense = troubles(adapter.hear(MARKETS, b"\xff<html>", NOW))
    assert [(one.symbol, one.breaks_book) for one in nonsense] == [(PERP, True), ("ETH-PERPETUAL", True)]
    assert len(troubles(adapter.hear(CHAINS, b"nonsense", NOW))) == 1
    opening = b'{"jsonrpc":"2.0","method":"subscription","params":{"channel":"'
    for raw in (
        opening + b'ticker.BTC-PERPETUAL.100ms","data":{"timestamp":"soon"}}}',
        opening + b'ticker.BTC-PERPETUAL.100ms","da',
        opening + b'chart.trades.BTC-PERPETUAL.1","data":{}}}',
        b'{"jsonrpc":"2.0","id":{"a":1}}',
        b'{"jsonrpc":"2.0"}',
        b'{"params":7}',
    ):
        (one,) = troubles(adapter.hear(MARKETS, raw, NOW))
        assert not one.breaks_book, raw
    swapped = b'{"params":{"data":7,"channel":"book.BTC-PERPETUAL.100ms"},"method":7}'
    assert [one.symbol for one in troubles(adapter.hear(MARKETS, swapped, NOW))] == [PERP]
    deep = troubles(adapter.hear(MARKETS, b'{"result":' + b"[" * 100_000, NOW))
    assert len(deep) == 2 and "deep" in deep[0].what


def test_every_fixture_is_said_without_trouble_but_for_what_is_refused_or_unknown(texts: list[bytes]) -> None:
    adapter = Deribit([PERP], {PERP: Scale(1, 0), CALL: USUAL})
    bad = [one.where for text in texts for one in troubles(adapter.hear(MARKETS, text, NOW))]
    assert bad == ["answer 98", "platform_state"]
