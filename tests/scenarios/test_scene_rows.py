"""The desk's market and the feature store's rows are told the same words, and must say the same of them."""

import random
from pathlib import Path

import pytest
from store_captures import MS, START_NS, write_capture

from pricing.calendar import Calendar
from pricing.fact import Fault
from pricing.flow import Flow
from pricing.instruments import Instrument
from rfq.desk.features.outside import SENTIMENT, Observed
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.recorder.reading import tell
from rfq.feeds.said import TickerSaid
from rfq.feeds.scene.naming import instrument_named, instrument_sizing
from rfq.feeds.scene.port import VenueMarket
from rfq.feeds.scene.underlying import Key, Scene, Told
from rfq.feeds.sizing import sizing_of
from rfq.ops.schedule import VirtualSchedule
from rfq.store.gathering import Gatherer, Reading, reading_of
from rfq.store.inputs import CaptureInput, Sizes
from rfq.store.spelling import spoken

VENUE = "binance_usdm"
NAMES = {
    "deribit": ("BTC-PERPETUAL", "ETH-PERPETUAL", "SOL_USDC-PERPETUAL", "BTC-25DEC26", "BTC_USDC"),
    "okx": ("BTC-USDT-SWAP", "ETH-USDT-SWAP", "BTC-USD-SWAP", "SOL-USD-SWAP", "BTC-USDT", "BTC-USD-261225"),
    "binance_usdm": ("BTCUSDT", "ETHUSDC", "BTCUSDT_261225"),
    "binance_spot": ("BTCUSDT", "ETHUSDT"),
    "bybit_linear": ("BTCUSDT", "BTCPERP"),
    "bybit_inverse": ("BTCUSD", "ETHUSDZ26"),
    "bybit_spot": ("BTCUSDT",),
}


def named(venue: str, symbol: str) -> Instrument:
    """An instrument that has a name."""
    found = instrument_named(venue, symbol)
    assert not isinstance(found, Fault), found
    return found


@pytest.mark.parametrize("venue", NAMES)
def test_a_size_is_worth_the_same_to_the_desk_and_to_the_store(venue: str) -> None:
    for symbol in NAMES[venue]:
        assert instrument_sizing(named(venue, symbol)) == sizing_of(venue, symbol).sizing, symbol


@pytest.mark.parametrize("seed", [1, 2])
def test_a_snapshot_of_the_desk_says_what_the_store_s_row_of_that_instant_says(
    tmp_path: Path, seed: int
) -> None:
    path = write_capture(tmp_path / "c", seed=seed, seconds=40, quiet_s=(15, 30))
    found = CaptureInput(path, Sizes())
    scenes = {}
    for market, name in zip(found.markets, ("BTC", "ETH"), strict=True):
        key: Key = (VENUE, market.symbol)
        instrument = named(*key)
        scenes[name] = Scene(Told(name, {key: instrument}, key, instrument_sizing(instrument)))
    schedule = VirtualSchedule(START_NS)
    desk = VenueMarket(scenes, schedule, lambda _event: None, Calendar(), {})
    dice = random.Random(seed)
    instants = sorted(START_NS + dice.randrange(40_000) * MS + 1 for _ in range(150))
    news = [Observed(START_NS + at * MS, "BTC", SENTIMENT, 0.5) for at in (7_000, 33_000)]
    rows: list[Reading] = []
    store = Gatherer(
        found.sources,
        rows.append,
        instants=dict.fromkeys(found.markets, instants),
        observations=news,
    )
    (venue,) = spoken(found.capture, found.rules, found.scales)
    seen: list[Reading] = []
    board = Switchboard(venue.adapter, venue.keepers, _both(desk, store, found), resyncs=False)
    waiting, said = list(reversed(instants)), list(reversed(news))
    for _, told in venue.told:
        while waiting and waiting[-1] <= told.at:
            at = waiting.pop()
            while said and said[-1].at < at:
                desk.observed(said.pop())
            schedule.run_until(at)
            for market, name in zip(found.markets, scenes, strict=True):
                # An index, so that there is a snapshot as of this instant, with or without a book.
                index = TickerSaid(
                    venue=VENUE, symbol=market.symbol, received_at=at, exchange_at=0, index=3e3
                )
                desk.said(index)
                shown = desk.snapshot(name)
                assert shown is not None and shown[0].at == at
                seen.append(reading_of(market, at, 0, 0.0, shown[0].underlyings[0].flow))
        tell(board, told)
    store.finish()
    kept = {(one.market, one.known_at): repr(one.values) for one in rows}
    compared = [one for one in seen if (one.market, one.known_at) in kept]
    assert len(compared) > 200
    for one in compared:
        assert repr(one.values) == kept[one.market, one.known_at]
    named_values = [dict(zip(Flow.__struct_fields__, one.values, strict=True)) for one in compared]
    for name in ("cross_return_bps_10s", "sentiment_score_1h", "ofi_ratio_1s", "signed_flow_usd_10s"):
        values = [one[name] for one in named_values]
        assert any(value == value and value for value in values), name
        assert any(value != value for value in values), name
    silent = [
        values["signed_flow_usd_1s"]
        for one, values in zip(compared, named_values, strict=True)
        if START_NS + 27_000 * MS < one.known_at < START_NS + 29_900 * MS
    ]
    assert silent and all(value != value for value in silent), "a line that fell silent tells of no trades"


def _both(desk: VenueMarket, store: Gatherer, found: CaptureInput) -> Hooks:
    """What a link told goes to both."""
    of = {market.symbol: market for market in found.markets}

    def look(symbol: str, told: object) -> None:
        desk.look(VENUE, symbol, told)  # type: ignore[arg-type]
        store.look(of[symbol], told)  # type: ignore[arg-type]

    def trade(symbol: str, told: object) -> None:
        desk.trade(VENUE, symbol, told)  # type: ignore[arg-type]
        store.trade(of[symbol], told)  # type: ignore[arg-type]

    def broke(symbol: str, at: int, _why: str) -> None:
        desk.broke(VENUE, symbol, at)
        store.broke(of[symbol], at)

    def said(one: object) -> None:
        desk.said(one)  # type: ignore[arg-type]
        store.said(one)  # type: ignore[arg-type]

    return Hooks(on_look=look, on_print=trade, on_said=said, on_broke=broke)
