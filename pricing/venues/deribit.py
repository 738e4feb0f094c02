"""Deribit's table. Amounts: USD for inverse futures and perpetuals, coin for all else."""

from decimal import Decimal
from typing import Final

from pricing.venues.rows import FeeTier, Product, Source, TickBand, VenueTable

_D = Decimal
_READ: Final = "2026-11-26"
_FEES: Final = "support.deribit.com, Fees (stored copy)"
_BLOCKS: Final = "support.deribit.com, Block Trading (stored copy)"
_API: Final = "docs.deribit.com, public/get_instruments and its recorded answers of 2025"
_FUTURES: Final = "legacy.deribit.com, Futures (stored copy)"
_BELIEVED: Final = "not found in the venue's words; set what your account is told"

_PLAIN: Final = FeeTier(maker=0.0, taker=0.0005)
_SIZES: Final = ("contract_size", "lot", "ticks")
_BLOCK: Final = ("block_min_amount", "block_min_notional", "block_tick")
_HALF_HOUR: Final = 1800


def _read(*fields: str, where: str) -> Source:
    return Source(fields=fields, where=where, as_of=_READ, verified=True)


def _guess(*fields: str) -> Source:
    return Source(fields=fields, where=_BELIEVED, as_of=_READ, verified=False)


def _shown(coin: str, *fields: str) -> tuple[Source, ...]:
    """The API's recorded answers are of BTC; what holds for others is believed to be alike."""
    return (_read(*fields, where=_API) if coin == "BTC" else _guess(*fields),)


def _ticks(*bands: tuple[str, str]) -> tuple[TickBand, ...]:
    return tuple([TickBand(from_price=_D(start), tick=_D(tick)) for start, tick in bands])


def _inverse(kind: str, coin: str, size: str, tick: str, block: str, **more: object) -> Product:
    """An inverse perpetual or future on one coin; the block rate is known for what the API shows of BTC."""
    fields: dict[str, object] = {
        "key": f"{kind}_{coin.lower()}",
        "kind": kind,
        "inverse": True,
        "underlyings": (coin,),
        "contract_size": _D(size),
        "lot": _D(size),
        "ticks": _ticks(("0", tick)),
        "tiers": (_PLAIN,),
        "block_rate": 0.00025,
        "block_min_amount": _D(block),
        "block_tick": _D("0.01"),
        "sources": (
            _read("tiers", "delivery_rate", "delivery_free_lives", where=_FEES),
            _read(*_BLOCK, where=_BLOCKS),
            _read("averaging_s", where=_FUTURES),
            *_shown(coin, "block_rate", *_SIZES),
            _guess("combo_discount"),
        ),
    }
    return Product(**{**fields, **more})  # type: ignore[arg-type]


def _futures(coin: str, size: str, tick: str, block: str) -> tuple[Product, ...]:
    """Weekly ones pay makers and deliver free of charge; the others do neither."""
    weekly = _inverse(
        "future",
        coin,
        size,
        tick,
        block,
        key=f"future_weekly_{coin.lower()}",
        lives=("weekly",),
        tiers=(FeeTier(maker=-0.0001, taker=0.0005),),
        delivery_free_lives=("weekly",),
        averaging_s=_HALF_HOUR,
    )
    dated = _inverse("future", coin, size, tick, block, delivery_rate=0.00025, averaging_s=_HALF_HOUR)
    return weekly, dated


def _linear(kind: str, key: str, coins: tuple[str, ...], size: str, tick: str, block: str) -> Product:
    """Perpetuals and futures in USDC; their steps differ by coin and have changed often."""
    dated = kind == "future"
    return Product(
        key=key,
        kind=kind,
        inverse=False,
        underlyings=coins,
        contract_size=_D(size),
        lot=_D(size),
        ticks=_ticks(("0", tick)),
        tiers=(_PLAIN,),
        block_min_notional=_D(block),
        block_tick=_D("0.01") if coins else None,
        delivery_rate=0.00025 if dated else 0.0,
        averaging_s=_HALF_HOUR if dated else 0,
        sources=(
            _read("tiers", where=_FEES),
            _read(*_BLOCK, where=_BLOCKS),
            _guess(
                *_SIZES,
                "delivery_rate",
                "delivery_free_lives",
                "averaging_s",
                "combo_discount",
                "block_rate",
            ),
        ),
    )


