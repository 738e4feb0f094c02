"""A transparent scorer: a headline's sentiment is the mean weight of the words in it that are in a short list.

Whoever reads a score can read why: the words that counted, with their weights. A word of denial within three words
before turns the sign, a word of degree beside it scales. It is meant to be replaced: a better scorer is a function of
the same shape, from a text to a `Scored`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from rfq.desk.features.outside import SENTIMENT, Observed
from rfq.feeds.observations.rows import Kind, Observation

_WORD: Final = re.compile(r"[a-z][a-z'-]*|\d+x")
_CASHTAG: Final = re.compile(r"\$?\b([A-Z]{2,6})\b")
_REACH: Final = 3
LEXICON: Final[Mapping[str, float]] = {
    **dict.fromkeys(
        ("hack", "hacked", "exploit", "exploited", "insolvent", "insolvency", "bankruptcy"), -1.0
    ),
    **dict.fromkeys(
        ("crash", "crashes", "collapse", "collapses", "fraud", "stolen", "depeg", "depegs"), -0.9
    ),
    **dict.fromkeys(
        ("ban", "bans", "banned", "lawsuit", "sues", "charged", "halts", "halted", "seized"), -0.7
    ),
    **dict.fromkeys(
        ("plunge", "plunges", "plummets", "tumbles", "selloff", "liquidated", "liquidations"), -0.7
    ),
    **dict.fromkeys(("falls", "drops", "slides", "sinks", "outflows", "outflow", "fears", "warns"), -0.4),
    **dict.fromkeys(("delay", "delays", "delayed", "probe", "investigation", "outage", "downgrade"), -0.4),
    **dict.fromkeys(("loss", "losses", "weak", "weaker", "bearish", "risk", "risks", "uncertainty"), -0.3),
    **dict.fromkeys(("gain", "gains", "rises", "climbs", "strong", "stronger", "bullish", "upgrade"), 0.3),
    **dict.fromkeys(("inflows", "inflow", "adopts", "adoption", "partnership", "launches", "recovers"), 0.4),
    **dict.fromkeys(("jumps", "rallies", "rally", "soars", "surges", "surge", "breakout", "record"), 0.6),
    **dict.fromkeys(("approval", "approves", "approved", "wins", "legalises", "legalizes"), 0.7),
}
DENIALS: Final = frozenset(
    {"not", "no", "never", "denies", "deny", "without", "isn't", "won't", "unlikely", "avoids"}
)
DEGREES: Final[Mapping[str, float]] = {
    **dict.fromkeys(("massive", "huge", "major", "historic", "sharply"), 1.5),
    **dict.fromkeys(("slightly", "slight", "minor", "modest", "modestly", "small"), 0.5),
}
SUBJECTS: Final[Mapping[str, str]] = {
    "bitcoin": "BTC",
    "ethereum": "ETH",
    "ether": "ETH",
    "solana": "SOL",
    "ripple": "XRP",
    "dogecoin": "DOGE",
}
_TICKERS: Final = frozenset(SUBJECTS.values())


class Scored(NamedTuple):
    """A score in [-1, 1], the underlyings that the text is about (none: all), and why."""

    score: float
    subjects: tuple[str, ...]
    why: tuple[tuple[str, float], ...]


Scorer = Callable[[str], Scored]


def score(text: str) -> Scored:
    """The score of a headline; 0 where no word of the list is in it."""
    words = _WORD.findall(text.lower())
    why: list[tuple[str, float]] = []
    for place, word in enumerate(words):
        weight = LEXICON.get(word)
        if weight is None:
            continue
        for near in words[max(0, place - _REACH) : place + 2]:
            weight *= DEGREES.get(near, 1.0)
        if not DENIALS.isdisjoint(words[max(0, place - _REACH) : place]):
            weight = -0.5 * weight
        why.append((word, min(max(weight, -1.0), 1.0)))
    total = 0.0
    for _, weight in why:
        total += weight
    named = [SUBJECTS[word] for word in words if word in SUBJECTS]
    named += [ticker for ticker in _CASHTAG.findall(text) if ticker in _TICKERS]
    return Scored(total / len(why) if why else 0.0, tuple(dict.fromkeys(named)), tuple(why))


def observed(row: Observation, scorer: Scorer = score) -> tuple[Observed, ...]:
    """What the accumulators are told of a row; news goes through the scorer, numbers go as they are."""
    if row.kind is not Kind.NEWS:
        return (Observed(row.received_at, row.subject, row.name, row.value),)
    found = scorer(row.text)
    subjects = (row.subject,) if row.subject else (found.subjects or ("",))
    return tuple([Observed(row.received_at, subject, SENTIMENT, found.score) for subject in subjects])
