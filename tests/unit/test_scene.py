"""One underlying as the feeds know it, told by hand: what it makes of tickers, looks, chains and lists."""

import pytest

from pricing import black
from pricing.calendar import Calendar
from pricing.instruments import Option
from rfq.desk.features.look import Half, Look, Print, Sizing
from rfq.feeds.said import Listed, TickerSaid
from rfq.feeds.scene.naming import instrument_named, instrument_sizing
from rfq.feeds.scene.underlying import Key, Scene, Told

S = 10**9
AT = 1_790_000_000 * S
LEAD: Key = ("deribit", "BTC-PERPETUAL")
OTHER: Key = ("binance_usdm", "BTCUSDT")


def _scene() -> Scene:
    instruments = {}
    for key in (LEAD, OTHER):
        instrument = instrument_named(*key)
        assert not hasattr(instrument, "problem"), instrument
        instruments[key] = instrument
    return Scene(Told("BTC", instruments, LEAD, instrument_sizing(instruments[LEAD])))  # type: ignore[arg-type]


def _look(at: int, bid: float, offer: float, size: float = 1e4) -> Look:
    def half(price: float) -> Half:
        return Half(
            price=price,
            size=size,
            bands=(size,) * 5,
            levels=(size,) * 3,
            slope_bps=0.0,
            largest=0.0,
        )

    return Look(at, half(bid), half(offer), 2)


def _ticker(key: Key, **more: float) -> TickerSaid:
    return TickerSaid(venue=key[0], symbol=key[1], received_at=AT, exchange_at=0, **more)  # type: ignore[arg-type]


def test_nothing_is_filled_in() -> None:
    scene = _scene()
    assert scene.read(AT) is None
    scene.look(OTHER, _look(AT, 60_000.0, 60_001.0))
    assert scene.read(AT) is None  # not the leading book, and no index
    scene.look(LEAD, _look(AT, 60_010.0, 60_011.0))
    under = scene.read(AT)
    assert under is not None
    assert (under.index, under.index_at) == (60_010.5, AT)  # the leading mid, for want of an index
    assert [book.instrument for book in under.books] == ["binance:BTCUSDT", "BTC-PERPETUAL"]
    assert under.adv_usd == 0.0 and under.surface is None and under.funding == ()


def test_a_venue_s_own_index_rules_and_another_venue_s_does_not() -> None:
    scene = _scene()
    scene.look(LEAD, _look(AT, 60_010.0, 60_011.0))
    scene.ticker(_ticker(OTHER, index=1.0, volume_usd_24h=3e9))
    scene.ticker(_ticker(LEAD, index=60_005.0, volume_usd_24h=1e9, funding_8h=1e-4))
    under = scene.read(AT + S)
    assert under is not None
    assert (under.index, under.adv_usd, under.funding_rate_8h) == (60_005.0, 4e9, 1e-4)


def test_depth_is_counted_as_the_venue_counts() -> None:
    scene = _scene()
    scene.look(LEAD, _look(AT, 60_010.0, 60_011.0, 1e4))
    under = scene.read(AT)
    assert under is not None
    assert under.depth_usd_10bps == 1e4  # Deribit's sizes are USD
    linear = instrument_sizing(instrument_named(*OTHER))  # type: ignore[arg-type]
    assert linear == Sizing()
    okx = instrument_named("okx", "BTC-USD-SWAP")
    assert instrument_sizing(okx).inverse  # type: ignore[arg-type]


def test_a_book_that_broke_leaves_its_instrument_without_one() -> None:
    scene = _scene()
    for key in (LEAD, OTHER):
        scene.look(key, _look(AT, 60_010.0, 60_011.0))
    scene.trade(LEAD, Print(AT, 60_011.0, 100.0, 1))
    scene.broke(LEAD, AT + 1)
    assert scene.mid == 0.0
    scene.ticker(_ticker(LEAD, index=60_005.0))
    under = scene.read(AT + 2)
    assert under is not None
    assert [book.instrument for book in under.books] == ["binance:BTCUSDT"]
    assert under.flow.spread_bps is None


def test_what_the_venue_says_of_a_size_begins_the_flow_anew() -> None:
    scene = _scene()
    before = scene.flow
    same = Listed(
        venue=LEAD[0], symbol=LEAD[1], kind="perpetual", underlying="BTC", quote="USD", price_tick="0.5",
        size_step="10", inverse=True,
    )  # fmt: skip
    scene.listed(same)
    assert scene.flow is before
    scene.listed(
        Listed(**{name: getattr(same, name) for name in same.__struct_fields__} | {"multiplier": 10.0})
    )
    assert scene.flow is not before


def test_a_chain_is_fitted_and_gives_sigma() -> None:
    scene = _scene()
    scene.look(LEAD, _look(AT, 60_010.0, 60_011.0))
    scene.ticker(_ticker(LEAD, index=60_000.0))
    strikes = (50_000, 54_000, 57_000, 60_000, 63_000, 66_000, 72_000)
    for day in ("25SEP26", "30OCT26"):
        for strike in strikes:
            right = "C" if strike >= 60_000 else "P"
            key = ("deribit", f"BTC-{day}-{strike}-{right}")
            option = instrument_named(*key)
            assert isinstance(option, Option)
            assert scene.add(key, option)
            assert not scene.add(key, option)
            fair = _coin_price(strike, (option.expiry_at - AT) / (365 * 86_400 * S), right == "C")
            scene.ticker(_ticker(key, underlying=60_000.0, bid=fair * 0.99, ask=fair * 1.01))
    found = scene.refit(scene.chain(), AT, Calendar())
    assert found is not None
    scene.fitted(found)
    under = scene.read(AT)
    assert under is not None and under.surface is not None
    assert len(under.surface.smiles) == 2
    assert under.sigma == pytest.approx(0.5, abs=0.01)
    assert scene.refit((), AT, Calendar()) is None


def _coin_price(strike: float, term: float, is_call: bool) -> float:
    return black.price(60_000.0, strike, term, 0.5, is_call).value / 60_000.0
