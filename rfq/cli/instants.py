"""Instants as people write them on a command line."""

import re
from datetime import UTC, datetime

from rfq.cli.exits import Ended, Exit

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_NS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9, "d": 86_400 * 10**9}


def parse_instant(option: str, text: str, newest: int) -> int:
    """UTC ns: an ISO date and time (UTC unless it says otherwise), or a span such as 10m before `newest`."""
    span = _SPAN.fullmatch(text.strip())
    if span:
        return newest - round(float(span[1]) * _NS[span[2]])
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        message = f"{option}: {text!r} is no time; write 2026-01-31T12:00:00 (UTC), or a span such as 10m"
        raise Ended(Exit.USAGE, message) from None
    found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    since = found - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1_000
