"""What all venue adapters need to read bytes with: refusals as values, exact numbers, levels, liveness and errands.

Nothing here raises on anything that a venue may send. What cannot be read is a `Fault`, which says what was wrong and
where; a `Voice` makes it into the `Trouble` that leaves the adapter.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final, NamedTuple, TypeAlias, TypeVar

import msgspec

from pricing.units import NS_PER_MS, NS_PER_S
from rfq.feeds.levels import exact
from rfq.feeds.said import ClockSaid, Fetch, Reconnect, Trouble

MOST: Final = 2**63 - 1
"""The largest whole number that books and tables hold."""
EXCERPT_CHARS: Final = 200
DIGITS_MAX: Final = 64

Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
"""A venue's own number of a message, a trade, an update."""
Millis: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MOST // NS_PER_MS)]
"""A venue's instant in ms; it still fits when it is in ns."""

T = TypeVar("T")
_ANY: Final = msgspec.json.Decoder(msgspec.Raw)
_USUAL: Final = re.compile(r"(-?[0-9]{1,17})(?:\.([0-9]{1,17}))?", re.ASCII)
_NEVER_LARGE: Final = 1 << 60


class Fault(NamedTuple):
    """What was wrong with a text, and where in it."""

    what: str
    where: str = ""


def decoded(
    decoder: msgspec.json.Decoder[T], raw: bytes | memoryview | msgspec.Raw, where: str = ""
) -> T | Fault:
    """The message as the decoder's type, or what was wrong with it."""
    try:
        return decoder.decode(raw)
    except RecursionError:
        return Fault("nested too deeply", where)
    except (msgspec.MsgspecError, ValueError) as error:
        return Fault(str(error), where)


def excerpt(raw: bytes | memoryview | msgspec.Raw) -> str:
    """The beginning of a text, readable whatever it holds."""
    return bytes(memoryview(raw)[:EXCERPT_CHARS]).decode("utf-8", "backslashreplace")[:EXCERPT_CHARS]


def whole(text: str, digits: int, where: str = "") -> int | Fault:
    """The number times ten to the `digits`, exactly, by the same rule as a book's levels; else refused."""
    usual = _USUAL.fullmatch(text)
    if usual is not None:
        before, after = usual.groups("")
        if len(after) <= digits:
            number: int = int(before + after) * 10 ** (digits - len(after))
            if -_NEVER_LARGE < number < _NEVER_LARGE:
                return number
    found = exact(text, digits) if len(text) <= DIGITS_MAX else None
    if found is None:
        return Fault(
            f"no number of at most {digits} decimals that can be counted: {text[:DIGITS_MAX]!r}", where
        )
    return found


def wholes(*cells: tuple[str, int, str]) -> list[int] | Fault:
    """Several numbers, each (text, digits, where), none of them below zero; or the first Fault among them."""
    found: list[int] = []
    for text, digits, where in cells:
        cell = whole(text, digits, where)
        if isinstance(cell, Fault):
            return cell
        if cell < 0:
            return Fault(f"below zero: {text!r}", where)
        found.append(cell)
    return found


def number(text: str | float | None) -> float | None:
    """A finite float, or None where there is none: not said, an empty text, no number."""
    if text is None or text == "":
        return None
    try:
        found = float(text)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


class Voice(NamedTuple):
    """Says what went wrong in a venue's name."""

    venue: str

    def trouble(
        self,
        now: int,
        fault: Fault,
        raw: bytes | memoryview | msgspec.Raw = b"",
        symbol: str = "",
        *,
        breaks_book: bool = False,
    ) -> Trouble:
        """The fault as it leaves the adapter, with the beginning of the text it was found in."""
        return Trouble(
            venue=self.venue,
            received_at=now,
            symbol=symbol,
            what=fault.what,
            where=fault.where,
            excerpt=excerpt(raw),
            breaks_book=breaks_book,
        )

    def unreadable(self, now: int, fault: Fault, raw: bytes, books: Sequence[str]) -> list[Trouble]:
        """A text that no one can make sense of. Where it is JSON, it is something we do not know; where it is not, it
        may have been a change of any of these books."""
        found = decoded(_ANY, raw)
        if not isinstance(found, Fault) or not books:
            return [self.trouble(now, fault, raw)]
        return [self.trouble(now, fault, raw, symbol, breaks_book=True) for symbol in books]

    def lost(self, now: int, why: str, where: str, symbols: Iterable[str]) -> list[Trouble]:
        """One trouble a symbol: its book must not be trusted further."""
        fault = Fault(why, where)
        return [self.trouble(now, fault, symbol=symbol, breaks_book=True) for symbol in symbols]


