"""Names of instruments at venues and in FIX: what they say, and what is wrong with those that say nothing."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from pricing.fact import Fault
from pricing.instruments import Future, Option, Perpetual, Spot
from pricing.names.fix import parse_fix, spell_fix
from pricing.names.listing import instrument_of, named_of
from pricing.names.named import Named
from pricing.names.spelling import parse, spell
from pricing.units import NS_PER_S
from pricing.venues.tables import TABLES

DEC_27 = 1_735_286_400 * NS_PER_S  # 2024-12-27 08:00 UTC
MAR_29 = 1_711_699_200 * NS_PER_S
JUN_30 = 1_688_112_000 * NS_PER_S

COIN = ("BTC", "USD", "BTC", True)
COIN_OPTION = ("BTC", "BTC", "BTC", True)
USDT, USDC = ("BTC", "USDT", "USDT", False), ("BTC", "USDC", "USDC", False)


@pytest.mark.parametrize(
    ("venue", "text", "kind", "contract", "expiry_at", "strike"),
    [
        ("deribit", "BTC-PERPETUAL", "perpetual", COIN, 0, None),
        ("deribit", "BTC-27DEC24", "future", COIN, DEC_27, None),
        ("deribit", "BTC-27DEC24-65000-C", "option", COIN_OPTION, DEC_27, "65000"),
        ("deribit", "BTC_USDC-PERPETUAL", "perpetual", USDC, 0, None),
        ("deribit", "BTC_USDC-27DEC24", "future", USDC, DEC_27, None),
        ("deribit", "BTC_USDC-27DEC24-65000-C", "option", USDC, DEC_27, "65000"),
        ("deribit", "XRP_USDC-30JUN23-0d625-C", "option", ("XRP", "USDC", "USDC", False), JUN_30, "0.625"),
        ("deribit", "BTC_USDC", "spot", USDC, 0, None),
        ("okx", "BTC-USDT", "spot", USDT, 0, None),
        ("okx", "BTC-USD-SWAP", "perpetual", COIN, 0, None),
        ("okx", "BTC-USDT-SWAP", "perpetual", USDT, 0, None),
        ("okx", "BTC-USD-241227", "future", COIN, DEC_27, None),
        ("okx", "BTC-USDT-241227", "future", USDT, DEC_27, None),
        ("okx", "BTC-USD-241227-65000-C", "option", COIN_OPTION, DEC_27, "65000"),
        ("bybit", "BTCUSD", "perpetual", COIN, 0, None),
        ("bybit", "BTCUSDT", "perpetual", USDT, 0, None),
        ("bybit", "BTCPERP", "perpetual", USDC, 0, None),
        ("bybit", "BTCUSDH24", "future", COIN, MAR_29, None),
        ("bybit", "BTCUSDZ24", "future", COIN, DEC_27, None),
        ("bybit", "BTC-27DEC24", "future", USDC, DEC_27, None),
        ("bybit", "BTCUSDT-27DEC24", "future", USDT, DEC_27, None),
        ("bybit", "BTC-27DEC24-65000-C", "option", USDC, DEC_27, "65000"),
        ("bybit", "BTC-27DEC24-65000-C-USDT", "option", USDT, DEC_27, "65000"),
        ("bybit", "1000PEPEUSDT", "perpetual", ("1000PEPE", "USDT", "USDT", False), 0, None),
        ("binance", "BTCUSDT", "perpetual", USDT, 0, None),
        ("binance", "BTCUSDC", "perpetual", USDC, 0, None),
        ("binance", "BTCUSD_PERP", "perpetual", COIN, 0, None),
        ("binance", "BTCUSD_241227", "future", COIN, DEC_27, None),
        ("binance", "BTCUSDT_241227", "future", USDT, DEC_27, None),
        ("binance", "BTC-241227-65000-C", "option", USDT, DEC_27, "65000"),
        ("binance", "XRP-230630-0.625-C", "option", ("XRP", "USDT", "USDT", False), JUN_30, "0.625"),
    ],
)
def test_names_say(
    venue: str, text: str, kind: str, contract: tuple[str, str, str, bool], expiry_at: int, strike: str | None
) -> None:
    underlying, quote, settle, inverse = contract
    named = Named(
        venue=venue,
        kind=kind,
        underlying=underlying,
        quote_currency=quote,
        settle_currency=settle,
        inverse=inverse,
        expiry_at=expiry_at,
        strike=D(strike) if strike else None,
        call=kind == "option",
    )
    assert parse(text, venue) == named
    assert spell(named) == text
    put = msgspec.structs.replace(named, call=False)
    if kind == "option":
        other = spell(put)
        assert isinstance(other, str) and "-P" in other
        assert parse(other, venue) == put


def test_spot_and_perpetual_of_one_name_are_told_apart_by_the_market_meant() -> None:
    for venue in ("bybit", "binance"):
        found = parse("BTCUSDT", venue, spot=True)
        assert isinstance(found, Named) and found.kind == "spot"
        assert spell(found) == "BTCUSDT"
        eth = parse("ETHBTC", venue, spot=True)
        assert isinstance(eth, Named) and (eth.underlying, eth.quote_currency) == ("ETH", "BTC")


@pytest.mark.parametrize(
    ("venue", "text", "field", "problem"),
    [
        ("", "BTC-PERPETUAL", "venue", "'' is none of deribit, okx, bybit, binance"),
        ("ftx", "BTC-PERP", "venue", "'ftx' is none of"),
        ("deribit", "", "name", "empty"),
        ("deribit", "BTC", "name", "'BTC' is none of BTC-PERPETUAL"),
        ("deribit", "btc-PERPETUAL", "underlying", "'btc' is no currency: capitals and digits"),
        ("deribit", "12-PERPETUAL", "underlying", "'12' is no currency"),
        ("deribit", "BTC_-PERPETUAL", "quote_currency", "'' is no currency"),
        ("deribit", "BTC_BTC-PERPETUAL", "quote_currency", "'BTC' is the underlying itself"),
        (
            "deribit",
            "BTC_USD-PERPETUAL",
            "quote_currency",
            "'USD' is said by none: inverse contracts are BTC-...",
        ),
        ("deribit", "BTC_USD-27DEC24-65000-C", "quote_currency", "'USD' is said by none"),
        ("deribit", "BTC-DVOL", "expiry", "'DVOL' is no date"),
        ("deribit", "BTC_USDC_X", "quote_currency", "'USDC_X' is no currency"),
        ("deribit", "BTC-31FEB24", "expiry", "'31FEB24' is no day of the calendar"),
        ("deribit", "BTC-29FEB23-1-C", "expiry", "'29FEB23' is no day of the calendar"),
        ("deribit", "BTC-07MAR25", "expiry", "'07MAR25' is no date, spelled like 7MAR25"),
        ("deribit", "BTC-27DEZ24", "expiry", "'27DEZ24' is no date"),
        ("deribit", "BTC-27DEC24-065000-C", "strike", "'065000' is no strike above zero"),
        ("deribit", "BTC-27DEC24-0-C", "strike", "'0' is no strike above zero"),
        ("deribit", "BTC-27DEC24-1d50-C", "strike", "spelled like 65000 or 0d625"),
        ("deribit", "BTC-27DEC24-1.5-C", "strike", "'1.5' is no strike"),
        ("deribit", "BTC-27DEC24-65o00-C", "strike", "'65o00' is no strike"),
        ("deribit", "BTC-27DEC24-65000-X", "right", "'X' is neither C (call) nor P (put)"),
        ("deribit", "BTC-27DEC24-65000", "name", "is none of"),
        ("deribit", "BTC-FS-27DEC24_PERP", "name", "is a combination (FS), not one instrument"),
        ("deribit", "BTC-CS-27DEC24-65000_70000", "name", "a combination (CS)"),
        ("deribit", "BTC-STRD-27DEC24-65000", "name", "a combination (STRD)"),
        ("okx", "BTC", "name", "is none of BTC-USDT"),
        ("okx", "BTC-USD_UM-SWAP", "quote_currency", "'USD_UM' is no currency"),
        ("okx", "BTC-USD-241327", "expiry", "'241327' is no day of the calendar"),
        ("okx", "BTC-USD-27DEC24", "expiry", "spelled like 241227"),
        ("okx", "BTC-USDT-241227-65000-C", "quote_currency", "'USDT' is not USD"),
        ("bybit", "BTCUSDC", "name", "is a pair of the spot market; perpetuals are BTCUSDT, BTCPERP, BTCUSD"),
        ("bybit", "BTCXYZ", "name", "is none of BTCUSD"),
        ("bybit", "BTC-27DEC24-65000-C-EUR", "quote_currency", "'EUR' is not USDT"),
        ("bybit", "BTC-27DEC24-65000", "name", "is none of"),
        ("binance", "BTCUSD", "name", "is no contract: the perpetual is BTCUSD_PERP"),
        ("binance", "BTCUSDT_PERP", "name", "is no contract: the perpetual is BTCUSDT"),
        ("binance", "BTCUSD_24122", "expiry", "'24122' is no date"),
        ("binance", "BTC-241227-65000", "name", "is none of"),
        ("deribit", "BTC-27DEC24-\x00\u202e" + "9" * 99 + "-C", "strike", "\\x00\\u202e"),
    ],
)
def test_what_is_wrong_is_said_and_where(venue: str, text: str, field: str, problem: str) -> None:
    fault = parse(text, venue)
    assert isinstance(fault, Fault)
    assert fault.field == field
    assert problem in fault.problem
    assert fault.problem.isprintable() and len(fault.problem) < 250


def test_a_venue_may_have_no_name() -> None:
    call = parse("BTC_USDC-27DEC24-65000-C", "deribit")
    assert isinstance(call, Named)
    assert spell(call, "bybit") == "BTC-27DEC24-65000-C"
    for venue in ("okx", "binance"):
        fault = spell(call, venue)
        assert isinstance(fault, Fault)
        assert "has no name for this option" in fault.problem
    assert isinstance(spell(call, "ftx"), Fault)
    weekly = parse("BTC-20DEC24", "deribit")
    assert isinstance(weekly, Named)
    assert spell(weekly, "okx") == "BTC-USD-241220"
    assert isinstance(spell(weekly, "bybit"), Fault), "Bybit's inverse futures are named by month"
    odd = msgspec.structs.replace(weekly, underlying="AFD", kind="spot", expiry_at=0, inverse=False)
    pair = msgspec.structs.replace(odd, quote_currency="USD", settle_currency="USD")
    assert isinstance(spell(pair, "binance"), Fault), "AFDUSD would be A in FDUSD"
    late = msgspec.structs.replace(weekly, expiry_at=weekly.expiry_at + 100 * 366 * 86_400 * NS_PER_S)
    assert isinstance(spell(late), Fault), "two digits tell no century"


def test_an_expiry_hour_is_a_venues() -> None:
    noon = msgspec.structs.replace(TABLES["deribit"], expiry_s_of_day=12 * 3600)
    named = parse("BTC-27DEC24", "deribit", tables={**TABLES, "deribit": noon})
    assert isinstance(named, Named)
    assert named.expiry_at == DEC_27 + 4 * 3600 * NS_PER_S


PAIR = {55: "BTC/USD", 167: "OPT", 541: "20241227", 201: "1", 202: "65000.00", 15: "BTC"}


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (PAIR, "BTC-27DEC24-65000-C"),
        ({**PAIR, 541: "", 200: "20241227"}, "BTC-27DEC24-65000-C"),
        ({**PAIR, 200: "202412", 201: "0", 1: "any"}, "BTC-27DEC24-65000-P"),
        ({**PAIR, 55: "BTC/USDC", 15: "USDC"}, "BTC_USDC-27DEC24-65000-C"),
        ({55: "BTC/USD", 167: "FUT", 541: "20241227", 15: "BTC"}, "BTC-27DEC24"),
        ({55: "BTC/USDC", 167: "PERP"}, "BTC_USDC-PERPETUAL"),
        ({55: "BTC/USDC", 167: "FXSPOT"}, "BTC_USDC"),
        ({55: "BTC-PERPETUAL", 167: "FUT", 15: "USD"}, "BTC-PERPETUAL"),
        ({55: "BTC-27DEC24-65000-C"}, "BTC-27DEC24-65000-C"),
        (
            {55: "BTC-27DEC24-65000-C", 167: "OPT", 200: "202412", 202: "65000", 201: "1"},
            "BTC-27DEC24-65000-C",
        ),
    ],
)
def test_fix_tags_say(tags: dict[int, str], name: str) -> None:
    named = parse_fix(tags)
    assert isinstance(named, Named), named
    assert spell(named) == name


def test_fix_multiplier_and_other_venues() -> None:
    named = parse_fix({55: "BTC-USD-SWAP", 231: "100"}, "okx")
    assert isinstance(named, Named) and named.contract_size == D(100)
    tags = spell_fix(named)
    assert tags == {55: "BTC/USD", 167: "PERP", 231: "100", 15: "BTC"}
    assert parse_fix(tags, "okx") == named
    assert spell_fix(named, as_name=True) == {**tags, 55: "BTC-USD-SWAP"}
    pair = parse_fix({55: "BTCUSDT", 167: "FXSPOT"}, "binance")
    assert isinstance(pair, Named) and pair.kind == "spot"
    assert spell_fix(pair, as_name=True) == {55: "BTCUSDT", 167: "FXSPOT", 15: "USDT"}


@pytest.mark.parametrize(
    ("tags", "field", "problem"),
    [
        ({}, "Symbol (55)", "missing"),
        ({55: "BTC-31FEB24"}, "Symbol (55)", "expiry: '31FEB24' is no day"),
        ({55: "BTC/"}, "Symbol (55)", "is no currency"),
        ({55: "BTC/USD"}, "SecurityType (167)", "missing"),
        ({**PAIR, 167: "CS"}, "SecurityType (167)", "'CS' is none of FXSPOT, SPOT, PERP, FUT, OPT"),
        ({**PAIR, 541: ""}, "MaturityDate (541)", "missing"),
        ({**PAIR, 541: "", 200: "202412"}, "MaturityMonthYear (200)", "is a month, not a day: send"),
        ({**PAIR, 200: "202411"}, "MaturityMonthYear (200)", "does not agree with MaturityDate (541)"),
        ({**PAIR, 200: "Dec24"}, "MaturityMonthYear (200)", "is no month"),
        ({**PAIR, 541: "20240231"}, "MaturityDate (541)", "is no day of the calendar"),
        ({**PAIR, 541: "19991231"}, "MaturityDate (541)", "is no date"),
        ({**PAIR, 201: ""}, "PutOrCall (201)", "missing"),
        ({**PAIR, 201: "C"}, "PutOrCall (201)", "is neither 0 (put) nor 1 (call)"),
        ({**PAIR, 202: ""}, "StrikePrice (202)", "missing"),
        ({**PAIR, 202: "-5"}, "StrikePrice (202)", "'-5' is no number above zero"),
        ({**PAIR, 231: "0"}, "ContractMultiplier (231)", "is no number above zero"),
        ({**PAIR, 15: "usd"}, "Currency (15)", "is no currency"),
        ({**PAIR, 55: "BTC/USDC"}, "Currency (15)", "only contracts against USD settle"),
        ({**PAIR, 15: ""}, "Currency (15)", "missing: against USD it may settle in BTC (inverse)"),
        ({55: "BTC/USD", 167: "PERP"}, "Currency (15)", "missing: against USD"),
        ({55: "BTC-27DEC24-65000-C", 167: "FUT"}, "SecurityType (167)", "65000-C' (option)"),
        ({55: "BTC/USD", 167: "FUT"}, "MaturityDate (541)", "missing: a perpetual is PERP"),
        ({55: "BTC/USD", 167: "PERP", 541: "20241227"}, "MaturityDate (541)", "on a perpetual"),
        ({55: "BTC/USD", 167: "PERP", 202: "1"}, "StrikePrice (202)", "on a perpetual"),
        ({55: "BTC-27DEC24", 167: "OPT"}, "SecurityType (167)", "does not fit Symbol (55) 'BTC-27DEC24'"),
        ({55: "BTC-27DEC24", 541: "20241228"}, "MaturityDate (541)", "does not fit"),
        ({55: "BTC-PERPETUAL", 541: "20241228"}, "MaturityDate (541)", "does not fit"),
        ({55: "BTC-27DEC24-65000-C", 202: "66000"}, "StrikePrice (202)", "does not fit"),
        ({55: "BTC-27DEC24-65000-C", 202: "x"}, "StrikePrice (202)", "is no number"),
        ({55: "BTC-27DEC24-65000-C", 201: "0"}, "PutOrCall (201)", "does not fit"),
        ({55: "BTC-27DEC24", 201: "0"}, "PutOrCall (201)", "does not fit"),
        ({55: "BTC-27DEC24", 15: "ETH"}, "Currency (15)", "does not fit"),
    ],
)
def test_what_is_wrong_with_tags_is_said_and_where(tags: dict[int, str], field: str, problem: str) -> None:
    fault = parse_fix(tags)
    assert isinstance(fault, Fault), fault
    assert fault.field == field
    assert problem in fault.problem
    assert isinstance(parse_fix(tags, "ftx"), Fault)


def test_what_fix_tags_cannot_say() -> None:
    usd_linear = parse_fix({55: "BTC/USD", 167: "PERP", 15: "USDC"})
    assert isinstance(usd_linear, Named) and usd_linear.settle_currency == "USDC"
    odd = msgspec.structs.replace(usd_linear, settle_currency="usdc")
    fault = spell_fix(odd)
    assert isinstance(fault, Fault) and fault.field == "Currency (15)"
    assert isinstance(spell_fix(usd_linear, as_name=True), Fault)


def listed(text: str, venue: str, **how: Any) -> Any:
    named = parse(text, venue, **how)
    assert isinstance(named, Named), named
    found = instrument_of(named)
    assert not isinstance(found, Fault), found
    assert named_of(found) == named
    return found


def test_a_name_becomes_an_instrument() -> None:
    call = listed("BTC-27DEC24-65000-C", "deribit")
    assert isinstance(call, Option)
    assert (call.name, call.venue, call.averaging_s, call.tick) == (
        *("BTC-27DEC24-65000-C", "", 1800),
        D("0.0001"),
    )
    assert call.bands == ((D("0.005"), D("0.0005")),)
    swap = listed("BTC-USD-SWAP", "okx")
    assert swap.bands == ()
    assert isinstance(swap, Perpetual)
    assert (swap.name, swap.venue, swap.contract_size) == ("okx:BTC-USD-SWAP", "okx", D(100))
    assert isinstance(listed("BTCUSDH24", "bybit"), Future)
    assert isinstance(listed("BTCUSDT", "binance", spot=True), Spot)
    half = parse_fix({55: "BTC-USD-SWAP", 231: "50"}, "okx")
    assert isinstance(half, Named)
    sized = instrument_of(half)
    assert isinstance(sized, Perpetual) and sized.contract_size == D(50)


def test_a_name_that_becomes_none_says_why() -> None:
    unknown = parse("DOT_USDC-27DEC24-5-C", "deribit")
    assert isinstance(unknown, Named)
    fault = instrument_of(unknown)
    assert isinstance(fault, Fault) and "no option on DOT in USDC is in the table of deribit" in fault.problem
    quanto = parse_fix({55: "ETH/USD", 167: "PERP", 15: "BTC"})
    assert isinstance(quanto, Named)
    fault = instrument_of(quanto)
    assert isinstance(fault, Fault) and fault.field == "settle_currency"
    assert isinstance(instrument_of(msgspec.structs.replace(unknown, venue="ftx")), Fault)
    nameless = msgspec.structs.replace(unknown, underlying="BTC", venue="okx")
    assert isinstance(instrument_of(nameless), Fault)


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "swap"},
        {"expiry_at": 0},
        {"kind": "spot", "strike": None},
        {"strike": None},
        {"strike": D(0)},
        {"strike": D("NaN")},
    ],
)
def test_no_name_without_sense(changed: dict[str, Any]) -> None:
    named = parse("BTC-27DEC24-65000-C", "deribit")
    assert isinstance(named, Named)
    with pytest.raises(ValueError, match=r"^(kind|expiry_at|strike): "):
        msgspec.structs.replace(named, **changed)
