"""What a reviewer found where the live market is opened: settings, doors, recordings, what the log tells."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import ClientSession
from test_scene import AT, S
from test_scene_review import Now

from fix_gateway.shell.ports import Silent
from pricing.fact import Fault
from rfq.feeds.observations.files import FileError, read_calendar
from rfq.feeds.observations.push import Push
from rfq.feeds.observations.rows import read_row
from rfq.feeds.recorder.boards import board_of
from rfq.feeds.said import Trouble
from rfq.feeds.scene.opening import OpenMarket
from rfq.feeds.scene.plan import wanted_of
from rfq.ops.feed_sections import Feeds
from rfq.ops.problems import ConfigInvalid

BTC: dict[str, object] = {"lead": "deribit:BTC-PERPETUAL"}


@pytest.mark.parametrize(
    ("feeds", "word"),
    [
        (
            {"underlyings": {"BTC": {**BTC, "books": ["binance_usdm:BTCUSDT", "binance_spot:BTCUSDT"]}}},
            "both called binance:BTCUSDT",
        ),
        ({"rates": {"USDC": "deribit:USDC_USD"}}, "USDC_USD"),
        (
            {"underlyings": {"SOL": {"lead": "deribit:SOL_USDC-PERPETUAL", "chain": True}}},
            "no such chain on SOL",
        ),
        ({"push": {"port": 0, "token_env": "ABSENT_TOKEN"}}, "ABSENT_TOKEN"),
        ({"push": {"port": 0, "host": "0.0.0.0"}}, "token_env"),
        ({"push": {"port": 0, "host": "0.0.0.0", "token_env": "EMPTY"}}, "EMPTY"),
    ],
)
def test_more_that_cannot_be_meant(feeds: dict[str, object], word: str) -> None:
    settings = Feeds.model_validate({"market": "venues", "underlyings": {"BTC": BTC}, **feeds})
    with pytest.raises(ConfigInvalid) as told:
        OpenMarket(settings, Now(), print, Silent(), {"EMPTY": ""})  # type: ignore[arg-type]
    assert any(word in problem.message for problem in told.value.problems)


def test_a_taken_port_is_told_as_what_it_is_and_leaves_nothing_running(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")

    async def run() -> None:
        taken = Push(lambda _row: None, lambda: AT)
        port = await taken.open()
        settings = Feeds.model_validate(
            {
                "market": "venues",
                "underlyings": {"BTC": BTC},
                "push": {"port": port},
                "record": tmp_path / "raw",
            }
        )
        seen = OpenMarket(settings, Now(), print, Silent(), {})  # type: ignore[arg-type]
        with pytest.raises(ConfigInvalid) as told:
            await seen.open()
        assert told.value.problems[0].key == "feeds.push.port"
        assert seen._recorder is not None and not seen._recorder._thread.is_alive()
        await taken.close()

    asyncio.run(run())


def test_a_disk_that_takes_no_more_is_told_while_it_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    from rfq.feeds.scene import opening

    monkeypatch.setattr(opening, "_MIND_S", 0.0)
    told: list[dict[str, object]] = []
    settings = Feeds.model_validate({"market": "venues", "underlyings": {"BTC": BTC}})
    scribe = SimpleNamespace(error=lambda _name, **more: told.append(more))
    seen = OpenMarket(settings, Now(), print, scribe, {})  # type: ignore[arg-type]
    recorder = SimpleNamespace(problem="", lost=0)
    seen._recorder = recorder  # type: ignore[assignment]

    async def run() -> None:
        task = asyncio.ensure_future(seen._mind())
        for problem, lost in (("", 0), ("", 10), ("", 20), ("disk full", 30)):
            recorder.problem, recorder.lost = problem, lost
            for _ in range(5):
                await asyncio.sleep(0)
        seen.market.problem = "Flow: inf"
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert [(one["problem"], one.get("lost")) for one in told] == [
        ("the disk is too slow: rows are lost", 10),
        ("disk full", 30),
        ("Flow: inf", None),
    ]


def test_a_web_page_cannot_push_without_a_token() -> None:
    """A browser lets any page post to this machine; it says whose page it was."""

    async def run() -> list[int]:
        taken = Push(lambda _row: None, lambda: AT)
        url = f"http://127.0.0.1:{await taken.open()}/observations"
        row = {"kind": "news", "source": "wire", "text": "Bitcoin rallies"}
        found = []
        async with ClientSession() as session:
            for headers in ({}, {"Origin": "https://elsewhere.example"}):
                async with session.post(url, json=row, headers=headers) as answer:
                    found.append(answer.status)
        await taken.close()
        return found

    assert asyncio.run(run()) == [200, 401]


def test_what_a_venue_refuses_is_told_but_not_again_and_again() -> None:
    told: list[dict[str, object]] = []
    settings = Feeds.model_validate({"market": "venues", "underlyings": {"BTC": BTC}})
    scribe = SimpleNamespace(warning=lambda name, **more: told.append({"name": name, **more}))
    seen = OpenMarket(settings, Now(), print, scribe, {})  # type: ignore[arg-type]
    board = seen.feeds[0].board

    def refused(at: int, symbol: str, *, breaks: bool = False) -> None:
        trouble = Trouble(
            venue="deribit", received_at=at, symbol=symbol, what="refused", where="subscribe", excerpt="",
            breaks_book=breaks,
        )  # fmt: skip
        board.take(trouble, at)

    for second in range(61):
        refused(AT + second * S, "BTC-PERPETUAL")
    refused(AT, "")
    refused(AT, "BTC-PERPETUAL", breaks=True)
    assert [(one["name"], one["symbol"], one["more"]) for one in told] == [
        ("feed_trouble", "BTC-PERPETUAL", 0),
        ("feed_trouble", "BTC-PERPETUAL", 59),
        ("feed_trouble", "", 0),
    ]
    for number in range(2_000):
        refused(AT, f"BTC-{number}")
    assert len(seen._troubles) <= 1_000


def test_a_pushed_number_beyond_reason_is_refused() -> None:
    row = {"kind": "chain", "source": "x", "name": "chain_flow_usd", "value": 1e308}
    found = read_row(row, AT)
    assert isinstance(found, Fault) and found.field == "value"


def test_a_guard_under_another_name_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "releases.csv"
    path.write_text("at,kind,name,guard_before\n2026-12-10T13:30:00Z,release,CPI,30\n", encoding="utf-8")
    with pytest.raises(FileError, match="no such column: guard_before;"):
        read_calendar(path)
    path.write_text('at,kind,underlyings\n2026-12-10T13:30:00Z,release,"BTC, eth"\n', encoding="utf-8")
    assert read_calendar(path)[0].events[0].underlyings == ("BTC", "ETH")


def test_a_calendar_that_is_over_is_told(tmp_path: Path) -> None:
    path = tmp_path / "releases.csv"
    path.write_text("at,kind,name\n2020-12-10T13:30:00Z,release,CPI\n", encoding="utf-8")
    told: list[str] = []
    scribe = SimpleNamespace(warning=lambda name, **_: told.append(name), info=print)
    settings = Feeds.model_validate(
        {
            "market": "venues",
            "underlyings": {"BTC": BTC},
            "calendar": path,
            "instead": {
                "wss://www.deribit.com": "ws://127.0.0.1:9",
                "https://www.deribit.com": "http://127.0.0.1:9",
            },
        }
    )
    seen = OpenMarket(settings, Now(), print, scribe, {})  # type: ignore[arg-type]

    async def run() -> None:
        await seen.open()
        await seen.close()

    asyncio.run(run())
    assert told == ["calendar_over"]


def test_a_recording_is_told_again_with_books_as_deep_as_they_were() -> None:
    settings = Feeds.model_validate({"market": "venues", "underlyings": {"BTC": BTC}, "levels_max": 123})
    seen = OpenMarket(settings, Now(), print, Silent(), {})  # type: ignore[arg-type]
    watched = seen.feeds[0].board.watched["BTC-PERPETUAL"]
    (wanted,) = wanted_of(seen.market.scenes, {}, frozenset(), settings.levels_max)
    again = board_of(wanted, resyncs=False).watched["BTC-PERPETUAL"]
    assert watched.keeper.book.levels_max == again.keeper.book.levels_max == 123


def test_a_rate_is_of_a_currency() -> None:
    with pytest.raises(ValueError, match="'usdc' is no currency"):
        Feeds.model_validate(
            {"market": "venues", "underlyings": {"BTC": BTC}, "rates": {"usdc": "deribit:usdc_usd"}}
        )
