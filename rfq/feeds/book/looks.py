"""From the numbers of a book's two sides to a `Look`. Both engines fill the same row of floats; this names them."""

from typing import Final

from rfq.desk.features.look import BANDS_BPS, LEVELS, Half, Look

BANDS: Final = tuple([int(band) for band in BANDS_BPS])
"""Whole bps, so that what is within a band is a comparison of whole numbers."""
assert BANDS == BANDS_BPS and list(BANDS) == sorted(BANDS), "bands: whole bps, rising"

_BANDS_AT: Final = 2
_LEVELS_AT: Final = _BANDS_AT + len(BANDS)
_REST_AT: Final = _LEVELS_AT + len(LEVELS)
HALF: Final = _REST_AT + 6
"""Floats of one side: price, size, the bands', the levels', then the rest of `Half` as it stands there."""


def look_of(at: int, row: list[float], changes: int) -> Look:
    """The look that the floats of the bid's side, then those of the offer's, stand for."""
    return Look(at, half_of(row, 0), half_of(row, HALF), changes)


def half_of(row: list[float], at: int) -> Half:
    """One side, from its first float on."""
    return Half(
        row[at],
        row[at + 1],
        tuple(row[at + _BANDS_AT : at + _LEVELS_AT]),
        tuple(row[at + _LEVELS_AT : at + _REST_AT]),
        *row[at + _REST_AT : at + HALF],
    )