def clock_said(venue: str, venue_at: int, sent_at: int, now: int, grain_ns: int = 1) -> ClockSaid:
    """The venue's clock against ours: it was read somewhere between the sending and the receipt, and what it said is
    cut to whole `grain_ns`."""
    return ClockSaid(
        venue=venue,
        received_at=now,
        offset_ns=venue_at + grain_ns // 2 - (sent_at + now) // 2,
        error_ns=(max(0, now - sent_at) + grain_ns + 1) // 2,
    )


def named(raw: bytes, opening: bytes) -> bytes:
    """The channel that a message says it is of, if it opens the way messages of the venue do; else b"". Told without
    reading the message, so that it is known even where the rest cannot be read."""
    if not raw.startswith(opening):
        return b""
    end = raw.find(b'"', len(opening))
    return raw[len(opening) : end] if end > 0 else b""


def batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items in order, at most `size` at a time."""
    for first in range(0, len(items), size):
        yield items[first : first + size]


class Pulse:
    """Which links need a ping, and which have been silent for too long to be alive.

    `always` pings at every interval, as some venues want; else only where nothing was heard for that long.
    """

    def __init__(self, ping_ns: int, dead_ns: int, *, always: bool = False) -> None:
        """Ping after `ping_ns`; a link that says nothing for `dead_ns` is given up."""
        self._ping_ns = ping_ns
        self._dead_ns = dead_ns
        self._always = always
        self._heard: dict[str, int] = {}
        self._pinged: dict[str, int] = {}

    def opened(self, link: str, now: int) -> None:
        """The link is up."""
        self._heard[link] = self._pinged[link] = now

    def closed(self, link: str) -> None:
        """The link is down: nothing is expected of it."""
        self._heard.pop(link, None)
        self._pinged.pop(link, None)

    def heard(self, link: str, now: int) -> None:
        """Anything at all was heard."""
        if link in self._heard:
            self._heard[link] = now

    def tick(self, now: int) -> tuple[list[str], list[Reconnect]]:
        """Links to ping now, and links to give up (told once: then they count as closed)."""
        pings: list[str] = []
        dead: list[Reconnect] = []
        for link, heard in sorted(self._heard.items()):
            quiet = now - heard
            if quiet >= self._dead_ns:
                self.closed(link)
                dead.append(Reconnect(link=link, why=f"nothing heard for {quiet / NS_PER_S:.0f} s"))
            elif (
                now - (self._pinged[link] if self._always else max(heard, self._pinged[link]))
                >= self._ping_ns
            ):
                self._pinged[link] = now
                pings.append(link)
        return pings, dead


class Errands:
    """What was asked by HTTP and what is to be asked later: one errand a tag, tried again with growing pauses.

    An answer to a tag that is neither out nor to be asked again is nobody's: it came too late, or was made up. One that
    comes after we gave it up, and before we ask again, is as good as any: what it says is checked, not when it came.
    """

    def __init__(
        self, patience_ns: int = 15 * NS_PER_S, pause_ns: int = NS_PER_S, longest_ns: int = 60 * NS_PER_S
    ) -> None:
        """Given up after `patience_ns` without an answer; pauses double from `pause_ns` to `longest_ns`."""
        self._patience_ns = patience_ns
        self._pause_ns = pause_ns
        self._longest_ns = longest_ns
        self._out: dict[str, tuple[Fetch, int]] = {}
        self._later: dict[str, tuple[Fetch, int]] = {}
        self._failures: dict[str, int] = {}

    def ask(self, fetch: Fetch, now: int) -> list[Fetch]:
        """Ask at once, unless the same is out already or waits for its time after a failure."""
        if fetch.tag in self._out or fetch.tag in self._later:
            return []
        self._out[fetch.tag] = (fetch, now)
        return [fetch]

    def answered(self, tag: str) -> Fetch | None:
        """An answer came: what had been asked, or None if nobody waits for it. It is then for `done` or `failed` to say
        what it was worth."""
        found = self._out.pop(tag, None)
        found = self._later.pop(tag, None) if found is None else found
        return None if found is None else found[0]

    def done(self, tag: str) -> None:
        """It was what we needed."""
        self._failures.pop(tag, None)

    def failed(self, fetch: Fetch, now: int, at_least_ns: int = 0) -> int:
        """It was not: ask again after a pause, which is returned."""
        failures = self._failures.get(fetch.tag, 0)
        self._failures[fetch.tag] = failures + 1
        pause = max(at_least_ns, min(self._longest_ns, self._pause_ns << min(failures, 20)))
        self._later[fetch.tag] = (fetch, now + pause)
        return pause

    def drop(self, tag: str) -> None:
        """Nobody needs it any more."""
        self._out.pop(tag, None)
        self._later.pop(tag, None)
        self._failures.pop(tag, None)

    def tick(self, now: int) -> tuple[list[Fetch], list[str]]:
        """What to ask now, and the tags that were given up and wait for their next time."""
        late = [
            (tag, fetch) for tag, (fetch, at) in sorted(self._out.items()) if now - at >= self._patience_ns
        ]
        for tag, fetch in late:
            del self._out[tag]
            self.failed(fetch, now)
        due = [fetch for _, (fetch, at) in sorted(self._later.items()) if at <= now]
        for fetch in due:
            del self._later[fetch.tag]
            self._out[fetch.tag] = (fetch, now)
        return due, [tag for tag, _ in late]


class Refused:
    """Channels that the venue has refused one by one: each is asked for again after pauses that double."""

    def __init__(self, first_ns: int = 5 * NS_PER_S, longest_ns: int = 300 * NS_PER_S) -> None:
        """The first pause, and the longest."""
        self._first_ns = first_ns
        self._longest_ns = longest_ns
        self._due: dict[str, int] = {}
        self._times: dict[str, int] = {}

    def add(self, name: str, now: int) -> None:
        """It has been refused."""
        times = self._times.get(name, 0)
        self._times[name] = times + 1
        self._due[name] = now + min(self._longest_ns, self._first_ns << min(times, 20))

    def forget(self, names: Iterable[str]) -> None:
        """They are there, or nobody wants them any more."""
        for name in names:
            self._due.pop(name, None)
            self._times.pop(name, None)

    def waits(self, name: str) -> bool:
        """Whether it waits for its time; if so, it is asked for now, and waits no longer."""
        return self._due.pop(name, None) is not None

    def tick(self, now: int) -> list[str]:
        """What to ask for now."""
        due = [name for name, at in self._due.items() if at <= now]
        for name in due:
            del self._due[name]
        return due


class Rounds:
    """What is asked again and again: each by its own errand, at its own interval, first as soon as it is ticked."""

    def __init__(self, errands: Errands, chores: Sequence[tuple[Fetch, int]]) -> None:
        """Chores are pairs of what to ask and how many ns after the last time."""
        self._errands = errands
        self._chores = chores
        self._due = [0] * len(chores)

    def tick(self, now: int) -> list[Fetch]:
        """What is due."""
        asks: list[Fetch] = []
        for index, (fetch, every_ns) in enumerate(self._chores):
            if self._due[index] <= now:
                self._due[index] = now + every_ns
                asks += self._errands.ask(fetch, now)
        return asks
