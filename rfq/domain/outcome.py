"""How an Rfq ended for one maker, and how it ended for us."""

from enum import StrEnum


class Outcome(StrEnum):
    """The closed list. COVER: ours was the best price not traded. TIED: our price equalled the one that traded."""

    DONE = "done"
    COVER = "cover"
    TIED = "tied"
    TIED_COVER = "tied_cover"
    DONE_AWAY = "done_away"
    PASSED = "passed"
    EXPIRED = "expired"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
