"""The rows of a venue's table: ticks by price band, fees by tier, caps, discounts, settlement; and where each is from.

Rates are ratios (0.0005 is 5 bps), negative ones are rebates. A table is a frozen value that can be replaced whole:
venues change their fees, and accounts have their own.
"""

import math
from decimal import Decimal
from itertools import pairwise
from typing import Final

from pricing.fact import Fact

KINDS: Final = ("spot", "perpetual", "future", "option")
LIVES: Final = ("daily", "weekly", "monthly")


class TickBand(Fact, frozen=True, kw_only=True, tag="TickBand.1"):
    """From this price on (of either sign) prices stand on multiples of `tick`, until the next band."""

    from_price: Decimal
    tick: Decimal

    def __post_init__(self) -> None:
        """Refuse a tick that is not above zero and a band that begins below zero."""
        if not self.tick.is_finite() or self.tick <= 0:
            raise ValueError(f"tick: {self.tick} is not above zero")
        if not self.from_price.is_finite() or self.from_price < 0:
            raise ValueError(f"from_price: {self.from_price} is below zero")


class FeeTier(Fact, frozen=True, kw_only=True, tag="FeeTier.1"):
    """Who pays what: `tier` "" is what everybody pays. Ratios of the underlying's or the contract's notional."""

    tier: str = ""
    maker: float
    taker: float

    def __post_init__(self) -> None:
        """Refuse rates that no venue asks."""
        for field, rate in (("maker", self.maker), ("taker", self.taker)):
            if not -0.01 <= rate <= 0.1:
                raise ValueError(f"{field}: {rate} is no fee (a ratio)")


class Source(Fact, frozen=True, kw_only=True, tag="Source.1"):
    """Where fields of a row are from, and as of which day. `verified`: read in the venue's own words."""

    fields: tuple[str, ...]
    where: str
    as_of: str
    verified: bool


class Product(Fact, frozen=True, kw_only=True, omit_defaults=False, tag="Product.1"):
    """One kind of contract of one venue; the first row that fits an instrument is its row.

    Empty `underlyings`, `quote_currencies` and `lives` fit all. `contract_size` in amount units, `lot` the step of
    the amount. `value_cap` and `delivery_cap`: fees of an option are at most this share of its value; 0 is no cap.
    `combo_discount`: the share of the fees of a combination's cheaper side (bought or sold) that is not charged.
    `block_rate` None: as on the screen. `block_min_amount` in amount units, `block_min_notional` in quote currency.
    Contracts of `delivery_free_lives` pay nothing at expiry. `averaging_s`: the settlement's window.
    """

    key: str
    kind: str
    inverse: bool
    underlyings: tuple[str, ...] = ()
    quote_currencies: tuple[str, ...] = ()
    lives: tuple[str, ...] = ()
    contract_size: Decimal
    lot: Decimal
    ticks: tuple[TickBand, ...]
    tiers: tuple[FeeTier, ...]
    value_cap: float = 0.0
    combo_discount: float = 0.0
    block_rate: float | None = None
    block_min_amount: Decimal | None = None
    block_min_notional: Decimal | None = None
    block_tick: Decimal | None = None
    delivery_rate: float = 0.0
    delivery_cap: float = 0.0
    delivery_free_lives: tuple[str, ...] = ()
    averaging_s: int = 0
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        """Refuse unknown words, bands out of order, tiers told twice and shares outside [0, 1]."""
        if self.kind not in KINDS:
            raise ValueError(f"kind: {self.kind} is none of {', '.join(KINDS)}")
        for field in ("lives", "delivery_free_lives"):
            for life in getattr(self, field):
                if life not in LIVES:
                    raise ValueError(f"{field}: {life} is none of {', '.join(LIVES)}")
        for field in ("contract_size", "lot", "block_min_amount", "block_min_notional", "block_tick"):
            size = getattr(self, field)
            if size is not None and not (size.is_finite() and size > 0):
                raise ValueError(f"{field}: {size} is not above zero")
        if not self.ticks or self.ticks[0].from_price != 0:
            raise ValueError("ticks: the first band begins at 0")
        for before, after in pairwise(self.ticks):
            if not before.from_price < after.from_price:
                raise ValueError(f"ticks: {after.from_price} after {before.from_price}")
            if not before.tick < after.tick:
                raise ValueError(f"ticks: {after.tick} from {after.from_price} is not above {before.tick}")
        names = [one.tier for one in self.tiers]
        if "" not in names or len(set(names)) != len(names):
            raise ValueError('tiers: each once, and "" for everybody')
        for field in ("value_cap", "combo_discount", "delivery_cap"):
            if not 0.0 <= getattr(self, field) <= 1.0:
                raise ValueError(f"{field}: {getattr(self, field)} is no share")
        for field in ("block_rate", "delivery_rate"):
            rate = getattr(self, field)
            if rate is not None and not (math.isfinite(rate) and -0.01 <= rate <= 0.1):
                raise ValueError(f"{field}: {rate} is no fee (a ratio)")
        if self.averaging_s < 0:
            raise ValueError(f"averaging_s: {self.averaging_s} is negative")


class VenueTable(Fact, frozen=True, kw_only=True, tag="VenueTable.1"):
    """A venue: when its contracts expire (seconds after midnight UTC), and its products."""

    venue: str
    expiry_s_of_day: int
    products: tuple[Product, ...]
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an hour that is not in the day and keys told twice."""
        if not 0 <= self.expiry_s_of_day < 86_400:
            raise ValueError(f"expiry_s_of_day: {self.expiry_s_of_day} is not in a day")
        keys = [one.key for one in self.products]
        if len(set(keys)) != len(keys):
            raise ValueError("products: a key told twice")


def source_of(row: Product | VenueTable, field: str) -> Source | None:
    """Where a field of a row is from; None when nothing says so."""
    for source in row.sources:
        if field in source.fields:
            return source
    return None


def tick_at(product: Product, price: float) -> Decimal:
    """The tick at a price, of either sign; a band's own first price stands on its tick."""
    found = product.ticks[0].tick
    for band in product.ticks:
        if abs(price) >= float(band.from_price):
            found = band.tick
    return found


def tier_of(product: Product, tier: str) -> FeeTier | None:
    """The fees of a tier, None when the product knows no such tier."""
    for one in product.tiers:
        if one.tier == tier:
            return one
    return None
