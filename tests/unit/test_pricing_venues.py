"""Venues' tables: every number says where it is from, and fees are what the venues' own examples say."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from pricing.fact import Fault
from pricing.instruments import Future, Instrument, Option, Perpetual, Spot
from pricing.venues.fees import Fee, LegTrade, combo_fee, delivery_fee, fee
from pricing.venues.rows import FeeTier, Product, TickBand, VenueTable, source_of, tick_at
from pricing.venues.tables import TABLES, override, product_of

SIZES: dict[str, Any] = {"contract_size": D(1), "tick": D("0.0001"), "lot": D("0.1")}
DAY = 86_400_000_000_000
MONTHLY_AT = 1_735_286_400_000_000_000  # Friday 27 December 2024, 08:00
WEEKLY_AT = MONTHLY_AT - 7 * DAY
DAILY_AT = MONTHLY_AT - DAY


def option(strike: int = 65_000, call: bool = True, expiry_at: int = MONTHLY_AT, coin: str = "BTC") -> Option:
    return Option(
        name=f"{coin}-{strike}-{call}",
        underlying=coin,
        quote_currency=coin,
        settle_currency=coin,
        inverse=True,
        expiry_at=expiry_at,
        strike=D(strike),
        call=call,
        **SIZES,
    )


def in_dollars(one: Instrument, currency: str = "USDT") -> Any:
    return msgspec.structs.replace(one, quote_currency=currency, settle_currency=currency, inverse=False)


def future(expiry_at: int = MONTHLY_AT) -> Future:
    return Future(
        name="BTC-27DEC24",
        underlying="BTC",
        quote_currency="USD",
        settle_currency="BTC",
        inverse=True,
        expiry_at=expiry_at,
        **SIZES,
    )


PERPETUAL = Perpetual(
    name="BTC-PERPETUAL", underlying="BTC", quote_currency="USD", settle_currency="BTC", inverse=True, **SIZES
)
SPOT = Spot(name="BTC_USDC", underlying="BTC", quote_currency="USDC", tick=D(1), lot=D("0.0001"))


def row(venue: str, instrument: Instrument) -> Product:
    found = product_of(TABLES[venue], instrument)
    assert isinstance(found, Product), found
    return found


def paid(venue: str, instrument: Instrument, price: float, index: float, amount: float, **how: Any) -> Fee:
    found = fee(instrument, row(venue, instrument), price=price, index=index, amount=amount, **how)
    assert isinstance(found, Fee), found
    return found


PLACE = {"key", "kind", "inverse", "underlyings", "quote_currencies", "lives", "sources"}
NEVER = {  # what has no meaning for a kind has no source either
    "option": {"block_min_notional"},
    "future": {"value_cap", "delivery_cap", "delivery_free_lives"},
    "perpetual": {"value_cap", "delivery_rate", "delivery_cap", "delivery_free_lives", "averaging_s"},
    "spot": {"value_cap", "combo_discount", "delivery_rate", "delivery_cap", "delivery_free_lives"}
    | {"averaging_s", "block_rate", "block_min_amount", "block_min_notional", "block_tick"},
}
ROWS = [(table, one) for table in TABLES.values() for one in table.products]


@pytest.mark.parametrize(("table", "one"), ROWS, ids=[f"{table.venue}-{one.key}" for table, one in ROWS])
def test_every_number_says_where_it_is_from_once(table: VenueTable, one: Product) -> None:
    for field in one.__struct_fields__:
        told = [source for source in one.sources if field in source.fields]
        assert len(told) <= 1, f"{field} told twice"
        if field not in PLACE | NEVER[one.kind]:
            assert told, f"{field} is from nowhere"
    for source in (*one.sources, *table.sources):
        assert source.where and len(source.as_of) == 10
    assert source_of(table, "expiry_s_of_day") is not None
    assert table.expiry_s_of_day == 8 * 3600


def test_what_is_only_believed_is_marked() -> None:
    deribit = row("deribit", option())
    known = {name: source_of(deribit, name) for name in ("ticks", "tiers", "value_cap", "combo_discount")}
    assert [source.verified for source in known.values() if source] == [True, True, True, False]
    assert source_of(deribit, "key") is None


@pytest.mark.parametrize(
    ("price", "tick"),
    [(0.0, "0.0001"), (0.0049, "0.0001"), (0.005, "0.0005"), (0.2, "0.0005"), (-0.0075, "0.0005")],
)
def test_ticks_by_band(price: float, tick: str) -> None:
    for coin in ("BTC", "ETH"):
        assert tick_at(row("deribit", option(coin=coin)), price) == D(tick)


def test_deribits_own_examples() -> None:
    """From its fee page: 10,000 USD at 100,000; an option at 0.0001; the option's rate."""
    assert paid("deribit", future(WEEKLY_AT), 100_000.0, 1e5, 10_000.0).amount == pytest.approx(0.00005)
    rebate = paid("deribit", future(WEEKLY_AT), 100_000.0, 1e5, 10_000.0, maker=True)
    assert rebate.amount == pytest.approx(-0.00001)
    assert paid("deribit", PERPETUAL, 100_000.0, 1e5, -50_000.0).amount == pytest.approx(0.00025)
    assert paid("deribit", PERPETUAL, 100_000.0, 1e5, 50_000.0, maker=True).amount == 0.0
    cheap = paid("deribit", option(), 0.0001, 60_000.0, 1.0)
    assert (cheap.amount, cheap.capped, cheap.currency) == (pytest.approx(0.0000125), True, "BTC")
    dear = paid("deribit", option(), 0.05, 60_000.0, -10.0)
    assert (dear.amount, dear.capped) == (pytest.approx(0.003), False)
    assert paid("deribit", PERPETUAL, 1e5, 1e5, 1e6, block=True).amount == pytest.approx(0.0025)


