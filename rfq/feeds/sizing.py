"""What a size is worth in USD: as the venue says, or by the names of venue and symbol where nobody says it.

Coin-margined contracts are counted in contracts of so many USD, and some linear ones in a part of a coin. The names
below are the venues' own; whoever knows better says so (`--contract-usd`, `--multiplier`), and the report tells what
was taken.
"""

import re
from typing import Final, NamedTuple

from rfq.desk.features.look import Sizing
from rfq.feeds.said import Listed


class Sized(NamedTuple):
    """How sizes are read, and the words for it."""

    sizing: Sizing
    words: str


def sizing_said(one: Listed, usd: float) -> Sizing:
    """What the venue itself says of a size; `usd` is USD for one unit of the quote currency."""
    return Sizing(inverse=one.inverse, multiplier=one.multiplier, usd=usd)


_DOLLARS: Final = ("USD", "USDT", "USDC", "FDUSD", "BUSD", "DAI", "TUSD", "UST")
# (venue, symbol, USD a contract): the first that fits both.
_INVERSE: Final = (
    (r"coin.?m|dapi|delivery", r"^BTCUSD(_|$)", 100.0),
    (r"coin.?m|dapi|delivery", r"USD(_|$)", 10.0),
    (r"okx|okex", r"^BTC-USD-(SWAP|\d)", 100.0),
    (r"okx|okex", r"-USD-(SWAP|\d)", 10.0),
    (r"deribit", r"^(BTC|ETH)-(PERPETUAL|\d{1,2}[A-Z]{3}\d\d)$", 1.0),
    (r"bitmex", r"^XBTUSD$|^XBT[A-Z]\d\d$", 1.0),
    (r"bybit", r"^[A-Z]+USD([HMUZ]\d\d)?$", 1.0),
    (r"kraken.*futures|cryptofacilities", r"^(PI|FI)_", 1.0),
    (r"huobi|htx|coin.?swap", r"^BTC-USD$", 100.0),
    (r"huobi|htx|coin.?swap", r"^[A-Z]+-USD$", 10.0),
    (r"", r"^BTCUSD_(PERP|\d{6})$", 100.0),  # names that only Binance gives
    (r"", r"^[A-Z0-9]+USD_(PERP|\d{6})$", 10.0),
)
_MULTIPLIED: Final = (
    (r"okx|okex", r"^BTC-USD[TC]-(SWAP|\d)", 0.01),
    (r"okx|okex", r"^ETH-USD[TC]-(SWAP|\d)", 0.1),
)
_COUNTED: Final = ((r"okx|okex", r"-USD[TC]-(SWAP|\d)"), (r"bitmex", r""), (r"huobi|htx", r"-USDT"))
"""Where contracts hold what only their instruments say."""


def sizing_of(
    venue: str, symbol: str, contract_usd: float | None = None, multiplier: float | None = None
) -> Sized:
    """How this market's sizes are read."""
    if contract_usd is not None:
        return Sized(
            Sizing(inverse=True, multiplier=contract_usd), f"contracts of {contract_usd:g} USD, as told"
        )
    if multiplier is not None:
        return Sized(Sizing(multiplier=multiplier), f"units of {multiplier:g} coin, as told")
    for market, name, usd in _INVERSE:
        if re.search(market, venue, re.IGNORECASE) and re.search(name, symbol, re.IGNORECASE):
            return Sized(
                Sizing(inverse=True, multiplier=usd),
                f"contracts of {usd:g} USD, by the names of venue and symbol",
            )
    for market, name, coins in _MULTIPLIED:
        if re.search(market, venue, re.IGNORECASE) and re.search(name, symbol, re.IGNORECASE):
            return Sized(
                Sizing(multiplier=coins), f"contracts of {coins:g} coin, by the names of venue and symbol"
            )
    for market, name in _COUNTED:
        if re.search(market, venue, re.IGNORECASE) and re.search(name, symbol, re.IGNORECASE):
            return Sized(
                Sizing(), "coins, though this venue counts contracts: say what one holds with --multiplier"
            )
    if re.search(r"-[CP]$", symbol):
        return Sized(Sizing(), "contracts of a coin; where prices are in coin, read USD as coin")
    words = "coins"
    if re.search(r"[A-Z](BTC|ETH|BNB|EUR|GBP|TRY|BRL|JPY)$", symbol) and not symbol.endswith(_DOLLARS):
        words = "coins; the price seems not to be in USD, so read USD as its quote currency"
    return Sized(Sizing(), words)