def _coin_options(coin: str, lot: str, block: str) -> Product:
    """Options paid and settled in coin: the tick is finer below half a hundredth of a coin."""
    return Product(
        key=f"option_{coin.lower()}",
        kind="option",
        inverse=True,
        underlyings=(coin,),
        contract_size=_D(1),
        lot=_D(lot),
        ticks=_ticks(("0", "0.0001"), ("0.005", "0.0005")),
        tiers=(FeeTier(maker=0.0003, taker=0.0003),),
        value_cap=0.125,
        combo_discount=1.0,
        block_rate=0.0003,
        block_min_amount=_D(block),
        block_tick=_D("0.0001"),
        delivery_rate=0.00015,
        delivery_cap=0.125,
        delivery_free_lives=("daily",),
        averaging_s=_HALF_HOUR,
        sources=(
            _read("tiers", "value_cap", "delivery_rate", "delivery_cap", "delivery_free_lives", where=_FEES),
            _read(*_BLOCK, where=_BLOCKS),
            *_shown(coin, "block_rate", *_SIZES),
            _read("averaging_s", where="deribit.com, Contract specifications options (stored copy)"),
            _guess("combo_discount"),
        ),
    )


def _usdc_options(coin: str, size: str, lot: str, tick: str, block: str) -> Product:
    """Options paid and settled in USDC; what a contract is differs by coin."""
    return Product(
        key=f"option_usdc_{coin.lower()}",
        kind="option",
        inverse=False,
        underlyings=(coin,),
        quote_currencies=("USDC",),
        contract_size=_D(size),
        lot=_D(lot),
        ticks=_ticks(("0", tick)),
        tiers=(FeeTier(maker=0.0003, taker=0.0003),),
        value_cap=0.125,
        combo_discount=1.0,
        block_min_amount=_D(block),
        block_tick=_D(tick),
        delivery_rate=0.00015,
        delivery_cap=0.125,
        delivery_free_lives=("daily",),
        averaging_s=_HALF_HOUR,
        sources=(
            _read("value_cap", where=_FEES),
            _read("block_min_amount", "block_min_notional", "contract_size", where=_BLOCKS),
            _guess("block_tick") if coin == "XRP" else _read("block_tick", where=_BLOCKS),
            _guess(
                *("lot", "ticks", "tiers", "combo_discount", "block_rate"),
                *("delivery_rate", "delivery_cap", "delivery_free_lives", "averaging_s"),
            ),
        ),
    )


_SPOT: Final = Product(
    key="spot",
    kind="spot",
    inverse=False,
    contract_size=_D(1),
    lot=_D("0.0001"),
    ticks=_ticks(("0", "0.01")),
    tiers=(FeeTier(maker=0.0, taker=0.0),),
    sources=(_read("tiers", where=_FEES), _guess(*_SIZES)),
)

DERIBIT: Final = VenueTable(
    venue="deribit",
    expiry_s_of_day=8 * 3600,
    products=(
        _coin_options("BTC", "0.1", "25"),
        _coin_options("ETH", "1", "250"),
        _usdc_options("BTC", "1", "0.01", "5", "25"),
        _usdc_options("ETH", "1", "0.1", "0.2", "250"),
        _usdc_options("SOL", "10", "10", "0.1", "1500"),
        _usdc_options("XRP", "1000", "1000", "0.0005", "75000"),
        _usdc_options("AVAX", "100", "100", "0.0005", "2500"),
        _usdc_options("TRX", "10000", "10000", "0.00005", "250000"),
        _inverse("perpetual", "BTC", "10", "0.5", "200000"),
        _inverse("perpetual", "ETH", "1", "0.05", "100000"),
        *_futures("BTC", "10", "2.5", "200000"),
        *_futures("ETH", "1", "0.25", "100000"),
        _linear("perpetual", "perpetual_usdc_btc", ("BTC",), "0.0001", "0.5", "200000"),
        _linear("perpetual", "perpetual_usdc_eth", ("ETH",), "0.001", "0.05", "100000"),
        _linear("perpetual", "perpetual_usdc", (), "0.1", "0.0001", "50000"),
        _linear("future", "future_usdc_btc", ("BTC",), "0.0001", "0.5", "200000"),
        _linear("future", "future_usdc_eth", ("ETH",), "0.001", "0.05", "100000"),
        _linear("future", "future_usdc", (), "0.1", "0.0001", "50000"),
        _SPOT,
    ),
    sources=(_read("expiry_s_of_day", where=_FUTURES),),
)
