"""`rfq price`: what is said of bad input, and where it stands."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pricing_cases import CALL_60, PERP, SNAPSHOT

from rfq.cli.main import run
from rfq.domain import canon

CALL = "BTC-27DEC24-65000-C"
FLAT = ("--forward", "60000", "--vol", "0.6", "--years", repr(30 / 365))
OPTION: dict[str, Any] = json.loads(canon.encode(CALL_60))


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("RFQ_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("what", "words", "told"),
    [
        (CALL, (), "Say in which market: --snapshot FILE, or --forward F"),
        (CALL, ("--forward", "60000"), "--vol: missing; an option needs one"),
        (CALL, ("--forward", "60000", "--vol", "60"), "--vol: 60 is no volatility; 60 % a year is 0.6"),
        (CALL, ("--forward", "nan", "--vol", "0.6"), "--forward: nan is no price"),
        (CALL, ("--forward", "-1", "--vol", "0.6"), "--forward: -1 is no price"),
        (CALL, (*FLAT, "--index", "inf"), "--index: inf is no price"),
        (CALL, (*FLAT[:4], "--years", "0"), "--years: 0 is not above zero"),
        (CALL, (*FLAT[:4], "--years", "1e9"), "--years: 1e+09 is not above zero, or more than 50"),
        (CALL, FLAT[:4], "--years: missing: it has expired"),
        (CALL, (*FLAT[:4], "--at", "soon"), "--at: 'soon' is no time"),
        (CALL, (*FLAT, "--at", "2024-12-01"), "--at: --years says that already"),
        (CALL, (*FLAT, "--amount", "5"), "--amount: counts for a quote only; add --quote"),
        (CALL, (*FLAT, "--side", "buy"), "--side: counts for a quote only; add --quote"),
        (CALL, (*FLAT, "--held-usd", "1"), "--held-usd: counts for a quote only; add --quote"),
        (CALL, (*FLAT, "--venue", "ftx"), "venue: 'ftx' is none of deribit, okx, bybit, binance"),
        (CALL, (*FLAT, "--currency", "DOGE"), "DOGE: has no rate in USD in this market"),
        (CALL, (*FLAT, "--quote", "--amount", "many"), "--amount: 'many' is no number"),
        (CALL, (*FLAT, "--quote", "--amount", "nan"), "--amount: 'nan' is no number"),
        (CALL, (*FLAT, "--quote", "--amount", "0"), "--amount: 0 is not above zero"),
        (CALL, (*FLAT, "--quote", "--held-usd", "nan"), "--held-usd: nan"),
        (CALL, (*FLAT, "--quote", "--amount", "0.05"), "--amount: 0.05 is not a multiple of 0.1: whole lots"),
        (CALL, (*FLAT, "--quote", "--amount", "1e-99999"), "--amount: too large or too small"),
        (CALL, (*FLAT, "--quote", "--amount", "0.1000000000000000001"), "--amount: more than 18 digits"),
        (CALL, (*FLAT, "--quote", "--side", "both"), "--side: 'both' is none of buy, sell, two-way"),
        ("BTC-31FEB24-1-C", FLAT, "expiry: '31FEB24' is no day of the calendar"),
        ("BTC-FS-27DEC24_PERP", FLAT, "is a combination (FS), not one instrument"),
        ("BTC_USDC", FLAT, "spot can only be the hedge"),
        ("DOT_USDC-27DEC24-5-C", FLAT, "name: no option on DOT in USDC is in the table of deribit"),
        ("", FLAT, "name: empty"),
        ('{"legs": [', FLAT, "JSON: Expecting value at character 10"),
        ("[" * 9_999, FLAT, "JSON: "),
        ('{"legs": [NaN]}', FLAT, "JSON: NaN is no number"),
        ({"legs": "BTC"}, FLAT, "legs: is no list"),
        ([], FLAT, "legs: no legs"),
        ([1], FLAT, "legs[0]: has no instrument, ratio"),
        ([CALL, "BTC-31FEB24"], FLAT, "legs[1].expiry: '31FEB24' is no day"),
        ([CALL, CALL], FLAT, "legs[1].instrument: duplicate leg"),
        ([{"instrument": CALL, "ratio": 0}], FLAT, "legs[0].ratio: zero ratio"),
        ([{"instrument": CALL, "ratio": "x"}], FLAT, "legs[0].ratio: 'x' is no number"),
        ([{"instrument": CALL, "ratio": True}], FLAT, "legs[0].ratio: 'True' is no number"),
        ([{"instrument": CALL, "ratio": 1e99}], FLAT, "legs[0].ratio: 1e+99 is too large"),
        ([{"instrument": CALL, "size": 1}], FLAT, "legs[0].size: unknown; there are instrument, ratio"),
        ([{"instrument": None}], FLAT, "legs[0].instrument: missing"),
        ([{"instrument": 7}], FLAT, "legs[0].instrument: is no instrument"),
        ({"legs": [CALL], "edge": []}, FLAT, "edge: unknown; a structure has legs and hedges"),
        ({"legs": [CALL], "hedges": [CALL]}, FLAT, "hedges[0]: has no instrument, ratio, price"),
        (
            {"legs": [CALL], "hedges": [{"instrument": "BTC-PERPETUAL", "ratio": 1}]},
            FLAT,
            "hedges[0].price: missing",
        ),
        ({"55": "BTC/USD"}, FLAT, "SecurityType (167): missing"),
        ({"_": "Option.2"}, FLAT, "Object missing required field `name`; Spot.1, Perpetual.2"),
        ({**OPTION, "strike": -1}, FLAT, "strike: -1 is not above zero"),
        ({**OPTION, "expiry_at": 2**63}, FLAT, "expiry_at: is more than a century away"),
        ({**OPTION, "style": "american"}, FLAT, "legs[0].instrument: american options are not priced"),
        ({**OPTION, "quanto": "1"}, FLAT, "legs[0].instrument: options on a quanto contract are not priced"),
        ({**OPTION, "strike": "1" * 400}, FLAT, "strike: too large or too small"),
        ([{**OPTION, "tick": "1E-30"}], FLAT, "legs[0].tick: too large or too small"),
        ({**OPTION, "_": "\n"}, FLAT, "Invalid value '\\n' - at `$._`; Spot.1, Perpetual.2"),
        ({**OPTION, "name": "X\u001b[2J"}, FLAT, "name: has characters that cannot be printed"),
        ([{**OPTION, "underlying": "BTC\n"}], FLAT, "legs[0].underlying: has characters that cannot"),
        ({"55": CALL, "15": None}, FLAT, "15: 'None' is no text and no number"),
        (["BTC-PERPETUAL", "ETH-PERPETUAL"], FLAT, "legs[1].instrument: mixed underlyings BTC and ETH"),
        (
            [CALL, "BTC-PERPETUAL"],
            (*FLAT, "--quote"),
            "legs[1].instrument: mixed quote currencies BTC and USD: no one price can be quoted",
        ),
        ([OPTION, {**OPTION, "strike": 1}], FLAT, "is told twice, in two ways"),
    ],
)
def test_bad_input_names_the_field(
    what: Any, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = what if isinstance(what, str) else json.dumps(what)
    assert run(["price", text, *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert told in said.err
    assert said.err.count("\n") == 1


def test_a_bad_snapshot_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot = tmp_path / "market.json"
    snapshot.write_bytes(canon.encode(SNAPSHOT))

    def said(code: int, *words: str) -> str:
        assert run(["price", *words]) == code
        return capsys.readouterr().err

    assert "No such file" in said(6, CALL, "--snapshot", "nowhere.json")
    bad = tmp_path / "bad.json"
    bad.write_text('{"_": "MarketSnapshot.2", "at": "noon"}')
    assert "--snapshot: bad.json is no market snapshot" in said(2, CALL, "--snapshot", "bad.json")
    told = said(2, CALL, "--snapshot", str(snapshot), "--vol", "0.6")
    assert "--vol: a snapshot says that already" in told
    eth = "ETH-PERPETUAL"
    assert "ETH: is not in this market" in said(2, eth, "--snapshot", str(snapshot))
    assert "has expired by then" in said(
        2, json.dumps(OPTION), "--snapshot", str(snapshot), "--at", "2025-01-01T00:00:00"
    )
    unheard = json.dumps({**json.loads(canon.encode(PERP)), "name": "BTC-OTHER"})
    assert "BTC-OTHER: has no book" in said(2, unheard, "--snapshot", str(snapshot))
