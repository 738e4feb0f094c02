"""Bybit's table. Amounts: USD for inverse contracts (one contract is one USD), coin for all else."""

from decimal import Decimal
from typing import Final

from pricing.venues.rows import FeeTier, Product, Source, TickBand, VenueTable

_D = Decimal
_READ: Final = "2026-11-26"
_FUTURES: Final = "bybit help, Perpetual & Futures Contract: Fees Explained (stored copy)"
_SETTLED: Final = "help.bybit.com, Trading and Settlement Fees (Futures Contract) (stored copy)"
_OPTIONS: Final = "bybit help, Options Trading: Fees Explained (stored copy)"
_BELIEVED: Final = "not found in the venue's words; set what your account is told"
_SIZES: Final = ("contract_size", "lot", "ticks")
_REST: Final = ("combo_discount", "block_rate", "block_min_amount", "block_min_notional", "block_tick")
_HALF_HOUR: Final = 1800


def _guess(*fields: str) -> Source:
    return Source(fields=fields, where=_BELIEVED, as_of=_READ, verified=False)


def _steady(kind: str, key: str, coins: tuple[str, ...], inverse: bool, size: str, tick: str) -> Product:
    """Perpetuals and dated futures; what is left open at expiry pays a settlement fee."""
    dated = kind == "future"
    settled = Source(fields=("delivery_rate",), where=_SETTLED, as_of=_READ, verified=True)
    return Product(
        key=key,
        kind=kind,
        inverse=inverse,
        underlyings=coins,
        contract_size=_D(size),
        lot=_D(size),
        ticks=(TickBand(from_price=_D(0), tick=_D(tick)),),
        tiers=(FeeTier(maker=0.0002, taker=0.00055),),
        delivery_rate=0.0005 if dated else 0.0,
        averaging_s=_HALF_HOUR if dated else 0,
        sources=(
            Source(fields=("tiers",), where=_FUTURES, as_of="2024-10-16", verified=inverse),
            settled if dated and inverse else _guess("delivery_rate"),
            _guess(*_SIZES, "averaging_s", "delivery_cap", "delivery_free_lives", *_REST),
        ),
    )


def _options(key: str, coins: tuple[str, ...], lot: str, tick: str) -> Product:
    """Options settled in USDT or USDC."""
    return Product(
        key=key,
        kind="option",
        inverse=False,
        underlyings=coins,
        contract_size=_D(1),
        lot=_D(lot),
        ticks=(TickBand(from_price=_D(0), tick=_D(tick)),),
        tiers=(FeeTier(maker=0.0002, taker=0.0003),),
        value_cap=0.07,
        delivery_rate=0.00015,
        delivery_cap=0.125,
        delivery_free_lives=("daily",),
        averaging_s=_HALF_HOUR,
        sources=(
            Source(
                fields=("tiers", "value_cap", "delivery_rate"),
                where=_OPTIONS,
                as_of="2025-09-18",
                verified=True,
            ),
            Source(
                fields=("delivery_cap", "delivery_free_lives"),
                where=_OPTIONS,
                as_of="2024-10-25",
                verified=True,
            ),
            _guess(*_SIZES, "averaging_s", *_REST),
        ),
    )


_SPOT: Final = Product(
    key="spot",
    kind="spot",
    inverse=False,
    contract_size=_D(1),
    lot=_D("0.000001"),
    ticks=(TickBand(from_price=_D(0), tick=_D("0.01")),),
    tiers=(FeeTier(maker=0.001, taker=0.001),),
    sources=(_guess(*_SIZES, "tiers"),),
)

BYBIT: Final = VenueTable(
    venue="bybit",
    expiry_s_of_day=8 * 3600,
    products=(
        _options("option_btc", ("BTC",), "0.01", "5"),
        _options("option_eth", ("ETH",), "0.1", "0.1"),
        _options("option", (), "1", "0.01"),
        _steady("perpetual", "perpetual_btc", ("BTC",), True, "1", "0.1"),
        _steady("perpetual", "perpetual_coin", (), True, "1", "0.01"),
        _steady("perpetual", "perpetual_dollar_btc", ("BTC",), False, "0.001", "0.1"),
        _steady("perpetual", "perpetual_dollar", (), False, "0.01", "0.01"),
        _steady("future", "future_btc", ("BTC",), True, "1", "0.5"),
        _steady("future", "future_coin", (), True, "1", "0.05"),
        _steady("future", "future_dollar_btc", ("BTC",), False, "0.001", "0.5"),
        _steady("future", "future_dollar", (), False, "0.01", "0.05"),
        _SPOT,
    ),
    sources=(
        Source(fields=("expiry_s_of_day",), where="help.bybit.com (stored copy)", as_of=_READ, verified=True),
    ),
)