def test_bybits_and_binances_own_examples() -> None:
    """0.3 BTC at 3,000 with the index at 42,000; 10,000 contracts at 8,000; 3 ETH options at 1,000."""
    call = in_dollars(option(45_000))
    assert paid("bybit", call, 3_000.0, 42_000.0, 0.3, maker=True).amount == pytest.approx(2.52)
    assert paid("bybit", PERPETUAL, 8_000.0, 8e3, 10_000.0).amount == pytest.approx(0.0006875)
    ended = delivery_fee(call, row("bybit", call), settlement=46_050.0, amount=0.3)
    assert isinstance(ended, Fee) and ended.amount == pytest.approx(0.00015 * 46_050.0 * 0.3)
    eth = in_dollars(option(2_000, coin="ETH"))
    assert paid("binance", eth, 1_000.0, 2_000.0, 3.0).amount == pytest.approx(1.8)
    ended = delivery_fee(eth, row("binance", eth), settlement=2_200.0, amount=3.0)
    assert isinstance(ended, Fee) and ended.amount == pytest.approx(0.99)


def test_okxs_own_example() -> None:
    """A call on one BTC: 0.0003 for the taker, at a price where the cap of 7 % does not bind."""
    assert paid("okx", option(), 0.05, 60_000.0, 1.0).amount == pytest.approx(0.0003)
    assert paid("okx", option(), 0.05, 60_000.0, 1.0, maker=True).amount == pytest.approx(0.0002)
    assert paid("okx", option(), 0.001, 60_000.0, 1.0).amount == pytest.approx(0.00007)


def test_quanto_and_spot_and_linear_pay_in_their_settle_currency() -> None:
    linear = in_dollars(PERPETUAL, "USDC")
    assert paid("deribit", linear, 50_000.0, 5e4, -2.0) == Fee(amount=50.0, currency="USDC")
    quanto = msgspec.structs.replace(linear, quanto=D("0.000001"), settle_currency="BTC")
    in_btc = paid("bybit", quanto, 3_000.0, 3e3, 1_000.0)
    assert (in_btc.amount, in_btc.currency) == (pytest.approx(0.00055 * 3.0), "BTC")
    assert paid("binance", SPOT, 60_000.0, 6e4, 0.1) == Fee(amount=6.0, currency="USDC")


def test_delivery() -> None:
    product = row("deribit", option())
    ended = delivery_fee(option(60_000), product, settlement=75_000.0, amount=-2.0)
    assert isinstance(ended, Fee)
    assert (ended.amount, ended.capped) == (pytest.approx(0.0003), False)
    barely = delivery_fee(option(74_990), product, settlement=75_000.0, amount=1.0)
    assert isinstance(barely, Fee)
    assert (barely.amount, barely.capped) == (pytest.approx(0.125 * 10.0 / 75_000.0), True)
    for free in (option(80_000), option(60_000, call=False), option(60_000, expiry_at=DAILY_AT)):
        assert delivery_fee(free, product, settlement=75_000.0, amount=1.0) == Fee(amount=0.0, currency="BTC")
    dated = delivery_fee(future(), row("deribit", future()), settlement=50_000.0, amount=1e5)
    assert isinstance(dated, Fee) and dated.amount == pytest.approx(0.0005)
    weekly = future(WEEKLY_AT)
    assert delivery_fee(weekly, row("deribit", weekly), settlement=5e4, amount=1e5) == Fee(
        amount=0.0, currency="BTC"
    )
    never = delivery_fee(PERPETUAL, row("deribit", PERPETUAL), settlement=5e4, amount=1.0)
    assert isinstance(never, Fault)


def trade(one: Instrument, price: float, amount: float) -> LegTrade:
    return LegTrade(instrument=one, product=row("deribit", one), price=price, index=6e4, amount=amount)


def test_a_combinations_cheaper_side_is_not_charged() -> None:
    near, far = trade(option(65_000), 0.04, 10.0), trade(option(70_000), 0.001, -10.0)
    assert combo_fee((near, far)) == (Fee(amount=pytest.approx(0.003), currency="BTC", capped=True),)
    assert combo_fee((near, near)) == (Fee(amount=pytest.approx(0.006), currency="BTC"),)
    swapped = combo_fee((msgspec.structs.replace(near, amount=-10.0), trade(option(70_000), 0.001, 10.0)))
    assert swapped == (Fee(amount=pytest.approx(0.003), currency="BTC", capped=True),)
    usdc = trade(in_dollars(option(70_000), "USDC"), 900.0, -10.0)
    both = combo_fee((near, usdc))
    assert isinstance(both, tuple) and [one.currency for one in both] == ["BTC", "USDC"]
    assert combo_fee(()) == ()
    fault = combo_fee((near, msgspec.structs.replace(far, price=float("nan"))))
    assert isinstance(fault, Fault) and fault.field == "trades[1].price"


