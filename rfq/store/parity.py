"""Are rows live and rows for training the same, bit for bit? Both ways are gone, and every number compared.

Online: a venue's bytes, in portions of random size, through its adapter, books and accumulators into the online table,
with looks at the clock in between; at random instants somebody asks the table. Offline: the tables, through books and
accumulators into a history on disk, and those instants joined to it as of their time. What was answered then must be
what is joined now.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from rfq.feeds.said import Market
from rfq.store import joins
from rfq.store.definitions import EXCHANGE_AT, FLOW_NAMES, FLOW_SCHEMA, MARKET, MARKET_COLUMNS, MID
from rfq.store.from_bytes import Ear
from rfq.store.gathering import Gatherer, Reading, Rows
from rfq.store.history import History
from rfq.store.joins import Asked
from rfq.store.manifests import Manifest
from rfq.store.online import Latest, OnlineTable
from rfq.store.parts import KNOWN_AT, Columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rfq.feeds.recorder.reading import Row

_TOLD_MAX: Final = 20
_PEEKS: Final = 10
"""After one portion in so many somebody looks at the clock early."""
_MASK: Final = 2**64 - 1
MarketRows = list[tuple[Market, Columns]]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A number that is not the same; `where` is "row", or "joined" of what was asked in between."""

    where: str
    venue: str
    symbol: str
    at: int
    column: str
    online: float
    offline: float


