"""The accumulators say what the plainest computation over the whole stream says."""

import math
from statistics import fmean, pstdev
from typing import Any

import pytest
from feature_cases import NS, START, Broke, Brute, feed, mid_of, stream

from models.features import FLOW
from pricing.flow import Flow
from pricing.units import NS_PER_S, YEAR_NS
from rfq.desk.features.look import Look, Print, Sizing, touch_look
from rfq.desk.features.outside import Outside
from rfq.desk.features.reading import Moves
from rfq.desk.features.stream import LARGE, MarketFlow

SIZINGS = (Sizing(), Sizing(multiplier=0.1, usd=0.9995), Sizing(inverse=True, multiplier=10.0))


def near(value: Any) -> Any:
    """Equal but for the whole numbers that are summed."""
    return pytest.approx(value, rel=2e-4, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sizing", SIZINGS)
def test_every_number_is_what_the_whole_stream_says(seed: int, sizing: Sizing) -> None:
    told = stream(seed)
    flow = MarketFlow(sizing)
    feed(flow, told)
    at = told[-1].at + 37_000_000
    found, brute = flow.read(at), Brute(list(told), at, sizing)
    look = brute.looks[-1]
    touch = brute.mean(60, brute.touch_usd)
    for seconds, ofi in ((1, found.ofi_ratio_1s), (10, found.ofi_ratio_10s), (60, found.ofi_ratio_60s)):
        assert ofi == near(brute.ofi_usd(seconds) / touch)
    worth = sizing.worth(1.0, mid_of(look))
    # What follows is in sizes: the mid moves a little within the window.
    added = sum((b.bid.added + b.offer.added for _, b in brute.changes(10)), 0.0)
    removed = sum((b.bid.removed + b.offer.removed for _, b in brute.changes(10)), 0.0)
    pulled = [sum((getattr(b, side).pulled for _, b in brute.changes(10)), 0.0) for side in ("offer", "bid")]
    net = [b.bid.added - b.bid.removed - b.offer.added + b.offer.removed for _, b in brute.changes(10)]
    far = look.bid.bands[-1] + look.offer.bands[-1]
    assert found.refill_ratio_10s == pytest.approx(added / removed, rel=5e-3, abs=1e-4)
    assert found.pulled_tilt_ratio_10s == pytest.approx(
        (pulled[0] - pulled[1]) / sum(pulled, 0.0), rel=5e-3, abs=1e-4
    )
    assert found.band_flow_ratio_10s == pytest.approx(sum(net, 0.0) / far, rel=5e-3, abs=1e-4)
    moved = [(a.bid.price, a.offer.price) != (b.bid.price, b.offer.price) for a, b in brute.changes(10)]
    assert found.revisions_count_10s == sum(moved, 0)
    assert found.depth_25bps_usd == near(worth * far)
    assert found.spread_bps == near(1e4 * (look.offer.price - look.bid.price) / mid_of(look))
    assert found.spread_bps_60s == near(
        brute.mean(60, lambda one: 1e4 * (one.offer.price - one.bid.price) / mid_of(one))
    )
    samples = brute.samples(60)[1:]
    depths = [sizing.worth(one.bid.bands[2] + one.offer.bands[2], mid_of(one)) for one in samples]
    leans = [
        (one.bid.levels[0] - one.offer.levels[0]) / (one.bid.levels[0] + one.offer.levels[0])
        for one in samples
    ]
    assert found.depth_vol_ratio_60s == pytest.approx(pstdev(depths) / fmean(depths), rel=1e-2)
    assert found.imbalance_vol_ratio_60s == pytest.approx(pstdev(leans), abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sizing", SIZINGS)
def test_trades_and_prices_too(seed: int, sizing: Sizing) -> None:
    told = stream(100 + seed)
    flow = MarketFlow(sizing)
    feed(flow, told)
    at = told[-1].at
    found, brute = flow.read(at), Brute(list(told), at, sizing)
    for seconds, signed, count in (
        (1, found.signed_flow_usd_1s, None),
        (10, found.signed_flow_usd_10s, found.trades_count_10s),
        (60, found.signed_flow_usd_60s, found.trades_count_60s),
    ):
        trades = brute.trades(seconds)
        assert signed == near(sum((one.side * usd for one, _, usd in trades), 0.0))
        assert count is None or count == brute.orders(seconds)
    trades = brute.trades(60)
    volume = sum((usd for _, _, usd in trades), 0.0)
    assert found.volume_usd_60s == near(volume)
    assert found.buy_share_ratio_60s == near(
        sum((usd for one, _, usd in trades if one.side > 0), 0.0) / volume
    )
    through = [
        usd
        for one, book, usd in trades
        if book is not None and (one.price > book.offer.price if one.side > 0 else one.price < book.bid.price)
    ]
    assert found.through_ratio_60s == near(sum(through, 0.0) / volume)
    assert found.taker_markout_bps_1s == pytest.approx(brute.markout_bps(1), abs=1e-3)
    assert found.taker_markout_bps_10s == pytest.approx(brute.markout_bps(10), abs=1e-3)
    book = brute.book_at(at, included=True)
    assert book is not None
    for seconds, move in ((1, found.return_bps_1s), (10, found.return_bps_10s), (60, found.return_bps_60s)):
        then = brute.book_at(brute.begin(seconds))
        assert then is not None and move == near(1e4 * (mid_of(book) / mid_of(then) - 1.0))
    a_year = YEAR_NS / NS_PER_S
    assert found.realised_vol_1m == near(math.sqrt(brute.variance(60) * a_year / 59.0))


def test_every_flow_column_stands_in_a_flow_under_its_name() -> None:
    fields = Flow.__struct_fields__
    names = [column.name for column in FLOW]
    assert [name for name in fields if name in names] == names
    beside = {name for name in fields if name not in names}
    assert beside == {
        *(f"signed_flow_usd_{horizon}" for horizon in ("1s", "10s", "60s")),
        "realised_vol_1m",
        "realised_vol_10m",
    }


def test_nothing_told_is_nothing_known() -> None:
    assert MarketFlow().read(START) == Flow()
    flow = MarketFlow()
    flow.trade(Print(START, 60_000.0, 1.0, 1))
    found = flow.read(START + NS)
    assert found.book_known_flag == 0.0 and found.spread_bps is None and found.ofi_ratio_1s is None
    assert found.return_bps_1s is None


def test_all_is_known_when_the_longest_window_has_been_seen() -> None:
    flow = MarketFlow()
    told = stream(5, 8_000)
    feed(flow, told)
    assert told[-1].at - START > 610 * NS
    others = [Moves(2.0, 4.0), Moves(4.0, None)]
    outside = Outside(0.5, 3.0, -1e6, 2e6, 0.7)
    found = flow.read(told[-1].at, others, outside)
    assert [name for name in Flow.__struct_fields__ if getattr(found, name) is None] == []
    assert (found.cross_return_bps_10s, found.cross_return_bps_60s) == (3.0, 4.0)
    assert (found.sentiment_score_1h, found.dex_depth_usd) == (0.5, 2e6)
    assert flow.moves(told[-1].at) == Moves(found.return_bps_10s, found.return_bps_60s)


@pytest.mark.parametrize(
    ("seconds", "unknown"),
    [
        (0.5, {"ofi_ratio_1s", "signed_flow_usd_1s", "return_bps_1s", "ofi_ratio_10s", "spread_bps_60s"}),
        (2.0, {"ofi_ratio_10s", "signed_flow_usd_10s", "return_bps_10s", "spread_bps_60s"}),
        (12.0, {"ofi_ratio_60s", "spread_bps_60s", "realised_vol_1m", "volume_usd_60s", "return_bps_60s"}),
        (62.0, {"realised_vol_10m"}),
    ],
)
def test_a_window_counts_once_it_has_been_seen(seconds: float, unknown: set[str]) -> None:
    flow = MarketFlow()
    told = [one for one in stream(6) if one.at <= START + seconds * NS]
    feed(flow, told)
    found = flow.read(int(START + seconds * NS))
    assert all(getattr(found, name) is None for name in unknown)
    longest = {0.5: (), 2.0: ("ofi_ratio_1s",), 12.0: ("ofi_ratio_10s", "trades_count_10s")}
    assert all(getattr(found, name) is not None for name in longest.get(seconds, ("spread_bps_60s",)))


def quiet(flow: MarketFlow, seconds: int, start: int = START) -> int:
    """The same book each half second."""
    at = start
    for _ in range(2 * seconds):
        at += NS // 2
        flow.look(touch_look(at, 99.5, 2.0, 100.5, 2.0))
    return at


def test_a_short_gap_spares_the_long_windows_and_a_long_one_does_not() -> None:
    flow = MarketFlow()
    at = quiet(flow, 120)
    flow.broke(at)
    assert flow.read(at).book_known_flag == 0.0 and flow.read(at).spread_bps is None
    assert flow.read(at).spread_bps_60s is not None
    flow.look(touch_look(at + 2 * NS, 99.5, 2.0, 100.5, 2.0))
    found = flow.read(at + 2 * NS + 1)
    assert found.spread_bps_60s == pytest.approx(100.0)
    assert found.ofi_ratio_1s is None and found.ofi_ratio_10s is None, "two of ten seconds were not seen"
    at = quiet(flow, 12, at + 2 * NS)
    assert flow.read(at).ofi_ratio_10s == 0.0
    flow.broke(at)
    at = quiet(flow, 3, at + 8 * NS)
    assert flow.read(at).spread_bps_60s is None and flow.read(at).signed_flow_usd_60s == 0.0
    flow.broke(at, True)
    at = quiet(flow, 3, at + 8 * NS)
    assert flow.read(at).signed_flow_usd_60s is None


def test_what_stands_long_without_a_word_still_stands() -> None:
    flow = MarketFlow()
    at = quiet(flow, 70)
    for later in (5, 100, 700, 5_000):
        found = flow.read(at + later * NS)
        assert found.spread_bps_60s == pytest.approx(100.0) and found.return_bps_60s == 0.0
        assert found.ofi_ratio_60s == 0.0 and found.realised_vol_1m == 0.0
    flow.look(touch_look(at + 5_000 * NS, 99.5, 3.0, 100.5, 2.0, touch_look(at, 99.5, 2.0, 100.5, 2.0)))
    found = flow.read(at + 5_000 * NS)
    assert found.ofi_ratio_1s == pytest.approx(0.5, rel=1e-3) and found.spread_bps_60s == pytest.approx(100.0)


def test_an_order_is_large_when_its_parts_are_together() -> None:
    flow = MarketFlow()
    at = quiet(flow, 70)
    part = LARGE * 2.0 / 3.0 + 0.01
    for sides in ((1, 1, -1), (1, 1, 1)):
        at += 2 * NS
        for place, side in enumerate(sides):
            flow.trade(Print(at + place * 100_000, 100.5, part, side))
        age = flow.read(at + NS).large_trade_age_s
        assert (age is None) if -1 in sides else age == pytest.approx(0.9998)
    for place in range(3):
        flow.trade(Print(at + (10 + place) * NS, 100.5, part, 1))
    assert flow.read(at + 20 * NS).large_trade_age_s == pytest.approx(19.9998)


def test_an_order_counts_once_however_its_venue_splits_it() -> None:
    whole, split = MarketFlow(), MarketFlow()
    for flow, parts in ((whole, 1), (split, 3)):
        at = quiet(flow, 70)
        for place, side in enumerate((1, 1, -1, 1)):
            for part in range(parts):
                flow.trade(Print(at + place * NS // 10 + part * 400_000, 100.5, 6.0 / parts, side))
    found = whole.read(at + NS)
    assert found == split.read(at + NS)
    assert (found.trades_count_10s, found.trades_count_60s) == (4.0, 4.0)


def test_a_stamp_that_goes_back_counts_as_the_last_one() -> None:
    told = stream(8, 300)
    plain, odd = MarketFlow(), MarketFlow()
    feed(plain, told)
    feed(odd, told)
    early = Print(told[-1].at - 5 * NS, 60_000.0, 1.0, 1)
    plain.trade(early._replace(at=told[-1].at))
    odd.trade(early)
    at = told[-1].at + NS
    assert plain.read(at) == odd.read(at)
    assert plain.read(told[-1].at - NS) == plain.read(told[-1].at)


def test_breaks_count_as_time_not_seen() -> None:
    told = stream(9, 1_500, broken=True)
    assert any(type(one) is Broke and one.trades for one in told)
    flow = MarketFlow()
    for one in told:
        feed(flow, [one])
        found = flow.read(one.at)
        assert found.book_known_flag == (0.0 if flow._state.look is None else 1.0)
        assert (found.spread_bps is None) == (flow._state.look is None)
    assert any(type(one) is Look for one in told)
