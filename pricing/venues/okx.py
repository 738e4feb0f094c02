"""OKX's table. Amounts: USD for inverse perpetuals and futures, coin for all else; contracts are multiples of them."""

from decimal import Decimal
from typing import Final

from pricing.venues.rows import FeeTier, Product, Source, TickBand, VenueTable

_D = Decimal
_READ: Final = "2026-11-26"
_GUIDE: Final = "okx.com, Expiry Futures Guide (stored copy)"
_CAPS: Final = "okx.com, Trading Fee Rules FAQ (stored copy)"
_WINDOW: Final = "okx.com announcement of 2026-03-06, in force from 2026-03-18 (an hour before), as reported"
_BELIEVED: Final = "not found in the venue's words; set what your account is told"
_REST: Final = ("combo_discount", "block_rate", "block_min_amount", "block_min_notional", "block_tick")
_DELIVERY: Final = ("delivery_rate", "delivery_cap", "delivery_free_lives")
_HALF_HOUR: Final = 1800


def _guess(*fields: str) -> Source:
    return Source(fields=fields, where=_BELIEVED, as_of=_READ, verified=False)


def _steady(kind: str, key: str, coins: tuple[str, ...], inverse: bool, size: str, tick: str) -> Product:
    """Perpetuals and dated futures; a contract is `size` amount units."""
    dated = kind == "future"
    read = ("contract_size", "ticks") if dated and coins == ("BTC",) else ()
    return Product(
        key=key,
        kind=kind,
        inverse=inverse,
        underlyings=coins,
        contract_size=_D(size),
        lot=_D(size),
        ticks=(TickBand(from_price=_D(0), tick=_D(tick)),),
        tiers=(FeeTier(maker=0.0002, taker=0.0005),),
        delivery_rate=0.0001 if dated else 0.0,
        averaging_s=_HALF_HOUR if dated else 0,
        sources=(
            Source(fields=("averaging_s",), where=_WINDOW, as_of="2026-03-18", verified=dated),
            Source(fields=read, where=_GUIDE, as_of=_READ, verified=True),
            _guess(*(() if read else ("contract_size", "ticks")), "lot", "tiers", *_DELIVERY, *_REST),
        ),
    )


def _options(coin: str, size: str) -> Product:
    """Options in coin: a contract is a part of a coin."""
    return Product(
        key=f"option_{coin.lower()}",
        kind="option",
        inverse=True,
        underlyings=(coin,),
        contract_size=_D(size),
        lot=_D(size),
        ticks=(
            TickBand(from_price=_D(0), tick=_D("0.0001")),
            TickBand(from_price=_D("0.005"), tick=_D("0.0005")),
        ),
        tiers=(FeeTier(maker=0.0002, taker=0.0003),),
        value_cap=0.07,
        delivery_rate=0.0002,
        delivery_cap=0.07,
        delivery_free_lives=("daily",),
        averaging_s=_HALF_HOUR,
        sources=(
            Source(fields=("tiers", "value_cap"), where=_CAPS, as_of="2026-06-24", verified=True),
            Source(
                fields=_DELIVERY,
                where="okx.com announcement for 2025-05-15, as reported",
                as_of="2025-05-15",
                verified=False,
            ),
            Source(fields=("averaging_s",), where=_WINDOW, as_of="2026-03-18", verified=True),
            _guess("contract_size", "lot", "ticks", *_REST),
        ),
    )


_SPOT: Final = Product(
    key="spot",
    kind="spot",
    inverse=False,
    contract_size=_D(1),
    lot=_D("0.00001"),
    ticks=(TickBand(from_price=_D(0), tick=_D("0.1")),),
    tiers=(FeeTier(maker=0.0008, taker=0.001),),
    sources=(_guess("contract_size", "lot", "ticks", "tiers"),),
)

OKX: Final = VenueTable(
    venue="okx",
    expiry_s_of_day=8 * 3600,
    products=(
        _options("BTC", "0.01"),
        _options("ETH", "0.1"),
        _steady("perpetual", "perpetual_btc", ("BTC",), True, "100", "0.1"),
        _steady("perpetual", "perpetual_coin", (), True, "10", "0.01"),
        _steady("perpetual", "perpetual_dollar_btc", ("BTC",), False, "0.01", "0.1"),
        _steady("perpetual", "perpetual_dollar_eth", ("ETH",), False, "0.1", "0.01"),
        _steady("perpetual", "perpetual_dollar", (), False, "1", "0.0001"),
        _steady("future", "future_btc", ("BTC",), True, "100", "0.01"),
        _steady("future", "future_coin", (), True, "10", "0.01"),
        _steady("future", "future_dollar_btc", ("BTC",), False, "0.01", "0.01"),
        _steady("future", "future_dollar_eth", ("ETH",), False, "0.1", "0.01"),
        _steady("future", "future_dollar", (), False, "1", "0.0001"),
        _SPOT,
    ),
    sources=(Source(fields=("expiry_s_of_day",), where=_GUIDE, as_of="2024-05-31", verified=True),),
)
