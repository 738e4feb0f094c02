"""Archives of Binance, Deribit and Tardis become our tables; everything that is dropped or left out is told."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from table_cases import causes

from rfq.feeds.archives.convert import SHAPES, Converted, convert
from rfq.feeds.archives.shapes import recognise
from rfq.feeds.said import BookSaid, TouchSaid, TradeSaid, Trouble
from rfq.feeds.tables import captures, layout
from rfq.feeds.tables.layout import TablesError
from rfq.feeds.tables.reports import Table

pytest.importorskip("duckdb", reason="archives need duckdb")
ONE = 10**8
AT = 1_723_161_600_000_000_000


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "tests" / "fixtures" / "archives"


@pytest.fixture(scope="module")
def imported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Converted, Path]]:
    out = tmp_path_factory.mktemp("imported")
    return {
        name: (convert(folder / name, out / name / "a"), out / name / "a")
        for name in ("binance", "deribit", "tardis")
    }


def _table(found: Converted, kind: str, symbol: str) -> Table:
    (one,) = (one for one in found.report.tables if one.kind == kind and one.symbol == symbol)
    return one


def _rows(prefix: Path, kind: Any) -> list[tuple[Any, ...]]:
    with layout.connect() as store:
        return store.execute(f"select * from '{layout.file_of(prefix, kind)}'").fetchall()


def test_binance_trades(imported: dict[str, tuple[Converted, Path]]) -> None:
    found, prefix = imported["binance"]
    capture = captures.open_capture(prefix)
    said = [one for one in capture.said("BTCUSDT", "binance_usdm") if isinstance(one, TradeSaid)]
    assert [(one.trade, one.price, one.size, one.side) for one in said] == [
        ("100", 618002 * 10**7, ONE // 2, 1),
        ("101", 618001 * 10**7, ONE // 4, -1),
        ("103", 618003 * 10**7, ONE // 1000, 1),
        ("107", 618004 * 10**7, 3 * ONE // 2, 1),
    ]
    table = _table(found, "trades", "BTCUSDT")
    assert causes(table.dropped) == {
        "no stamp": 1,
        "size: not a number above zero": 1,
        "told before: same id, price, size, side and stamp": 1,
    }
    assert causes(table.noticed) == {"trades missing between ids": 4}
    assert table.read == table.kept + 3 == 7
    assert [(one.rows, "line 9: 109" in one.example) for one in found.report.unread] == [(1, True)]
    assert found.report.dropped == 1 + 3 + 1 + 1  # the line, those, a level of the book, a band


def test_binance_spot_has_no_header_and_microseconds(imported: dict[str, tuple[Converted, Path]]) -> None:
    _, prefix = imported["binance"]
    said = list(captures.open_capture(prefix).said("ETHUSDT", "binance_spot"))
    assert [(one.received_at, one.side) for one in said if isinstance(one, TradeSaid)] == [
        (1_738_368_000_000_123_000, -1),
        (1_738_368_000_000_456_000, 1),
    ]
    (coin,) = {market for market in captures.open_capture(prefix).markets if market.symbol == "BTCUSD_PERP"}
    assert coin.venue == "binance_coinm"


def test_binance_books_with_a_change_that_cannot_be_known(
    imported: dict[str, tuple[Converted, Path]],
) -> None:
    found, prefix = imported["binance"]
    said = captures.open_capture(prefix).said("BTCUSDT", "binance_usdm")
    books = [one for one in said if isinstance(one, BookSaid | Trouble)]
    assert [type(one) for one in books] == [BookSaid, BookSaid, Trouble, BookSaid]
    first, second, _, last = books
    assert isinstance(first, BookSaid) and first.is_snapshot and len(first.bids) == 2
    assert isinstance(second, BookSaid) and (second.first, second.last, second.prior) == (51, 55, 50)
    assert isinstance(last, BookSaid) and last.prior == 60 and last.bids == [(617999 * 10**7, 0)]
    assert "book messages that lost a level" in causes(_table(found, "l2_events", "BTCUSDT").noticed)


def test_binance_quotes_and_bands(imported: dict[str, tuple[Converted, Path]]) -> None:
    found, prefix = imported["binance"]
    quotes = _table(found, "bbo", "BTCUSDT")
    assert causes(quotes.noticed) == {"one-sided": 1, "crossed": 1, "locked": 1, "numbers that go back": 1}
    said = captures.open_capture(prefix).said("BTCUSDT", "binance_usdm")
    assert [one.last for one in said if isinstance(one, TouchSaid)] == [7001, 7003, 7002, 7004, 7005]
    bands = _rows(prefix, "bands")
    assert [row[4:6] for row in bands] == [(-1.0, 1200.5), (1.0, 1100.5)]
    assert bands[0][0] == AT + 8 * 10**9
    assert causes(_table(found, "bands", "").dropped) == {"depth: not a number from zero on": 1}


def test_deribit_trades_say_their_block_and_pages_and_tables_overlap(
    imported: dict[str, tuple[Converted, Path]],
) -> None:
    found, prefix = imported["deribit"]
    capture = captures.open_capture(prefix)
    said = [one for one in capture.said("BTC-28MAR25-100000-C") if isinstance(one, TradeSaid)]
    assert [(one.trade, one.block, one.side) for one in said] == [
        ("333000001", "RFQ-6611", 1),
        ("333000002", "BLOCK-165", 1),
        ("333000004", "", -1),
    ]
    assert [one.received_at for one in said][2] == 1_740_477_237_000_000_000
    assert (said[0].price, said[0].size) == (5_250_000, 25 * ONE // 2)
    (forced,) = capture.said("ETH-PERPETUAL")
    assert isinstance(forced, TradeSaid) and forced.liquidation and forced.trade == "ETH-2696097"
    table = _table(found, "trades", "BTC-28MAR25-100000-C")
    assert causes(table.dropped)["told before: same id, price, size, side and stamp"] == 2
    assert causes(found.report.unread) == {"JSON that is no trade": 1}


def test_tardis_books(imported: dict[str, tuple[Converted, Path]]) -> None:
    found, prefix = imported["tardis"]
    early, snapshot, change, broken, last = captures.open_capture(prefix).said("BTCUSDT")
    assert isinstance(early, BookSaid) and not early.is_snapshot
    assert isinstance(snapshot, BookSaid) and snapshot.is_snapshot
    assert (len(snapshot.bids), len(snapshot.asks)) == (2, 1)
    assert snapshot.received_at == AT + 3_300_000  # when its second part was there
    assert isinstance(change, BookSaid) and change.bids == [(618001 * 10**7, 0)] and len(change.asks) == 1
    assert isinstance(broken, Trouble) and isinstance(last, BookSaid) and last.venue == "binance_usdm"
    clocks = _table(found, "l2_events", "BTCUSDT").clocks
    assert clocks is not None and clocks.receiver_behind_ms == pytest.approx(-3.3, abs=0.1)
    whole, less = captures.open_capture(prefix).said("XBTUSD")
    assert isinstance(whole, BookSaid) and isinstance(less, BookSaid)
    assert (len(whole.bids), len(whole.asks), len(less.bids), len(less.asks)) == (2, 2, 2, 1)
    assert whole.is_snapshot and less.is_snapshot and whole.exchange_at == 0


def test_tardis_trades_quotes_and_what_is_left_out(imported: dict[str, tuple[Converted, Path]]) -> None:
    found, prefix = imported["tardis"]
    said = list(captures.open_capture(prefix).said("BTC-PERPETUAL"))
    assert [type(one) for one in said] == [TradeSaid, TouchSaid, TouchSaid]
    assert isinstance(said[2], TouchSaid) and (said[2].ask, said[2].ask_size) == (0, 0)
    table = _table(found, "trades", "BTC-PERPETUAL")
    assert causes(table.dropped) == {"side: neither +1 nor -1": 1}
    assert causes(found.report.unread) == {"liquidations stand among the trades: file left out": 1}


def test_tardis_tickers_and_option_chains(imported: dict[str, tuple[Converted, Path]]) -> None:
    from rfq.ops import chains

    found, prefix = imported["tardis"]
    tickers = _rows(prefix, "ticker")
    assert [row[4:8] for row in tickers] == [
        (61799.2, 61790.1, 61800.5, 1.21e-5),
        (61799.3, 61790.2, None, 1.22e-5),
    ]
    assert tickers[1][8] == 1_723_190_400_000_000_000
    read = chains.read(layout.file_of(prefix, "chain"))
    assert [len(sweep) for sweep in read.sweeps] == [2, 1] and read.unread == 0
    call = next(one for one in read.sweeps[0] if one.is_call)
    assert (call.bid, call.ask, call.forward) == (0.059, 0.06, 62020.5)
    assert call.at == AT + 300 * 10**9 and call.expiry_at == 1_725_004_800_000_000_000
    assert causes(_table(found, "chain", "").dropped) == {"expiry: no instant after the quote": 1}


def test_zips_gzips_and_tars_hold_the_same(folder: Path, tmp_path: Path) -> None:
    plain = folder / "binance" / "BTCUSDT-aggTrades-2024-08-08.csv"
    text = plain.read_bytes()
    whole = convert(plain, tmp_path / "plain")
    packed = tmp_path / "BTCUSDT-aggTrades-2024-08-08.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../BTCUSDT-aggTrades-2024-08-08.csv", text)
    gzipped = tmp_path / "BTCUSDT-aggTrades-2024-08-08.csv.gz"
    gzipped.write_bytes(gzip.compress(text))
    tarred = tmp_path / "some.tar.gz"
    with tarfile.open(tarred, "w:gz") as archive:
        member = tarfile.TarInfo("x/BTCUSDT-aggTrades-2024-08-08.csv")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    for number, path in enumerate((packed, gzipped, tarred)):
        found = convert(path, tmp_path / str(number))
        assert [(one.read, one.kept) for one in found.report.tables] == [(7, 4)]
        assert _rows(tmp_path / str(number), "trades") == _rows(tmp_path / "plain", "trades")
    assert whole.report.dropped == found.report.dropped == 4


def test_what_cannot_be_read_is_told_and_the_rest_is_kept(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    good = (folder / "binance" / "BTCUSDT-aggTrades-2024-08-08.csv").read_bytes()
    (source / "BTCUSDT-aggTrades-2024-08-08.csv").write_bytes(good)
    (source / "a.csv").write_text("what,is,this\n1,2,3\n")
    (source / "b.csv").write_bytes(b"")
    (source / "c.csv.gz").write_bytes(gzip.compress(good)[:40])
    much = b"".join(b"%d,1.5,2,3,1723161600000,true\n" % number for number in range(9_000))
    (source / "X-trades-2024-08-08.csv.gz").write_bytes(gzip.compress(much)[:-9_000])
    (source / "d.zip").write_bytes(b"PK no zip")
    (source / "e.json").write_text('{"result": {"no": "trades"}}')
    (source / "f.jsonl").write_text('{"trade_id": 1,\n')
    (source / "g.txt").write_text("not looked at")
    (source / "trades.csv").write_text(
        "id,price,qty,quote_qty,time,is_buyer_maker\n1,2,3,6,1723161600000,true\n"
    )
    found = convert(source, tmp_path / "out")
    told = causes(found.report.unread)
    assert told.pop("file cannot be unpacked") == 2
    assert set(told) == {
        "file cannot be read to its end: left out",
        "no row: Expected Number of Columns: 7",
        "file of no known layout",
        "empty file",
        "JSON of no known layout",
        "no JSON",
        "file that does not say of what it is: say the symbol",
    }
    assert [(one.symbol, one.kept) for one in found.report.tables] == [("BTCUSDT", 4)]
    named = convert(source / "trades.csv", tmp_path / "named", symbol="XYZ", venue="there")
    assert [(one.venue, one.symbol, one.kept) for one in named.report.tables] == [("there", "XYZ", 1)]


def test_bytes_that_are_no_text_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-trades-2024-08-08.csv"
    path.write_bytes(
        b"id,price,qty,quote_qty,time,is_buyer_maker\n1,2,3,6,1723161600000,true\n\xff\xfe,2,3,6,1723161600000,true\n"
    )
    found = convert(path, tmp_path / "out")
    assert found.report.dropped == 1 and found.report.tables[0].kept == 1


def test_nothing_to_read_is_refused_with_the_reasons(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("what,is,this\n")
    with pytest.raises(TablesError, match="file of no known layout"):
        convert(tmp_path / "a.csv", tmp_path / "out")
    with pytest.raises(TablesError, match="nothing there"):
        convert(tmp_path / "missing", tmp_path / "out")
    with pytest.raises(TablesError, match="no archive known by that name"):
        convert(tmp_path, tmp_path / "out", archive="kaiko")
    with pytest.raises(TablesError, match="no known layout"):
        convert(folder / "tardis", tmp_path / "out", archive="deribit")
    assert not list(tmp_path.glob("out*"))


def test_an_archive_as_a_capture(folder: Path, tmp_path: Path) -> None:
    convert(folder / "deribit", tmp_path / "out")
    capture = captures.open_capture(tmp_path / "out")
    assert capture.venues == ("deribit",) and len(capture.symbols) == 3
    assert capture.report().dropped == 0  # it was cleaned on the way


@pytest.mark.parametrize(
    ("name", "first", "shape", "has_header"),
    [
        ("spot/BTCUSDT-aggTrades-2024-01.csv", "1,2.0,3.0,4,5,1704067200000,True,True", "aggTrades", False),
        ("BTCUSDT-trades-2024-01.csv", "1,2.0,3.0,6.0,1704067200000,True", "trades", False),
        ("trades/BTCUSDT-aggTrades-2024-01.csv", "1,2.0,3.0,4,5,1704067200000,True", "aggTrades", False),
        ("X_T_DEPTH_2022_depth_snap.csv", "X,1667347199939,1,2,a,snap,1.5,2.0", "T_DEPTH", False),
        ("any.csv", "\ufeffid,price,qty,base_qty,time,is_buyer_maker", "trades, coin-margined", True),
        ("X-bookTicker-2024-01-01.csv", "1,2.0,3.0,2.1,4.0,1704067200000,1704067200001", "bookTicker", False),
    ],
)
def test_files_are_known_by_header_or_name(name: str, first: str, shape: str, has_header: bool) -> None:
    found = recognise(SHAPES, name, first)
    assert found is not None and (found.shape.name, found.has_header) == (shape, has_header)


@pytest.mark.parametrize("first", ["1,2,3", "a,b", "", "1,2.0,3.0,4,5,6,7,8,9,10,11"])
def test_what_is_not_known_is_not_guessed(first: str) -> None:
    assert recognise(SHAPES, "BTCUSDT-aggTrades-2024-01.csv", first) is None


def test_one_name_of_an_archive_may_be_two_venues_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "bybit_trades_2024-08-08_PERPETUALS.csv"
    path.write_text(
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
        "bybit,BTCUSD,1723161600000000,1723161600004000,a,buy,61800.5,100\n"
        "bybit,BTCUSDH25,1723161600000000,1723161600004000,b,buy,61800.5,100\n"
        "bybit,BTCUSDT,1723161600000000,1723161600004000,c,buy,61800.5,1\n"
        "okex-swap,BTC-USD-SWAP,1723161600000000,1723161600004000,d,buy,61800.5,1\n"
        "kraken-futures,PI_XBTUSD,1723161600000000,1723161600004000,e,buy,61800.5,1\n"
    )
    found = convert(path, tmp_path / "out")
    assert [(one.venue, one.symbol) for one in found.report.tables] == [
        ("bybit_inverse", "BTCUSD"),
        ("bybit_inverse", "BTCUSDH25"),
        ("bybit_linear", "BTCUSDT"),
        ("kraken_futures", "PI_XBTUSD"),
        ("okx", "BTC-USD-SWAP"),
    ]
