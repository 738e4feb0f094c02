"""Binance's table. Amounts: USD for COIN-M contracts, coin for all else."""

from decimal import Decimal
from typing import Final

from pricing.venues.rows import FeeTier, Product, Source, TickBand, VenueTable

_D = Decimal
_READ: Final = "2026-11-26"
_FEES: Final = "binance.com, Options Trading Fees (stored copy)"
_SPEC: Final = "binance.com, Options contract specifications (stored copy)"
_DELIVERY: Final = "binance.com, Delivery & Settlement of Quarterly Futures (stored copy)"
_WINDOW: Final = "binance.com announcement for 2024-11-11 (an hour before), as reported"
_BELIEVED: Final = "not found in the venue's words; set what your account is told"
_REST: Final = ("combo_discount", "block_rate", "block_min_amount", "block_min_notional", "block_tick")
_HALF_HOUR: Final = 1800


def _guess(*fields: str) -> Source:
    return Source(fields=fields, where=_BELIEVED, as_of=_READ, verified=False)


def _steady(kind: str, key: str, coins: tuple[str, ...], inverse: bool, size: str, tick: str) -> Product:
    """Perpetuals and quarterly futures, USD-M and COIN-M."""
    dated = kind == "future"
    return Product(
        key=key,
        kind=kind,
        inverse=inverse,
        underlyings=coins,
        contract_size=_D(size),
        lot=_D(size),
        ticks=(TickBand(from_price=_D(0), tick=_D(tick)),),
        tiers=(FeeTier(maker=0.0002, taker=0.0005),),
        delivery_rate=0.0005 if dated else 0.0,
        averaging_s=_HALF_HOUR if dated else 0,
        sources=(
            Source(fields=("averaging_s",), where=_WINDOW, as_of="2024-11-11", verified=dated),
            _guess("contract_size", "lot", "ticks", "tiers"),
            _guess("delivery_rate", "delivery_cap", "delivery_free_lives", *_REST),
        ),
    )


def _options(coin: str, size: str, lot: str, tick: str) -> Product:
    """Options settled in USDT."""
    return Product(
        key=f"option_{coin.lower()}",
        kind="option",
        inverse=False,
        underlyings=(coin,),
        contract_size=_D(size),
        lot=_D(lot),
        ticks=(TickBand(from_price=_D(0), tick=_D(tick)),),
        tiers=(FeeTier(maker=0.0003, taker=0.0003),),
        value_cap=0.1,
        delivery_rate=0.00015,
        delivery_cap=0.1,
        averaging_s=_HALF_HOUR,
        sources=(
            Source(
                fields=("tiers", "value_cap", "delivery_rate", "delivery_cap"),
                where=_FEES,
                as_of="2022-09-08",
                verified=True,
            ),
            Source(fields=("contract_size", "lot", "ticks"), where=_SPEC, as_of=_READ, verified=True),
            _guess("delivery_free_lives", "averaging_s", *_REST),
        ),
    )


_SPOT: Final = Product(
    key="spot",
    kind="spot",
    inverse=False,
    contract_size=_D(1),
    lot=_D("0.00001"),
    ticks=(TickBand(from_price=_D(0), tick=_D("0.01")),),
    tiers=(FeeTier(maker=0.001, taker=0.001),),
    sources=(_guess("contract_size", "lot", "ticks", "tiers"),),
)

BINANCE: Final = VenueTable(
    venue="binance",
    expiry_s_of_day=8 * 3600,
    products=(
        _options("BTC", "1", "0.01", "5"),
        _options("ETH", "1", "0.01", "0.1"),
        _options("BNB", "1", "0.01", "0.1"),
        _options("XRP", "100", "10", "0.01"),
        _options("DOGE", "1000", "10", "0.01"),
        _steady("perpetual", "perpetual_btc", ("BTC",), True, "100", "0.1"),
        _steady("perpetual", "perpetual_coin", (), True, "10", "0.01"),
        _steady("perpetual", "perpetual_dollar_btc", ("BTC",), False, "0.001", "0.1"),
        _steady("perpetual", "perpetual_dollar", (), False, "0.001", "0.01"),
        _steady("future", "future_btc", ("BTC",), True, "100", "0.1"),
        _steady("future", "future_coin", (), True, "10", "0.01"),
        _steady("future", "future_dollar", (), False, "0.001", "0.1"),
        _SPOT,
    ),
    sources=(Source(fields=("expiry_s_of_day",), where=_DELIVERY, as_of=_READ, verified=True),),
)
