"""What a book is worth at an instant, and what happened to it."""

import enum

import msgspec


class State(enum.Enum):
    """What a book is worth now."""

    EMPTY = "empty"
    """Nothing was said yet."""
    SYNCING = "syncing"
    """Changes were said, and a snapshot to begin from is awaited."""
    LIVE = "live"
    """Right as far as anybody can tell (a side may still be empty: then there is no look)."""
    GAP = "gap"
    """Something is missing, wrong or nonsense: the book must not be used."""
    CROSSED = "crossed"
    """The messages follow each other, but bids meet offers: not used until that is over."""
    STALE = "stale"
    """Right when it was last heard of, which is too long ago."""


class Counts(msgspec.Struct, kw_only=True):
    """What happened to one book, since it was made."""

    taken: int = 0
    """Messages applied, snapshots included."""
    snapshots: int = 0
    duplicates: int = 0
    """Messages dropped because what they say was known."""
    reordered: int = 0
    """Messages that came too early and found their place."""
    gaps: int = 0
    """Times the book was given up, whatever the cause: the causes are below."""
    missing: int = 0
    checksums: int = 0
    """Checksums that did not match."""
    nonsense: int = 0
    """Messages that cannot be: no number where the rule needs one, sizes without bound, a touch outside of what is
    known."""
    lost: int = 0
    """Times the feed said that it was broken off."""
    crossed: int = 0
    """Messages that left the book crossed."""
    overflowed: int = 0
    """Changes dropped because too many waited for a snapshot."""
