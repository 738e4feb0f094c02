"""`rfq price`: numbers, tables, markets, and what is said of bad input."""

import json
import os
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pricing_cases import CALL_60, CALL_60_LINEAR, CALL_65, NEAR_AT, PERP, SNAPSHOT

from pricing.black import OptionGreeks
from pricing.market import Fixing
from pricing.units import NS_PER_S
from rfq.audit.export import instant_text
from rfq.cli.main import run
from rfq.cli.price_table import amount
from rfq.domain import canon

CALL = "BTC-27DEC24-65000-C"
FLAT = ("--forward", "60000", "--vol", "0.6", "--years", repr(30 / 365))


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("RFQ_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "market.json"
    path.write_bytes(canon.encode(SNAPSHOT))
    return path


def priced(capsys: pytest.CaptureFixture[str], what: Any, *words: str) -> dict[str, Any]:
    text = what if isinstance(what, str) else json.dumps(what)
    assert run(["price", text, *words, "--json"]) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    found: dict[str, Any] = json.loads(said)
    return found


def whole(instrument: Any, **changed: Any) -> dict[str, Any]:
    """All fields of an instrument, as JSON."""
    found: dict[str, Any] = json.loads(canon.encode(msgspec.structs.replace(instrument, **changed)))
    return found


def legs_of(*legs: tuple[Any, str]) -> list[dict[str, Any]]:
    return [{"instrument": whole(one), "ratio": ratio} for one, ratio in legs]


def test_one_option_in_coin_and_usd_with_all_greeks(capsys: pytest.CaptureFixture[str]) -> None:
    """Forward 60,000, strike 65,000, 30 days, 60 %: the printed digits of the design's example."""
    found = priced(capsys, CALL, *FLAT)
    assert found["value_coin"] == pytest.approx(0.0372978026, abs=5e-11)
    assert found["value_usd"] == pytest.approx(2237.86816, abs=5e-6)
    assert found["fair"] == pytest.approx(found["value_coin"], rel=1e-12)
    assert found["delta_forward_coin"] == pytest.approx(0.3522260, abs=5e-8)
    assert found["delta_premium_adjusted_coin"] == pytest.approx(0.3149282, abs=5e-8)
    assert found["delta_net_coin"] == pytest.approx(0.3149282, abs=5e-8)
    assert found["gamma_forward_coin_per_usd"] == pytest.approx(3.597078e-5, abs=5e-12)
    assert found["vega_usd_per_vol_point"] == pytest.approx(63.860449, abs=5e-7)
    assert found["vega_coin_per_vol_point"] == pytest.approx(0.00106434, abs=5e-9)
    assert found["theta_usd_per_calendar_day"] == pytest.approx(-63.860449, abs=5e-7)
    assert (found["name"], found["currency"], found["kind"]) == (
        "bought call BTC 27DEC24 65000",
        "BTC",
        "call",
    )
    assert set(OptionGreeks._fields) <= set(found)
    leg = found["legs"][0]
    assert (leg["instrument"], leg["vol"], leg["forward"]) == (CALL, pytest.approx(0.6), 60_000.0)
    put = priced(capsys, "BTC-27DEC24-65000-P", *FLAT)
    assert found["fair"] - put["fair"] == pytest.approx(-0.0833333, abs=5e-8)


def test_no_bare_delta_and_a_unit_in_every_greek(capsys: pytest.CaptureFixture[str]) -> None:
    def names(tree: Any) -> set[str]:
        if isinstance(tree, dict):
            return set(tree).union(*[names(value) for value in tree.values()])
        return set().union(*[names(value) for value in tree]) if isinstance(tree, list) else set()

    found = names(priced(capsys, CALL, *FLAT, "--quote"))
    greeks = {
        one for one in found if one.split("_")[0] in ("delta", "gamma", "vega", "theta", "vanna", "volga")
    }
    assert len(greeks) > 15 and "delta" not in found
    assert all("usd" in one or "coin" in one for one in greeks)


def test_a_linear_option_pays_no_premium_in_coin(capsys: pytest.CaptureFixture[str]) -> None:
    found = priced(capsys, "BTC_USDC-27DEC24-65000-C", *FLAT)
    assert found["fair"] == pytest.approx(2237.86816, abs=5e-6)
    assert (found["currency"], found["delta_net_coin"]) == ("USDC", found["delta_forward_coin"])


def test_what_is_no_option_has_a_value_and_a_delta_in_coin_too(capsys: pytest.CaptureFixture[str]) -> None:
    for what, coins, worth in (("BTC-PERPETUAL", 1.0 / 60_000.0, 1.0), ("BTC_USDC-27DEC24", 1.0, 1.0)):
        found = priced(capsys, what, *FLAT)
        for told in (found, found["legs"][0]):
            assert told["delta_forward_coin"] == pytest.approx(coins, rel=1e-12)
            assert told["delta_net_usd"] == pytest.approx(60_000.0 * coins, rel=1e-12)
        assert (found["delta_net_coin"], found["fair_coin"]) == (pytest.approx(coins), pytest.approx(worth))
    option = priced(capsys, CALL, *FLAT)
    assert option["fair_coin"] == pytest.approx(option["value_coin"], rel=1e-12)
    covered = [{"instrument": CALL, "ratio": -1}, {"instrument": "BTC-PERPETUAL", "ratio": 60_000}]
    found = priced(capsys, covered, *FLAT)
    for name in ("delta_forward_coin", "delta_net_coin"):
        assert found[name] == pytest.approx(1.0 - option[name], rel=1e-12), name


def test_the_index_apart_from_the_forward(capsys: pytest.CaptureFixture[str]) -> None:
    """Coin is worth the index: an inverse option's USD value moves with it, its coin value does not."""
    found = priced(capsys, CALL, *FLAT, "--index", "59400")
    assert found["value_coin"] == pytest.approx(0.0372978026, abs=5e-11)
    assert found["value_usd"] == pytest.approx(0.99 * 2237.86816, abs=5e-6)
    assert found["fair_usd"] == pytest.approx(found["value_usd"], rel=1e-12)
    for name in (
        "delta_net_usd",
        "gamma_usd_per_pct",
        "vega_usd_per_vol_point",
        "theta_usd_per_calendar_day",
    ):
        leg = found["legs"][0]
        assert found[name] == pytest.approx(leg.get(name, 60_000.0 * leg["delta_net_coin"]), rel=1e-9), name


def test_a_structure_is_the_sum_of_its_legs(capsys: pytest.CaptureFixture[str]) -> None:
    spread = [{"instrument": CALL, "ratio": 1}, {"instrument": "BTC-27DEC24-70000-C", "ratio": "-2"}]
    found = priced(capsys, spread, *FLAT)
    near, far = priced(capsys, CALL, *FLAT), priced(capsys, "BTC-27DEC24-70000-C", *FLAT)
    for name in ("fair", "delta_net_usd", *OptionGreeks._fields):
        assert found[name] == pytest.approx(near[name] - 2.0 * far[name], rel=1e-9, abs=1e-15), name


def test_a_package_in_two_currencies_has_a_worth(capsys: pytest.CaptureFixture[str]) -> None:
    """A conversion told as three legs: as many coins whatever the market is, so without delta and vega."""
    dated = CALL.removesuffix("-65000-C")
    legs = [
        {"instrument": CALL, "ratio": -1},
        {"instrument": f"{dated}-65000-P", "ratio": 1},
        {"instrument": dated, "ratio": 65_000},
    ]
    found = priced(capsys, legs, *FLAT)
    assert (found["kind"], found["currency"]) == ("conversion", "BTC")
    assert found["fair"] == pytest.approx(-1.0, abs=1e-12)  # an inverse future counts as -1 / F
    assert found["delta_net_usd"] == pytest.approx(0.0, abs=1e-6)
    assert found["vega_usd_per_vol_point"] == pytest.approx(0.0, abs=1e-9)
    moved = priced(capsys, legs, "--forward", "50000", *FLAT[2:])
    assert moved["fair"] == pytest.approx(found["fair"], abs=1e-12)


@pytest.mark.parametrize(("words", "fair"), [((), 60_000.0), (("--currency", "BTC"), 1.0)])
def test_the_price_of_an_inverse_perpetual_in_usd(
    words: tuple[str, ...], fair: float, capsys: pytest.CaptureFixture[str]
) -> None:
    found = priced(capsys, "BTC-PERPETUAL", "--forward", "60000", *words)
    assert (found["fair"], found["fair_usd"]) == (pytest.approx(fair), pytest.approx(60_000.0))
    assert found["delta_net_usd"] == pytest.approx(1.0)


def test_other_ways_to_say_it(capsys: pytest.CaptureFixture[str]) -> None:
    plain = priced(capsys, CALL, *FLAT)
    tags = {"55": "BTC/USD", "167": "OPT", "541": "20241227", "201": 1, "202": 65000, "15": "BTC"}
    for what in (
        tags,
        f'"{CALL}"',
        [CALL],
        {"legs": [tags]},
        {"legs": [{"instrument": tags, "ratio": "1.0"}]},
    ):
        assert priced(capsys, what, *FLAT)["fair"] == plain["fair"], what
    okx = priced(capsys, "BTC-USD-241227-65000-C", "--venue", "okx", *FLAT)
    assert okx["fair"] == plain["fair"]
    same = priced(capsys, {"legs": [CALL]}, *FLAT[:4], "--at", "2024-11-27T08:00:00")
    assert same["fair"] == pytest.approx(plain["fair"], rel=1e-12)
    spot = priced(capsys, {"legs": ["BTCUSDT"]}, "--venue", "binance", "--forward", "60000")
    assert (spot["fair"], spot["kind"]) == (60_000.0, "perpetual")


def test_in_a_snapshot(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--snapshot", str(snapshot))
    for one in (CALL_60, CALL_65, CALL_60_LINEAR):
        found = priced(capsys, whole(one), *at)
        leg = found["legs"][0]
        assert leg["value_coin" if one.inverse else "value_usd"] == pytest.approx(leg["fair"], rel=1e-9)
        assert found["vega_usd_per_vol_point"] == pytest.approx(leg["vega_usd_per_vol_point"], rel=1e-9)
        assert found["theta_usd_per_calendar_day"] == pytest.approx(
            leg["theta_usd_per_calendar_day"], rel=1e-9
        )
        assert found["gamma_usd_per_pct"] == pytest.approx(leg["gamma_usd_per_pct"], rel=1e-9)
        assert found["delta_net_usd"] == pytest.approx(leg["forward"] * leg["delta_net_coin"], rel=1e-9)
    later = priced(capsys, whole(CALL_60), *at, "--at", "2024-11-01T00:00:00")
    assert later["legs"][0]["years"] < found["legs"][0]["years"]
    usd = priced(capsys, legs_of((CALL_60, "1"), (CALL_65, "-1")), *at, "--currency", "USD")
    coin = priced(capsys, legs_of((CALL_60, "1"), (CALL_65, "-1")), *at)
    assert usd["fair"] == pytest.approx(coin["fair_usd"], rel=1e-9)
    hedge = {"instrument": whole(PERP), "ratio": "-20000", "price": "60000"}
    hedged = priced(capsys, {"legs": [whole(CALL_60)], "hedges": [hedge]}, *at)
    assert [leg["hedge"] for leg in hedged["legs"]] == [False, True]
    assert "value_coin" not in hedged and hedged["legs"][0]["value_coin"] > 0.0


def test_inside_the_settlement_window_blacks_greeks_are_not_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    under = SNAPSHOT.underlyings[0]
    at = NEAR_AT - 600 * NS_PER_S
    fixing = Fixing(expiry_at=NEAR_AT, from_at=NEAR_AT - 1800 * NS_PER_S, at=at, average=60_100.0)
    seen = msgspec.structs.replace(SNAPSHOT, underlyings=(msgspec.structs.replace(under, fixings=(fixing,)),))
    path = tmp_path / "late.json"
    path.write_bytes(canon.encode(seen))
    instrument = whole(CALL_60, averaging_s=1800)
    when = ("--at", instant_text(at))
    late = priced(capsys, instrument, "--snapshot", str(path), *when)
    assert 0.0 < late["fair"] < 0.01
    assert "value_coin" not in late["legs"][0] and "vega_usd_per_vol_point" in late
    bare = tmp_path / "bare.json"
    bare.write_bytes(canon.encode(SNAPSHOT))
    assert run(["price", json.dumps(instrument), "--snapshot", str(bare), *when]) == 2
    assert "is in its settlement window" in capsys.readouterr().err


def test_a_quote_adds_up(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--snapshot", str(snapshot), "--quote", "--amount", "10")
    both = priced(capsys, whole(CALL_60), *asked)["quote"]
    for side in ("bid", "offer"):
        lines = both[side]["lines"]
        assert sum(D(line["amount"]) for line in lines) == D(both[side]["price"])
        assert (lines[0]["name"], lines[-1]["name"]) == ("fair", "tick")
        assert {line["unit"] for line in lines} == {"BTC"}
    assert D(both["bid"]["price"]) < D(both["fair"]) < D(both["offer"]["price"])
    buy = priced(capsys, whole(CALL_60), *asked, "--side", "buy")["quote"]
    assert "bid" not in buy and D(buy["offer"]["price"]) <= D(both["offer"]["price"])
    long = priced(capsys, whole(CALL_60), *asked, "--held-usd", "5e6")["quote"]
    assert D(long["offer"]["price"]) < D(both["offer"]["price"]), "what we have too much of is cheaper"


def test_a_listed_option_is_quoted_on_the_tick_of_its_band(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--forward", "60000", "--vol", "0.6", "--years", "0.0822", "--quote")
    dear = priced(capsys, "BTC-27DEC26-65000-C", *asked)["quote"]
    for side in ("bid", "offer"):
        assert D(dear[side]["price"]) % D("0.0005") == 0
        assert sum(D(line["amount"]) for line in dear[side]["lines"]) == D(dear[side]["price"])
    cheap = priced(capsys, "BTC-27DEC26-90000-C", *asked)["quote"]
    assert D(cheap["offer"]["price"]) < D("0.005") and D(cheap["offer"]["price"]) % D("0.0005")
    legs = [{"instrument": name} for name in ("BTC-27DEC26-65000-C", "BTC-27DEC26-65000-P")]
    package = priced(capsys, legs, *asked)["quote"]
    assert D(package["offer"]["price"]) % D("0.0001") == 0 != D(package["offer"]["price"]) % D("0.0005")


def test_without_a_size_it_is_one_or_the_next_in_lots(capsys: pytest.CaptureFixture[str]) -> None:
    ratios = [{"instrument": CALL, "ratio": "0.03"}]
    for what, size in ((CALL, "1"), ("BTC-PERPETUAL", "10"), (ratios, "10")):
        assert priced(capsys, what, *FLAT, "--quote")["quote"]["amount"] == size


def test_a_quote_follows_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (CALL, *FLAT, "--quote", "--side", "buy")
    usual = priced(capsys, *asked)["quote"]
    (tmp_path / "rfq.toml").write_text("[desk.terms]\nedge_bps_min = 50.0\n")
    dear = priced(capsys, *asked)["quote"]
    assert D(dear["offer"]["price"]) > D(usual["offer"]["price"])
    assert dear["policy"] != usual["policy"]


def test_people_get_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["price", CALL, *FLAT]) == 0
    told = capsys.readouterr().out
    for words in (
        "bought call BTC 27DEC24 65000\n",
        "  fair    0.03729780 BTC = 2,237.87 USD\n",
        "index 60,000.00 USD, forward 60,000.00, volatility 60 %, 30 days\n",
        "  value                          0.03729780   2,237.87\n",
        "  delta: forward, net                0.3522260      0.3149282  BTC\n",
        "  delta: spot, premium-adjusted      0.3522260      0.3149282  BTC\n",
        "  gamma                               1,294.95                 USD of forward delta per 1 %\n",
    ):
        assert words in told, words
    assert "package" not in told and "quote" not in told
    legs = [{"instrument": CALL, "ratio": 1}, {"instrument": "BTC-27DEC24-70000-C", "ratio": -1}]
    assert run(["price", json.dumps(legs), *FLAT, "--quote"]) == 0
    told = capsys.readouterr().out
    for words in (
        "bought call spread BTC 27DEC24 65000/70000\n",
        "  net delta ",
        "BTC-27DEC24-70000-C     -1",
    ):
        assert words in told, words
    assert "quote for 1 (two-way)" in told and "wire" in told
    assert all(len(line) <= 110 for line in told.splitlines())
    assert run(["price", "BTC-PERPETUAL", "--forward", "60000"]) == 0
    told = capsys.readouterr().out
    assert "net delta" in told and "vega" not in told


def test_a_price_that_cannot_be_given_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    far = ("--forward", "60000", "--vol", "0.3", "--years", "0.001")
    assert run(["price", "BTC-27DEC24-165000-C", *far, "--quote", "--side", "sell"]) == 0
    assert "no side can be priced above zero" in capsys.readouterr().out
    assert "bid" not in priced(capsys, "BTC-27DEC24-165000-C", *far, "--quote", "--side", "sell")["quote"]


def test_extremes_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ("--forward", "1e-12", "--vol", "1e-6", "--years", "1e-18"),
        ("--forward", "1e12", "--vol", "10", "--years", "50"),
        ("--forward", "60000", "--vol", "10", "--years", "50", "--index", "1e-12"),
        ("--forward", "65000", "--vol", "1e-6", "--years", "1e-18"),
    ):
        assert priced(capsys, CALL, *words)["currency"] == "BTC"
        assert run(["price", CALL, *words]) == 0
        assert "nan" not in capsys.readouterr().out
    assert [amount(one) for one in (0.0, float("nan"), 1.5e-9, -12.5, 1234.5)] == [
        *("0", "-", "1.5000e-09", "-12.50000", "1,234.50")
    ]


def test_help_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["price", "--help"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Usage: rfq price")
    assert all(len(line) <= 100 for line in told.splitlines())
    assert run(["--help"]) == 0
    assert "Value an instrument or a structure, with all its greeks." in capsys.readouterr().out
