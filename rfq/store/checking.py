"""Parity of an input: which bytes go the online way, which tables the offline one.

A capture is spelled as the bytes that made it (`rfq.store.spelling`); a recording is bytes, and is made into tables by
its own adapters first. Tables do not say at which instants silence was looked for: the offline way is told these.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rfq.feeds.link.told import Kind
from rfq.feeds.recorder.boards import adapter_of
from rfq.feeds.recorder.tabulating import Tabulator, tabulate
from rfq.store.from_bytes import Ear, in_order
from rfq.store.from_tables import gather
from rfq.store.gathering import Gatherer, Reading, Rows
from rfq.store.inputs import Beside, CaptureInput, Input, Progress, RecordingInput, Sizes
from rfq.store.parity import Chance, MarketRows, Parity, check, online, random_questions
from rfq.store.spelling import spoken

if TYPE_CHECKING:
    from rfq.feeds.recorder.reading import Row

PORTION_MAX: Final = 64
_STEP: Final = 5_000
Make = Callable[[Callable[[Reading], object]], Gatherer]
Mutant = Callable[[MarketRows], MarketRows]


def check_input(
    found: Input,
    *,
    every_ns: int,
    seed: int,
    questions: int = 500,
    portion_max: int = PORTION_MAX,
    beside: Beside = Beside(),  # noqa: B008 (immutable)
    mutant: Mutant | None = None,
    tell: Progress = lambda _count: None,
) -> Parity:
    """Go both ways with everything that was said. `mutant` spoils the offline rows, to see that it is caught."""
    from_at, to_at = found.span()
    chance = Chance(seed)
    asked = random_questions(found.markets, from_at, to_at, questions, chance)

    def make(on_row: Callable[[Reading], object]) -> Gatherer:
        return Gatherer(found.sources, on_row, every_ns=every_ns, observations=beside.rows)

    way = _capture_way(found, tell) if isinstance(found, CaptureInput) else _recording_way(found, tell)
    begin, words = way
    heard = online(begin, make, asked, chance, portion_max)
    with tempfile.TemporaryDirectory(prefix="rfq-parity-") as folder:
        rows = offline_rows(found, make, Path(folder))
        if mutant is not None:
            rows = mutant(rows)
        return check(heard, rows, asked, words=words, folder=Path(folder) / "store")


def offline_rows(found: Input, make: Make, folder: Path) -> MarketRows:
    """The rows that tables give; a recording is first made into tables in `folder`."""
    rows = Rows()
    if isinstance(found, CaptureInput):
        gather(found.capture, found.rules, found.scales, make(rows))
        return rows.columns()
    ticks: list[int] = []
    prefix = folder / "tables"
    _tabulated(found, prefix, ticks)
    captured = CaptureInput(prefix, Sizes(), [market.symbol for market in found.markets])
    gather(captured.capture, captured.rules, captured.scales, make(rows), ticks=ticks)
    return rows.columns()


def _capture_way(
    found: CaptureInput, tell: Progress
) -> "tuple[Callable[[Gatherer], tuple[Ear, Iterator[Row]]], tuple[str, ...]]":
    venues = spoken(found.capture, found.rules, found.scales)

    def begin(gatherer: Gatherer) -> "tuple[Ear, Iterator[Row]]":
        ear = Ear(gatherer)
        for one in venues:
            ear.listen(one.adapter.venue, one.adapter, one.keepers)
        return ear, _counted(in_order([one.told for one in venues]), tell)

    return begin, tuple([f"{one.adapter.venue}: {one.words}" for one in venues])


def _recording_way(
    found: RecordingInput, tell: Progress
) -> "tuple[Callable[[Gatherer], tuple[Ear, Iterator[Row]]], tuple[str, ...]]":
    def begin(gatherer: Gatherer) -> "tuple[Ear, Iterator[Row]]":
        return found.ear(gatherer), _counted(found.rows(), tell)

    return begin, tuple([f"{feed.venue}: as recorded" for feed in found.note.feeds])


def _counted(rows: "Iterator[Row]", tell: Progress) -> "Iterator[Row]":
    for count, row in enumerate(rows, 1):
        if not count % _STEP:
            tell(count)
        yield row


def _tabulated(found: RecordingInput, prefix: Path, ticks: list[int]) -> None:
    """Tables of a recording, and when silence was looked for."""
    scales = {
        (adapter.venue, symbol): scale
        for feed, adapter in found.feeds()
        for symbol, scale in feed.scales.items()
    }

    def listened() -> "Iterator[Row]":
        for venue, told in found.rows():
            if told.kind is Kind.TICKED:
                ticks.append(told.at)
            yield venue, told

    tabulator = Tabulator(prefix, scales)
    tabulate(listened(), {feed.venue: adapter_of(feed) for feed in found.note.feeds}, tabulator)
    tabulator.close()