class Parity(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared. `differing` counts the numbers that differ; the first of them are told."""

    schema: str
    markets: tuple[str, ...]
    words: tuple[str, ...]
    messages: int
    portions: int
    rows: int
    asked: int
    answered: int
    numbers: int
    known: float
    """The part of the numbers that could be computed: what is never known is always the same."""
    differing: int
    differences: tuple[Difference, ...]
    breaks: int

    @property
    def is_equal(self) -> bool:
        """Every bit, and there was something to compare."""
        return self.differing == 0 and self.rows > 0


class Chance:
    """Whole numbers that a seed stands for (SplitMix64): portions and questions differ from seed to seed, and a seed
    that found a difference finds it again."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, count: int) -> int:
        """A whole number from 0 to `count` - 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _MASK
        return (mixed ^ (mixed >> 31)) % count


class Question(msgspec.Struct, frozen=True, gc=False):
    """Somebody asks for a market's newest row."""

    at: int
    market: Market


class Answered:
    """What the online way came to."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.answers: list[Latest | None] = []
        self.messages = self.portions = self.breaks = 0


def online(
    begin: "Callable[[Gatherer], tuple[Ear, Iterator[Row]]]",
    make: "Callable[[Callable[[Reading], object]], Gatherer]",
    questions: Sequence[Question],
    chance: Chance,
    portion_max: int,
) -> Answered:
    """The online way. `make` makes the gatherer, `begin` an ear on it and what it will hear."""
    found = Answered()
    table = OnlineTable(None)

    def take(reading: Reading) -> None:
        found.rows(reading)
        table.put(reading.latest())

    gatherer = make(take)
    ear, told = begin(gatherer)
    waiting = list(reversed(questions))
    portion: list[Row] = []
    size = 1 + chance.below(portion_max)
    for row in told:
        at = row[1].at
        if waiting and waiting[-1].at < at:
            ear.hear(portion)
            portion = []
            while waiting and waiting[-1].at < at:
                question = waiting.pop()
                gatherer.until(question.at)
                answer = table.get(question.market, FLOW_SCHEMA, question.at)
                found.answers.append(answer if isinstance(answer, Latest) else None)
        portion.append(row)
        found.messages += 1
        if len(portion) >= size:
            ear.hear(portion)
            found.portions += 1
            if not chance.below(_PEEKS):
                gatherer.until(at)
            portion = []
            size = 1 + chance.below(portion_max)
    ear.hear(portion)
    gatherer.finish()
    found.breaks = ear.breaks
    return found


def check(
    heard: Answered,
    offline: MarketRows,
    questions: Sequence[Question],
    *,
    words: Sequence[str] = (),
    folder: Path,
    online_is_part: bool = False,
) -> Parity:
    """Compare the two ways. The offline rows go through a history on disk, in `folder`. `online_is_part`: only some of
    the instants were looked at online, so that more rows offline are no difference."""
    asked = [one for one, _ in zip(questions, heard.answers, strict=False)]
    history = History(folder)
    plan = Manifest(
        of=MARKET,
        version=0,
        schema=FLOW_SCHEMA,
        columns=MARKET_COLUMNS,
        build="",
        made_at=0,
        recipe={},
        sources=(),
    )
    history.add(plan, offline)
    ledger = _Ledger()
    live = dict(heard.rows.columns())
    markets = sorted({*live, *(market for market, _ in offline)})
    for market in markets:
        there = market in history.markets(MARKET, FLOW_SCHEMA)
        stored = history.rows(MARKET, FLOW_SCHEMA, market) if there else None
        ledger.rows(market, live.get(market), stored, online_is_part)
    answered = _joined(history, asked, heard.answers, ledger)
    return Parity(
        schema=FLOW_SCHEMA,
        markets=tuple([f"{market.venue} {market.symbol}".strip() for market in markets]),
        words=tuple(words),
        messages=heard.messages,
        portions=heard.portions,
        rows=ledger.compared_rows,
        asked=len(asked),
        answered=answered,
        numbers=ledger.numbers,
        known=ledger.known / ledger.numbers if ledger.numbers else 0.0,
        differing=ledger.differing,
        differences=tuple(ledger.told),
        breaks=heard.breaks,
    )


def random_questions(
    markets: Sequence[Market], from_at: int, to_at: int, count: int, chance: Chance
) -> list[Question]:
    """Questions at random instants of a span, in time."""
    span = max(to_at - from_at, 1)
    instants = sorted([from_at + chance.below(span) for _ in range(count)])
    return [Question(at, markets[chance.below(len(markets))]) for at in instants]


def _joined(
    history: History, asked: Sequence[Question], answers: Sequence[Latest | None], ledger: "_Ledger"
) -> int:
    """What was answered online, against the history joined as of the questions."""
    if not asked:
        return 0
    names = (EXCHANGE_AT, MID, *FLOW_NAMES)
    wanted = Asked(
        np.asarray([one.market.venue for one in asked], object),
        np.asarray([one.market.symbol for one in asked], object),
        np.asarray([one.at for one in asked], np.int64),
    )
    found = joins.as_of(history, MARKET, FLOW_SCHEMA, wanted, names=names)
    blank = (0.0, *[np.nan] * (len(names) - 1))
    known_at = np.asarray([0 if one is None else one.known_at for one in answers], np.int64)
    values = np.asarray([blank if one is None else one.values for one in answers], np.float64)
    for place, question in enumerate(asked):
        joined = [float(found.columns[name][place]) for name in names]
        ledger.joined(
            question, int(known_at[place]), int(found.known_at[place]), values[place], joined, names
        )
    return int((known_at > 0).sum())


class _Ledger:
    """What was compared, and what differed."""

    def __init__(self) -> None:
        self.compared_rows = self.numbers = self.differing = self.known = 0
        self.told: list[Difference] = []

    def rows(self, market: Market, live: Columns | None, stored: Columns | None, is_part: bool) -> None:
        """All rows of a market, matched by their instants; a row of one way alone differs in that."""
        none = np.zeros(0, np.int64)
        at_live = none if live is None else live[KNOWN_AT]
        at_stored = none if stored is None else stored[KNOWN_AT]
        alone = np.setdiff1d(at_live, at_stored) if is_part else np.setxor1d(at_live, at_stored)
        for at in alone.tolist():
            self._differs("row", market, at, KNOWN_AT, float(at in at_live), float(at in at_stored))
        if live is None or stored is None:
            return
        both, left, right = np.intersect1d(at_live, at_stored, return_indices=True)
        self.compared_rows += len(both)
        for name in MARKET_COLUMNS[1:]:
            ours, theirs = live[name][left], stored[name][right]
            self.numbers += len(both)
            self.known += int(np.isfinite(ours.astype(np.float64)).sum())
            for place in np.flatnonzero(_bits(ours) != _bits(theirs)).tolist():
                self._differs("row", market, int(both[place]), name, float(ours[place]), float(theirs[place]))

    def joined(
        self,
        question: Question,
        live_at: int,
        stored_at: int,
        live: NDArray[np.float64],
        stored: Sequence[float],
        names: Sequence[str],
    ) -> None:
        """One question's answer, then and now."""
        if live_at != stored_at:
            self._differs("joined", question.market, question.at, KNOWN_AT, float(live_at), float(stored_at))
            return
        theirs = np.asarray(stored, np.float64)
        self.numbers += len(names)
        self.known += int(np.isfinite(live).sum())
        for place in np.flatnonzero(_bits(live) != _bits(theirs)).tolist():
            self._differs(
                "joined", question.market, question.at, names[place], float(live[place]), float(theirs[place])
            )

    def _differs(self, where: str, market: Market, at: int, column: str, live: float, stored: float) -> None:
        self.differing += 1
        if len(self.told) < _TOLD_MAX:
            self.told.append(
                Difference(
                    where=where,
                    venue=market.venue,
                    symbol=market.symbol,
                    at=at,
                    column=column,
                    online=live,
                    offline=stored,
                )
            )


def _bits(column: NDArray[Any]) -> NDArray[np.int64]:
    """Numbers as their bits: only what is the same to the last bit is equal, and what is unknown is."""
    return np.ascontiguousarray(column).view(np.int64)
