"""OKX's tickers, marks, rates, options' volatilities, instruments and clock, in our words; no state.

As documented in "OKX API guide", "Public data", read in November 2026. An empty text is nothing, a volatility of 0 too.
"""

import math
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from pricing.units import NS_PER_MS
from rfq.feeds.said import Listed, Said, TickerSaid
from rfq.feeds.venues.okx_words import KINDS, VENUE, kind
from rfq.feeds.venues.reading import MOST, Fault, Millis, decoded, number
from rfq.feeds.venues.rows import rows

EIGHT_HOURS_MS: Final = 8 * 3_600_000
USD_LIKE: Final = ("USD", "USDT", "USDC")
_SEEN: Final = frozenset({"", "live", "preopen", "suspend"})


class MarketRow(msgspec.Struct, rename="camel"):
    """Everything that the ticker-like channels say of an instrument; each says some of it."""

    inst_id: str
    ts: Millis = 0
    last: str = ""
    bid_px: str = ""
    ask_px: str = ""
    vol_ccy24h: str = msgspec.field(default="", name="volCcy24h")
    mark_px: str = ""
    idx_px: str = ""
    fwd_px: str = ""
    bid_vol: str = ""
    ask_vol: str = ""
    mark_vol: str = ""
    oi: str = ""
    funding_rate: str = ""
    funding_time: str = ""
    next_funding_time: str = ""


class InstrumentRow(msgspec.Struct, rename="camel"):
    """One instrument of the list."""

    inst_type: str
    inst_id: str
    uly: str = ""
    base_ccy: str = ""
    quote_ccy: str = ""
    settle_ccy: str = ""
    ct_val: str = ""
    ct_mult: str = ""
    ct_type: str = ""
    opt_type: str = ""
    stk: str = ""
    exp_time: str = ""
    tick_sz: str = ""
    lot_sz: str = ""
    state: str = ""


class TimeRow(msgspec.Struct):
    """The venue's clock."""

    ts: Millis


_MARKET: Final = msgspec.json.Decoder(MarketRow, strict=False)
_INSTRUMENT: Final = msgspec.json.Decoder(InstrumentRow)
_TIMES: Final = msgspec.json.Decoder(list[TimeRow], strict=False)


def tickers(
    raw: msgspec.Raw, where: str, symbols_of: Callable[[str], Iterable[str]], now: int
) -> list[Said | Fault]:
    """What a ticker-like channel says; of an index, for every symbol that stands on it."""
    found, faults = rows(_MARKET, raw, where)
    said: list[Said | Fault] = [*faults]
    for row in found:
        said += [_ticker(row, symbol, now) for symbol in symbols_of(row.inst_id)]
    return said


def _ticker(row: MarketRow, symbol: str, now: int) -> TickerSaid:
    funding_at = _millis(row.funding_time)
    return TickerSaid(
        venue=VENUE,
        symbol=symbol,
        received_at=now,
        exchange_at=row.ts * NS_PER_MS,
        mark=number(row.mark_px),
        index=number(row.idx_px),
        underlying=number(row.fwd_px),
        funding_8h=_funding_8h(row, funding_at),
        funding_at=funding_at * NS_PER_MS if funding_at else None,
        bid=number(row.bid_px) or None,
        ask=number(row.ask_px) or None,
        bid_iv=number(row.bid_vol) or None,
        ask_iv=number(row.ask_vol) or None,
        mark_iv=number(row.mark_vol) or None,
        open_interest=number(row.oi),
        volume_usd_24h=_volume_usd(row),
    )


def _funding_8h(row: MarketRow, funding_at: int) -> float | None:
    """The rate of the period that ends at the next funding, for eight hours; None if its length is not told."""
    rate, period_ms = number(row.funding_rate), _millis(row.next_funding_time) - funding_at
    if rate is None or not funding_at or period_ms <= 0:
        return None
    return _finite(rate * EIGHT_HOURS_MS / period_ms)


def _volume_usd(row: MarketRow) -> float | None:
    """24 hours' volume: told in the quote currency for spot, in coins for futures; not known for options."""
    volume, last, of = number(row.vol_ccy24h), number(row.last), kind(row.inst_id)
    if volume is None or of == "option" or row.inst_id.split("-")[1:2] not in [[usd] for usd in USD_LIKE]:
        return None
    if of == "spot":
        return volume
    return _finite(volume * last) if last is not None else None


def _finite(found: float) -> float | None:
    return found if math.isfinite(found) else None


def _millis(text: str) -> int:
    found = int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0
    return found if found <= MOST // NS_PER_MS else 0


def listing(raw: msgspec.Raw, where: str) -> tuple[list[Listed], list[Fault]]:
    """The instruments that can be traded, or will be."""
    found, faults = rows(_INSTRUMENT, raw, where)
    listed = [_listed(row) for row in found if row.inst_type in KINDS and row.state in _SEEN]
    return listed, faults


def _listed(row: InstrumentRow) -> Listed:
    """Options are priced in their coin; a contract is worth `ctVal` times `ctMult`, in coins, or in USD if inverse."""
    of = KINDS[row.inst_type]
    underlying, _, quote = row.uly.partition("-")
    if of == "spot":
        underlying, quote = row.base_ccy, row.quote_ccy
    elif of == "option":
        quote = row.settle_ccy
    return Listed(
        venue=VENUE,
        symbol=row.inst_id,
        kind=of,
        underlying=underlying,
        quote=quote,
        price_tick=row.tick_sz,
        size_step=row.lot_sz,
        multiplier=_finite((number(row.ct_val) or 1.0) * (number(row.ct_mult) or 1.0)) or 1.0,
        inverse=row.ct_type == "inverse" and of != "option",
        expiry_at=_millis(row.exp_time) * NS_PER_MS,
        strike=number(row.stk) or 0.0,
        is_call=row.opt_type == "C",
    )


def clock(raw: msgspec.Raw, where: str) -> int | Fault:
    """The venue's clock, UTC ns."""
    found = decoded(_TIMES, raw, where)
    if isinstance(found, Fault):
        return found
    return found[0].ts * NS_PER_MS if found else Fault("no time told", where)
