"""`[feeds]`: where the market is seen: simulated, or real venues with what each underlying is made of."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from rfq.ops.sections import Section

KEY = r"^[a-z_]{2,32}:[A-Za-z0-9_.-]{1,64}$"
"""A venue and its own name of an instrument: deribit:BTC-PERPETUAL, binance_usdm:BTCUSDT."""
COIN = r"^[A-Z0-9]{1,16}$"


def _check_keys(field: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    for key in keys:
        if not re.fullmatch(KEY, key):
            raise ValueError(f"{key!r} is not venue:symbol, such as deribit:BTC-PERPETUAL")
    if len(set(keys)) != len(keys):
        raise ValueError(f"one of {field} stands there twice")
    return keys


class FeedUnderlying(Section):
    """What one underlying is made of."""

    lead: str = Field(
        pattern=KEY, description="venue:symbol whose book feeds the features and tells of moves"
    )
    books: tuple[str, ...] = Field((), description="other venue:symbol whose books go into prices")
    chain: bool = Field(False, description="Deribit's option chain, fitted to a surface")

    @field_validator("books")
    @classmethod
    def _are_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _check_keys("books", value)

    @property
    def keys(self) -> tuple[str, ...]:
        """All of them, the leading one first."""
        return tuple(dict.fromkeys((self.lead, *self.books)))


class FeedPush(Section):
    """A door for observations that others push (news, chains, macro)."""

    port: int | None = Field(None, ge=0, le=65_535, description="where to listen; absent: nowhere")
    host: str = Field("127.0.0.1", description="beyond loopback only with a token")
    token_env: str = Field("", description="the environment variable that holds the bearer token")


class Feeds(Section):
    """Where the market is seen."""

    market: Literal["simulated", "venues"] = Field("simulated", description="which market the desk trades in")
    underlyings: dict[str, FeedUnderlying] = Field(
        default_factory=dict, description="coin -> what it is made of"
    )
    rates: dict[str, str] = Field(
        default_factory=dict, description="currency -> venue:symbol of its USD index"
    )
    calendar: Path | None = Field(None, description="CSV or Parquet of scheduled releases")
    push: FeedPush = Field(default_factory=FeedPush, description="observations pushed to us")
    record: Path | None = Field(None, description="a folder where every message is recorded")
    store: Path | None = Field(None, description="a feature store whose online table gets the newest rows")
    refit_s: float = Field(5.0, ge=0.2, le=60, description="pause between fits of a surface")
    levels_max: int = Field(10_000, ge=100, le=100_000, description="levels a side that a book keeps")
    instead: dict[str, str] = Field(
        default_factory=dict, description="beginnings of venues' addresses -> ours"
    )

    @field_validator("underlyings")
    @classmethod
    def _are_coins(cls, value: dict[str, FeedUnderlying]) -> dict[str, FeedUnderlying]:
        for name in value:
            if not name.isascii() or not name.isalnum() or name != name.upper():
                raise ValueError(f"{name!r} is no coin, such as BTC")
        return value

    @field_validator("rates")
    @classmethod
    def _are_rates(cls, value: dict[str, str]) -> dict[str, str]:
        _check_keys("rates", tuple(value.values()))
        for name in value:
            if not re.fullmatch(COIN, name):
                raise ValueError(f"{name!r} is no currency, such as USDC")
        return value

    @model_validator(mode="after")
    def _has_something_to_see(self) -> "Feeds":
        if self.market == "venues" and not self.underlyings:
            raise ValueError(
                'underlyings: market = "venues" needs one at least, such as [feeds.underlyings.BTC]'
            )
        return self
