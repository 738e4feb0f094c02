"""Levels and rows of a message; rows each read on its own, so that one bad row does not lose the others."""

from typing import Final, TypeVar

import msgspec

from rfq.feeds import levels
from rfq.feeds.venues.reading import Fault, decoded

FAULTS_MAX: Final = 8
"""So many faults of one message are told one by one; the rest are counted."""
T = TypeVar("T")
_ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def rows(decoder: msgspec.json.Decoder[T], raw: msgspec.Raw, where: str) -> tuple[list[T], list[Fault]]:
    """The rows that could be read, in order, and what was wrong with the others."""
    found = decoded(_ROWS, raw, where)
    if isinstance(found, Fault):
        return [], [found]
    good: list[T] = []
    faults: list[Fault] = []
    for place, row in enumerate(found):
        try:
            good.append(decoder.decode(row))
        except RecursionError:
            faults.append(Fault("nested too deeply", f"{where} row {place}"))
        except (msgspec.MsgspecError, ValueError) as error:
            faults.append(Fault(str(error), f"{where} row {place}"))
    return good, few(faults, where)


def few(faults: list[Fault], where: str) -> list[Fault]:
    """The first faults, and how many more there were."""
    if len(faults) <= FAULTS_MAX:
        return faults
    return [*faults[:FAULTS_MAX], Fault(f"{len(faults) - FAULTS_MAX} more rows like these", where)]


def both(
    bids: msgspec.Raw, asks: msgspec.Raw, scale: levels.Scale, shape: int, where: str
) -> "tuple[levels.Levels, levels.Levels] | Fault":
    """Both sides of a book's message."""
    found = levels.read(bids, scale, shape)
    if isinstance(found, levels.Unread):
        return Fault(found.what, f"{where} bids {found.where}")
    other = levels.read(asks, scale, shape)
    if isinstance(other, levels.Unread):
        return Fault(other.what, f"{where} asks {other.where}")
    return found, other
