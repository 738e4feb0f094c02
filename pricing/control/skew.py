"""A control solution frozen for policies: half-spread and skew by inventory, as plain tuples."""

import math
from collections.abc import Iterable
from typing import NamedTuple


class SkewTable(NamedTuple):
    """By inventory, rising: half the two-way spread, and how far its middle lies above fair (below, if negative).

    bid = fair + skew − half_spread, offer = fair + skew + half_spread. A long book has a negative skew.
    """

    inventory: tuple[float, ...]
    half_spread: tuple[float, ...]
    skew: tuple[float, ...]


def skew_table(inventory: Iterable[float], bid: Iterable[float], offer: Iterable[float]) -> SkewTable:
    """The table of bid and offer distances from fair; inventories where a side is not quoted are left out."""
    rows = sorted(
        (float(q), float(b), float(a))
        for q, b, a in zip(inventory, bid, offer, strict=True)
        if math.isfinite(b) and math.isfinite(a)
    )
    if not rows:
        raise ValueError("bid: no inventory has both sides quoted")
    return SkewTable(
        tuple(q for q, _, _ in rows),
        tuple(0.5 * (b + a) for _, b, a in rows),
        tuple(0.5 * (a - b) for _, b, a in rows),
    )
