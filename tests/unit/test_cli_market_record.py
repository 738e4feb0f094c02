"""`rfq market record`, `replay` and `tables` against the fake exchange, on a thread of its own."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from fake_exchange import FakeExchange
from fake_venues import Deribit

from rfq.cli import market_record
from rfq.cli.exits import Ended, Exit, judge

pytest.importorskip("duckdb", reason="recordings need the extra `tables`")

SYMBOL = "BTC-PERPETUAL"


def call(command: Callable[..., Any], *arguments: str) -> Ended | None:
    """Run one command as the command line does; how it ended, None where all was well."""
    app = typer.Typer(add_completion=False)
    app.command()(command)
    try:
        typer.main.get_command(app).main(args=list(arguments), standalone_mode=False)
    except Exception as error:
        known = judge(error)
        if known is None:
            raise
        return known
    return None


@contextmanager
def exchange() -> Iterator[FakeExchange]:
    """A venue whose market moves by itself."""
    venue = FakeExchange(Deribit(), (SYMBOL,))
    ready, over = threading.Event(), threading.Event()

    async def live() -> None:
        async with venue.listening():
            ready.set()
            while not over.is_set():
                await venue.move()
                await venue.deal(SYMBOL)
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    try:
        assert ready.wait(10.0)
        yield venue
    finally:
        over.set()
        thread.join(10.0)


def instead(venue: FakeExchange) -> list[str]:
    hosts = ("wss://www.deribit.com/ws/api/v2", "https://www.deribit.com/api/v2")
    return [word for host in hosts for word in ("--instead", f"{host}={venue.address(host)}")]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market") / "raw"
    with exchange() as venue:
        ended = call(
            market_record.record, "deribit", SYMBOL, "--out", str(folder), "--seconds", "0.7", *instead(venue)
        )
    assert ended is None
    return folder


def test_a_recording_is_replayed_and_tabulated(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(market_record.replay, str(recording), "--json") is None
    told = json.loads(capsys.readouterr().out)
    (book,) = told["books"]
    assert book["symbol"] == SYMBOL and book["breaks"] == 1
    assert (book["state"], book["last_break"]) == ("gap", "the link is down"), "our own end is in it"
    assert book["looks"] > 10 and book["prints"] > 10 and 0 < book["bid"] < book["offer"]

    assert call(market_record.tables, str(recording), "--out", str(tmp_path / "day"), "--json") is None
    made = json.loads(capsys.readouterr().out)
    assert made["tables"]["trades"] == book["prints"]
    assert made["tables"]["l2_events"] > book["looks"]

    assert call(market_record.replay, str(tmp_path / "day"), "--json") is None
    again = json.loads(capsys.readouterr().out)
    (other,) = again["books"]
    assert {name: other[name] for name in ("looks", "prints", "bid", "offer")} == {
        name: book[name] for name in ("looks", "prints", "bid", "offer")
    }


def test_words_for_people(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(market_record.replay, str(recording), "--speed", "1000") is None
    told = capsys.readouterr().out
    assert SYMBOL in told and "the link is down" in told
    assert call(market_record.tables, str(recording), "--out", str(tmp_path / "day")) is None
    told = capsys.readouterr().out
    assert "day_l2_events.parquet" in told and "rows of trades" in told


def test_what_is_wrong_is_said_in_a_line(recording: Path, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "raw"))
    for arguments, code, words in (
        (("nowhere", SYMBOL, *out), Exit.USAGE, "'nowhere' is no venue"),
        (("deribit", SYMBOL, SYMBOL, *out), Exit.USAGE, "each once"),
        (("deribit", SYMBOL, *out, "--instead", "x"), Exit.USAGE, "is not URL=URL"),
        (("binance_spot", "BTCUSDT", *out, "--chain", "BTC"), Exit.USAGE, "has no chains"),
    ):
        ended = call(market_record.record, *arguments)
        assert ended is not None and ended.code == code, arguments
        assert words in ended.lines[0]
    for command, path in ((market_record.replay, tmp_path / "no"), (market_record.tables, tmp_path)):
        ended = call(
            command, str(path), *(("--out", str(tmp_path / "x")) if command is market_record.tables else ())
        )
        assert ended is not None and str(tmp_path) in ended.lines[0]
    ended = call(market_record.tables, str(recording), "--out", str(tmp_path / "day"))
    assert ended is None
    ended = call(market_record.tables, str(recording), "--out", str(tmp_path / "day"))
    assert ended is not None and "is there already" in ended.lines[0]


def test_a_venue_that_cannot_be_reached_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = [
        "--instead",
        "wss://www.deribit.com=ws://127.0.0.1:9",
        "--instead",
        "https://www.deribit.com=http://127.0.0.1:9",
    ]
    ended = call(
        market_record.record,
        "deribit",
        SYMBOL,
        "--out",
        str(tmp_path),
        "--seconds",
        "0.2",
        "--json",
        *nowhere,
    )
    assert ended is not None and ended.code == Exit.DEPENDENCY
    assert "deribit said nothing: not connected" in ended.lines[0]
    assert json.loads(capsys.readouterr().out)["standing"]["links"][0]["is_up"] is False