def test_a_rebate_is_not_waived() -> None:
    """Sold by a maker with a rebate: it keeps the rebate, and the other side pays in full."""
    weekly = trade(future(WEEKLY_AT), 60_000.0, -60_000.0)
    found = combo_fee((weekly, trade(option(), 0.04, 1.0)), maker=True)
    assert isinstance(found, tuple)
    assert found[0].amount == pytest.approx(0.0003 - 0.0001)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"price": float("inf")}, "price"),
        ({"index": 0.0}, "index"),
        ({"amount": float("nan")}, "amount"),
        ({"price": -1.0}, "price"),
        ({"tier": "VIP"}, "tier"),
    ],
)
def test_bad_numbers_are_named(changed: dict[str, Any], field: str) -> None:
    asked = {"price": 6e4, "index": 6e4, "amount": 100.0, **changed}
    found = fee(PERPETUAL, row("deribit", PERPETUAL), **asked)
    assert isinstance(found, Fault) and found.field == field


def test_a_table_can_be_replaced() -> None:
    changes = {
        "option_btc": {
            "value_cap": "0.1",
            "ticks": [{"from_price": "0", "tick": "0.0001"}],
            "tiers": [{"maker": 0.0, "taker": 0.0001}, {"tier": "VIP", "maker": -0.0001, "taker": 0.0}],
        }
    }
    table = override(TABLES["deribit"], changes)
    assert isinstance(table, VenueTable)
    product = product_of(table, option())
    assert isinstance(product, Product)
    assert (product.value_cap, tick_at(product, 1.0)) == (0.1, D("0.0001"))
    assert product.tiers[1] == FeeTier(tier="VIP", maker=-0.0001, taker=0.0)
    vip = fee(option(), product, price=0.05, index=6e4, amount=1.0, maker=True, tier="VIP")
    assert vip == Fee(amount=-0.0001, currency="BTC")
    changed = source_of(product, "value_cap")
    assert changed is not None and not changed.verified
    assert table.products[1:] == TABLES["deribit"].products[1:]


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"option_doge": {}}, "deribit.option_doge", "no such product"),
        ({"option_btc": {"cap": 0.1}}, "deribit.option_btc.cap", "no such field"),
        ({"option_btc": {"key": "x"}}, "deribit.option_btc.key", "no such field"),
        ({"option_btc": {"value_cap": 7}}, "deribit.option_btc", "value_cap: 7.0 is no share"),
        ({"option_btc": {"tiers": [{"maker": "x", "taker": 0}]}}, "deribit.option_btc", "tiers[0].maker"),
        ({"option_btc": {"tiers": []}}, "deribit.option_btc", "tiers"),
        ({"option_btc": {"lot": "0"}}, "deribit.option_btc", "lot: 0 is not above zero"),
        ({"option_btc": {"lives": ["yearly"]}}, "deribit.option_btc", "lives: yearly is none of"),
        ({"option_btc": {"delivery_rate": 3}}, "deribit.option_btc", "delivery_rate"),
        (
            {"option_btc": {"ticks": [{"from_price": 1, "tick": 1}]}},
            "deribit.option_btc",
            "first band begins at 0",
        ),
    ],
)
def test_a_bad_change_says_what_is_wrong(changes: Any, field: str, problem: str) -> None:
    fault = override(TABLES["deribit"], changes)
    assert isinstance(fault, Fault)
    assert fault.field == field
    assert problem in fault.problem


def test_what_a_venue_does_not_list_has_no_fees() -> None:
    assert isinstance(product_of(TABLES["binance"], option()), Fault)
    assert isinstance(product_of(TABLES["deribit"], option(coin="SOL")), Fault)


BANDS = row("okx", option()).ticks


@pytest.mark.parametrize(
    ("built", "field"),
    [
        (lambda: TickBand(from_price=D(0), tick=D(0)), "tick"),
        (lambda: TickBand(from_price=D(-1), tick=D(1)), "from_price"),
        (lambda: FeeTier(maker=0.0, taker=5.0), "taker"),
        (lambda: VenueTable(venue="x", expiry_s_of_day=86_400, products=()), "expiry_s_of_day"),
        (lambda: msgspec.structs.replace(TABLES["okx"], products=TABLES["okx"].products * 2), "products"),
        (lambda: msgspec.structs.replace(row("okx", option()), kind="swap"), "kind"),
        (lambda: msgspec.structs.replace(row("okx", option()), averaging_s=-1), "averaging_s"),
        (lambda: msgspec.structs.replace(row("okx", option()), ticks=BANDS[:1] * 2), "ticks"),
    ],
)
def test_no_row_without_sense(built: Any, field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        built()
