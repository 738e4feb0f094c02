"""What rows are made of: a capture in our layout of tables, or a recording of what venues' links told."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rfq.desk.features.outside import Observed
from rfq.feeds.recorder import reading
from rfq.feeds.recorder.boards import adapter_of, is_recording
from rfq.feeds.recorder.rows import NOTE, RecordingError, files_of, read_note
from rfq.feeds.said import Market
from rfq.feeds.sizing import Sized, sizing_of
from rfq.feeds.tables import captures
from rfq.feeds.tables.layout import TablesError
from rfq.feeds.venues.adapter import Adapter
from rfq.feeds.venues.catalogue import make_keepers
from rfq.store.from_bytes import Ear
from rfq.store.from_tables import Rules, gather, rules_of
from rfq.store.gathering import Gatherer, Source
from rfq.store.parts import StoreError

if TYPE_CHECKING:
    from rfq.feeds.recorder.reading import Row
    from rfq.feeds.recorder.rows import Note, Recorded

Progress = Callable[[int], None]
_STEP: Final = 5_000
_UNDERLYING: Final = re.compile(r"([A-Z0-9]+?)(?=USD|EUR|BTC$|ETH$|PERP|[-_/:.]|$)", re.IGNORECASE)
_SAME: Final = {"XBT": "BTC"}


class Sizes:
    """What sizes are worth: as told for all markets, else by the names of venue and symbol."""

    def __init__(self, contract_usd: float | None = None, multiplier: float | None = None) -> None:
        """At most one of them."""
        self.contract_usd = contract_usd
        self.multiplier = multiplier

    def of(self, market: Market) -> Sized:
        """One market's."""
        return sizing_of(market.venue, market.symbol, self.contract_usd, self.multiplier)


def underlying_of(symbol: str) -> str:
    """What a symbol tells of, as far as its name says."""
    found = _UNDERLYING.match(symbol)
    name = (found[1] if found else symbol).upper()
    return _SAME.get(name, name)


class Beside(NamedTuple):
    """What was known outside the market, and the file it came from."""

    rows: tuple[Observed, ...] = ()
    files: tuple[Path, ...] = ()


def read_beside(path: Path) -> Beside:
    """Observations of a file; StoreError if it cannot be read, or has rows that cannot."""
    from rfq.feeds.observations.files import FileError, read_observations
    from rfq.feeds.observations.sentiment import observed

    try:
        found = read_observations(path)
    except FileError as error:
        raise StoreError(str(error), is_lacking=error.is_lacking) from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    if found.refused_count:
        first = found.refused[0]
        raise StoreError(f"{path}: {found.refused_count} rows cannot be read; row {first.row}: {first.fault}")
    return Beside(tuple([one for row in found.rows for one in observed(row)]), (path,))


class CaptureInput:
    """Tables in our layout."""

    kind: Final = "capture"

    def __init__(self, path: Path, sizes: Sizes, symbols: Sequence[str] = ()) -> None:
        """StoreError says why there is none."""
        try:
            self.capture = captures.open_capture(path)
        except TablesError as error:
            raise StoreError(str(error), is_lacking=error.is_lacking) from None
        self.markets = _chosen(path, self.capture.markets, symbols)
        self.rules: Rules = rules_of(self.capture, self.markets)
        self.scales = {market: self.capture.scale(market.symbol, market.venue) for market in self.markets}
        self.sources = tuple([self._source(market, sizes) for market in self.markets])

    @property
    def files(self) -> tuple[Path, ...]:
        """What it consists of."""
        return tuple([path for paths in self.capture.files.values() for path in paths])

    @property
    def recipe(self) -> dict[str, str]:
        """How its books are kept."""
        return {
            f"book {market.venue} {market.symbol}".strip(): "touch" if rule is None else rule.order.value
            for market, rule in self.rules.items()
        }

    def span(self) -> tuple[int, int]:
        """The first and the last instant of receipt."""
        report = self.capture.report()
        spans = [
            (one.from_at, one.to_at)
            for one in report.tables
            if one.kept and Market(one.venue, one.symbol) in self.rules
        ]
        if not spans:
            raise StoreError(f"{self.capture.path}: no row that can be used")
        return min([one[0] for one in spans]), max([one[1] for one in spans])

    def faults(self) -> dict[str, int]:
        """What was dropped or odd, counted by cause."""
        found: dict[str, int] = {}
        for table in self.capture.report().tables:
            for state, causes in (("dropped", table.dropped), ("noticed", table.noticed)):
                for cause in causes:
                    name = f"{state}: {cause.what}"
                    found[name] = found.get(name, 0) + cause.rows
        return found

    def run(self, gatherer: Gatherer, tell: Progress = lambda _count: None) -> int:
        """Put all of it to the gatherer; how many messages that was."""
        return gather(self.capture, self.rules, self.scales, gatherer, tell=tell)

    def _source(self, market: Market, sizes: Sizes) -> Source:
        scale = self.scales[market]
        return Source(
            market=market,
            underlying=underlying_of(market.symbol),
            sizing=sizes.of(market).sizing,
            sizes=sizes.of(market).words,
            touch=self.rules[market] is None,
            units=(10**scale.price_digits, 10**scale.size_digits),
        )


