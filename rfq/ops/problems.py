"""What can be wrong with settings, told so that a person can mend it: which key, where, what to write.

Nothing here imports pydantic, so a command may catch `ConfigInvalid` without paying for it.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

# The units that a key may carry; the same name with another one is a wrong unit, not an unknown key.
UNITS = {
    "ns": "nanoseconds",
    "us": "microseconds",
    "ms": "milliseconds",
    "s": "seconds",
    "minutes": "minutes",
    "h": "hours",
    "bps": "basis points",
    "pct": "percent",
    "usd": "US dollars",
    "btc": "bitcoin",
    "points": "volatility points",
    "records": "records",
    "events": "events",
    "bytes": "bytes",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `source` is a file or an environment variable, `key` is dotted."""

    source: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.source, self.key, self.message) if part)


class ConfigInvalid(Exception):
    """The settings cannot be used; `problems` says everything that is wrong with them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def unit_of(key: str) -> str | None:
    """The unit that a key carries, in words; None if it carries none."""
    for word in reversed(key.split("_")):
        if word in UNITS:
            return UNITS[word]
    return None


def suggest(key: str, known: Iterable[str]) -> str:
    """What to write instead of the unknown `key`, given those that are known beside it."""
    names = list(known)
    for name in names:
        if _stem(name) == _stem(key) and name != key:
            if (unit := unit_of(name)) is None:
                return f"wrong unit: it is `{name}`, without a unit"
            return f"wrong unit: it is given in {unit}, as `{name}`"
    if near := difflib.get_close_matches(key.lower(), names, n=1, cutoff=0.6):
        return f"unknown key; did you mean `{near[0]}`?"
    return f"unknown key; known here: {', '.join(names)}"


def _stem(key: str) -> tuple[str, ...]:
    return tuple(word for word in key.lower().split("_") if word not in UNITS)
