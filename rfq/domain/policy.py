"""Policy: the versioned numbers that humans set. Its hash goes into every decision."""

from decimal import Decimal
from enum import StrEnum

from pricing.terms import QuoteTerms
from pricing.venues.rows import VenueTable
from rfq.domain.fact import Fact


class Allocation(StrEnum):
    """How an acceptance is spread over quotes. Order everywhere: price, all-or-none first, then time."""

    SINGLE_AON = "single_aon"
    MULTI_UNIFORM_LAST = "multi_uniform_last"
    MULTI_PAY_AS_QUOTED = "multi_pay_as_quoted"
    PRO_RATA = "pro_rata"


class Policy(Fact, frozen=True, kw_only=True, tag="Policy.2"):
    """All numbers that people set. Times end in their unit; amounts of money are USD. `venues` are tables that replace
    the known ones of the same name."""

    version: int
    # as maker
    terms: QuoteTerms
    estimate_deadline_ms: int
    quote_ttl_ms: int
    requote_move_bps: Decimal
    # as taker
    rfq_ttl_ms: int
    collect_ms: int
    accept_timeout_ms: int
    panel_size: int
    allocation: Allocation
    accept_percentile_max: Decimal
    auto_accept: bool
    # both
    market_age_ms_max: int
    rfq_life_ms_max: int
    markout_horizons_s: tuple[int, ...]
    notional_usd_max: Decimal
    position_usd_max: Decimal
    price_band_bps: Decimal
    open_rfqs_max: int
    closed_memory: int
    venues: tuple[VenueTable, ...] = ()

    def __post_init__(self) -> None:
        for name in (
            "estimate_deadline_ms",
            "quote_ttl_ms",
            "rfq_ttl_ms",
            "collect_ms",
            "accept_timeout_ms",
            "panel_size",
            "market_age_ms_max",
            "rfq_life_ms_max",
            "open_rfqs_max",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: must be above 0")
        if list(self.markout_horizons_s) != sorted(set(self.markout_horizons_s)):
            raise ValueError("markout_horizons_s: must increase")
        if self.closed_memory < 0:
            raise ValueError("closed_memory: must not be negative")
        if self.collect_ms > self.rfq_ttl_ms:
            raise ValueError("collect_ms: must not exceed rfq_ttl_ms")
        for name in ("notional_usd_max", "position_usd_max", "price_band_bps", "requote_move_bps"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: must be above 0")
        names = [table.venue for table in self.venues]
        if len(set(names)) != len(names):
            raise ValueError("venues: one of them twice")
        if not 0 < self.accept_percentile_max <= 1:
            raise ValueError("accept_percentile_max: must be above 0 and at most 1")