class RecordingInput:
    """A recording: bytes, told to the venues' adapters again."""

    kind: Final = "recording"

    def __init__(self, path: Path, sizes: Sizes, symbols: Sequence[str] = ()) -> None:
        """StoreError says why there is none."""
        self.path = path if path.is_dir() else path.parent
        try:
            self.note: Note = read_note(self.path)
            self.files = tuple(files_of(self.path))
        except RecordingError as error:
            raise StoreError(str(error), is_lacking=error.is_lacking) from None
        there = [Market(adapter.venue, symbol) for one, adapter in self.feeds() for symbol in one.symbols]
        self.markets = _chosen(path, tuple(there), symbols)
        self.sources = tuple(
            [
                Source(
                    market,
                    underlying_of(market.symbol),
                    sizes.of(market).sizing,
                    sizes=sizes.of(market).words,
                )
                for market in self.markets
            ]
        )

    @property
    def recipe(self) -> dict[str, str]:
        """Nothing but the recording itself."""
        return {}

    def span(self) -> tuple[int, int]:
        """The first and the last instant of receipt."""
        rows, first, last = reading.count(self.path)
        if not rows:
            raise StoreError(f"{self.path}: an empty recording")
        return first, last

    def faults(self) -> dict[str, int]:
        """Told by the adapters, while it runs."""
        return {}

    def rows(self) -> "Iterator[Row]":
        """Everything that was told."""
        try:
            yield from reading.read(self.path)
        except RecordingError as error:
            raise StoreError(str(error), is_lacking=error.is_lacking) from None

    def ear(self, gatherer: Gatherer) -> Ear:
        """New adapters and books, whose market is the gatherer's."""
        ear = Ear(gatherer)
        for feed, adapter in self.feeds():
            some = [market.symbol for market in self.markets if market.venue == adapter.venue]
            ear.listen(
                feed.venue, adapter, make_keepers(feed.venue, some, feed.scales, levels_max=feed.levels_max)
            )
        return ear

    def run(self, gatherer: Gatherer, tell: Progress = lambda _count: None) -> int:
        """Put all of it to the gatherer; how many messages that was."""
        ear, count = self.ear(gatherer), 0
        for count, row in enumerate(self.rows(), 1):
            if row[0] not in ear.boards:
                raise StoreError(f"{self.path}: a row of {row[0]}, which {NOTE} does not name")
            ear.hear((row,))
            if not count % _STEP:
                tell(count)
        gatherer.finish()
        return count

    def feeds(self) -> "list[tuple[Recorded, Adapter]]":
        """Each venue of the recording, with a new adapter."""
        try:
            return [(one, adapter_of(one)) for one in self.note.feeds]
        except RecordingError as error:
            raise StoreError(f"{self.path}: {error}") from None


Input = CaptureInput | RecordingInput


def open_input(path: Path, sizes: Sizes, symbols: Sequence[str] = ()) -> Input:
    """A recording's folder, or a capture's file, prefix or folder; StoreError says why it is neither."""
    if is_recording(path):
        return RecordingInput(path, sizes, symbols)
    return CaptureInput(path, sizes, symbols)


def _chosen(path: Path, there: Sequence[Market], symbols: Sequence[str]) -> tuple[Market, ...]:
    missing = [symbol for symbol in symbols if symbol not in [market.symbol for market in there]]
    if missing:
        names = ", ".join(market.symbol for market in there) or "nothing"
        raise StoreError(f"{path}: no {', '.join(missing)} there, but {names}")
    return tuple([market for market in there if not symbols or market.symbol in symbols])
