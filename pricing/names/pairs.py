"""Pairs written without a mark between: BTCUSDT. Where the quote currency begins is known from a list."""

from typing import Final

QUOTES: Final = (
    *("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "EUR", "GBP", "BRL", "TRY", "JPY"),
    *("USD", "BTC", "ETH", "BNB", "DAI"),
)


def split_pair(text: str) -> tuple[str, str] | None:
    """The coin and the quote currency; the longest quote that fits, None when none does."""
    for length in (5, 4, 3):
        if len(text) > length and text[-length:] in QUOTES:
            return text[:-length], text[-length:]
    return None
