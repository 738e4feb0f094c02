"""The simulated market: lazy, on a grid, sane, and such as the flow numbers say."""

import math

import numpy as np
import pytest

from pricing.calendar import EventKind
from pricing.instruments import Future, Option
from pricing.structures import Leg, Structure
from pricing.units import NS_PER_S
from pricing.valuation import Valuation, value
from rfq.desk.features.look import Look, Print
from rfq.desk.features.stream import MarketFlow
from rfq.domain import canon
from rfq.domain.events import Event, MarketMoved
from rfq.ops.schedule import VirtualSchedule
from rfq.sim.dice import Dice
from rfq.sim.instruments import expiries, list_instruments, list_parties
from rfq.sim.market import SimMarket
from rfq.sim.tape import INVERSE
from rfq.sim.world import START_AT

LISTED = {one.name: one for one in list_instruments(START_AT)}


def market(seed: int = 1) -> tuple[VirtualSchedule, SimMarket, list[Event]]:
    schedule, told = VirtualSchedule(START_AT), []  # type: ignore[var-annotated]
    dice = Dice(np.random.Generator(np.random.PCG64(seed)))
    return schedule, SimMarket(schedule, dice, LISTED, told.append), told


def test_it_is_the_same_however_seldom_one_looks() -> None:
    often, one, _ = market()
    for _ in range(50):
        often.run_until(often.now() + NS_PER_S // 2)
        one.look()
    seldom, other, _ = market()
    seldom.run_until(often.now())
    assert one.snapshot("BTC") == other.snapshot("BTC")


def test_nor_does_it_matter_when_one_looks_once_a_day() -> None:
    often, one, _ = market(2)
    seldom, other, _ = market(2)
    for minutes in range(0, 301, 60):
        often.run_until(START_AT + minutes * 60 * NS_PER_S)
        one.look()
    seldom.run_until(often.now())
    assert one.snapshot("ETH") == other.snapshot("ETH")


def test_a_snapshot_is_shared_until_the_market_moves() -> None:
    schedule, one, _ = market()
    first = one.snapshot("BTC")
    schedule.run_until(START_AT + NS_PER_S - 1)
    assert one.snapshot("BTC") is first
    schedule.run_until(START_AT + NS_PER_S)
    second = one.snapshot("BTC")
    assert second[0].at == START_AT + NS_PER_S and second[1] != first[1]
    assert second[1] == canon.digest(second[2]) and canon.encode(second[0]) == second[2]
    assert len(second[2]) < 4_096


@pytest.mark.parametrize("name", LISTED)
def test_everything_listed_can_be_valued(name: str) -> None:
    _, one, _ = market()
    found = one.value(Structure(legs=(Leg(instrument=name, ratio=LISTED[name].lot / LISTED[name].lot),)))
    assert isinstance(found, Valuation) and found.fair > 0.0 and found.width_bps > 0.0


def test_a_value_is_that_of_pricing_and_follows_the_market() -> None:
    schedule, one, _ = market()
    structure = Structure(legs=(Leg(instrument="ETH-PERPETUAL", ratio=LISTED["ETH-PERPETUAL"].lot),))
    first = one.value(structure)
    assert first == value(structure, LISTED, one.look(), schedule.now())
    assert one.value(structure) is first
    schedule.run_until(START_AT + 60 * NS_PER_S)
    assert one.value(structure) != first


def test_watching_tells_of_moves_and_only_then() -> None:
    schedule, one, told = market()
    schedule.run_until(START_AT + 100 * NS_PER_S)
    assert not told
    one.watch("BTC", 2.0)
    here = one.look().underlyings[0].index
    while not told:
        schedule.run_until(schedule.now() + NS_PER_S)
    assert told == [MarketMoved(underlying="BTC")]
    assert abs(one.look().underlyings[0].index / here - 1.0) >= 1.9e-4
    one.unwatch("BTC")
    schedule.run_until(schedule.now() + 600 * NS_PER_S)
    assert len(told) == 1
    assert not schedule.step()


def test_a_push_stays_in_the_price() -> None:
    plain_time, plain, _ = market()
    pushed_time, pushed, _ = market()
    pushed.push("BTC", 10.0)
    for seconds, doubt in ((1, 1e-8), (30, 4e-4)):
        for schedule in (plain_time, pushed_time):
            schedule.run_until(START_AT + seconds * NS_PER_S)
        ratio = pushed.look().underlyings[0].index / plain.look().underlyings[0].index
        assert ratio == pytest.approx(math.exp(1e-3), abs=doubt)
        assert pushed.look().underlyings[1].index == plain.look().underlyings[1].index


def test_flow_predicts_a_little_and_news_arrives() -> None:
    schedule, one, _ = market(3)
    shown, prices, news, later = [], [], [], []
    for second in range(20_000):
        schedule.run_until(START_AT + second * NS_PER_S)
        news.append(one.news_bps("BTC"))
        path = one._paths[0]
        shown.append(path.shown)
        prices.append(path.log_price)
    moves = np.diff(prices)
    assert 0.1 < float(np.corrcoef(shown[:-1], moves)[0, 1]) < 0.6
    assert 0.3 < float(moves.std()) / math.sqrt(1.0 / 31_536_000.0) < 1.2
    ahead = [(told, 1e4 * (prices[i + 20] - prices[i])) for i, told in enumerate(news[:-20]) if told]
    later = [told * moved for told, moved in ahead]
    assert len(ahead) > 500 and float(np.mean(later)) > 0.0


def test_the_flow_is_what_the_accumulators_make_of_the_tape() -> None:
    schedule, one, _ = market(4)
    heard: dict[str, MarketFlow] = {"BTC": MarketFlow(INVERSE), "ETH": MarketFlow(INVERSE)}

    def tap(name: str, told: Look | Print) -> None:
        if type(told) is Print:
            heard[name].trade(told)
        else:
            heard[name].look(told)

    one.listen(tap)
    for second in (1, 2, 65, 700):
        schedule.run_until(START_AT + second * NS_PER_S)
        at = schedule.now()
        for name in heard:
            (under,) = one.snapshot(name)[0].underlyings
            others = [flow.moves(at) for other, flow in heard.items() if other != name]
            assert heard[name].read(at, others) == under.flow
    flow, other = (one.snapshot(name)[0].underlyings[0].flow for name in ("BTC", "ETH"))
    assert flow.large_trade_age_s is not None and flow.realised_vol_10m is not None
    assert flow.cross_return_bps_60s == other.return_bps_60s
    missing = {name for name in flow.__struct_fields__ if getattr(flow, name) is None}
    assert missing == {
        "pulled_tilt_ratio_10s",  # there is nothing behind the touch
        "wall_tilt_ratio",
        *(
            "sentiment_score_1h",
            "news_count_1h",
            "chain_flow_usd_1h",
            "dex_depth_usd",
            "macro_surprise_sd_1d",
        ),
    }


def test_the_tape_leans_as_the_pressure_does() -> None:
    schedule, one, _ = market(6)
    shown, leans, flows, ofis = [], [], [], []
    for second in range(1, 3_000):
        schedule.run_until(START_AT + second * NS_PER_S)
        flow = one.snapshot("BTC")[0].underlyings[0].flow
        path = one._paths[0]
        shown.append(path.shown)
        leans.append(flow.book_imbalance_ratio)
        flows.append(flow.signed_flow_usd_1s)
        ofis.append((flow.ofi_ratio_1s or 0.0, flow.return_bps_1s or 0.0))
    assert float(np.corrcoef(shown, leans)[0, 1]) > 0.95
    assert float(np.corrcoef(shown[1:], flows[1:])[0, 1]) > 0.5
    assert float(np.corrcoef(np.array(ofis).T)[0, 1]) > 0.3


def test_the_calendar_says_when_funding_and_expiry_come() -> None:
    schedule, one, _ = market()
    for hours in (0, 7, 9, 16):
        schedule.run_until(START_AT + hours * 3_600 * NS_PER_S)
        known, now = one.look().calendar, schedule.now()
        assert known is not None
        due = known.seconds_to(EventKind.FUNDING, now, "BTC", 1e9)
        assert 0.0 < due <= 28_800.0 and (now // NS_PER_S + round(due)) % 28_800 == 0
        due = known.seconds_to(EventKind.EXPIRY, now, "BTC", 1e9)
        assert 0.0 < due <= 86_400.0 and (now // NS_PER_S + round(due)) % 86_400 == 28_800
        assert one.snapshot("BTC")[0].calendar == known


def test_all_regimes_come_up_and_books_are_on_their_ticks() -> None:
    schedule, one, _ = market(5)
    seen = set()
    for second in range(0, 30_000, 10):
        schedule.run_until(START_AT + second * NS_PER_S)
        under = one.look().underlyings[1]
        seen.add(under.regime)
        (bid, _), (offer, _) = under.books[0].bids[0], under.books[0].offers[0]
        assert bid / 0.05 == pytest.approx(round(bid / 0.05)) and bid < offer
    assert seen == {0, 1, 2}


def test_expired_ones_leave_the_snapshot() -> None:
    schedule, one, _ = market()
    assert [len(one.look().underlyings[0].surface.smiles), len(one.look().underlyings[0].curve.pillars)] == [
        3,
        3,
    ]
    schedule.run_until(expiries(START_AT)[0])
    assert [len(one.look().underlyings[0].surface.smiles), len(one.look().underlyings[0].curve.pillars)] == [
        2,
        2,
    ]


def test_listing() -> None:
    first, second, third = expiries(START_AT)
    assert START_AT < first < second < third
    assert {(at // NS_PER_S - 8 * 3_600) // 86_400 % 7 for at in (first, second, third)} == {1}  # Fridays
    kinds = [type(one) for one in LISTED.values()]
    assert kinds.count(Option) == 84 and kinds.count(Future) == 4 and len(LISTED) == 92
    parties = list_parties(10, 20)
    assert len({one.id for one in parties}) == len(parties) == 34
