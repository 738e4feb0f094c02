"""A venue, live: its wires, its questions, the second's tick, around one switchboard.

An error of ours that a message brings about ends nothing but trust: it is told, no book of the venue is believed any
more, and the links are opened again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, assert_never

import aiohttp
import msgspec

from fix_gateway.shell.ports import Scribe
from rfq.feeds.link.pace import Backoff
from rfq.feeds.link.rest import Rest
from rfq.feeds.link.standing import FeedStanding
from rfq.feeds.link.switchboard import Switchboard
from rfq.feeds.link.wire import Wire
from rfq.feeds.said import Ask, Fetch, Reconnect, Send

_NONE: Final[Mapping[str, str]] = {}


class Rim(msgspec.Struct, frozen=True, kw_only=True):
    """How patient a feed is, and where it really connects to."""

    connect_s: float = 15.0
    heartbeat_s: float = 20.0
    silent_s: float = 60.0
    steady_s: float = 10.0
    answer_s: float = 20.0
    tick_s: float = 1.0
    backoff: Backoff = Backoff()
    instead: Mapping[str, str] = _NONE
    """Beginnings of addresses -> what stands there instead: a regional host, a proxy, a test's exchange."""

    def address(self, url: str) -> str:
        """Where to connect for this address."""
        for start, other in self.instead.items():
            if url.startswith(start):
                return other + url[len(start) :]
        return url


class Feed:
    """Drives one venue until it is cancelled."""

    def __init__(self, board: Switchboard, now: Callable[[], int], scribe: Scribe, rim: Rim = Rim()) -> None:  # noqa: B008
        self.board = board
        self.faults = 0
        adapter = board.adapter
        self._now = now
        self._scribe = scribe
        self._rim = rim
        self.wires = {
            link: Wire(link, rim.address(url), adapter.limits, rim, self, now)
            for link, url in adapter.links.items()
        }
        self._rest = Rest(
            rim.address(adapter.rest), adapter.limits.weight_per_minute, self._answered, now, rim.answer_s
        )

    async def run(self) -> None:
        """Connect, and stay connected."""
        timeout = aiohttp.ClientTimeout(total=None, connect=self._rim.connect_s)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._rest.run(session))
            for wire in self.wires.values():
                group.create_task(wire.run(session))
            group.create_task(self._tick())

    def standing(self) -> FeedStanding:
        """How it stands now."""
        now, board = self._now(), self.board
        offset = board.offset(now)
        return FeedStanding(
            venue=board.adapter.venue,
            at=now,
            links=tuple(wire.standing() for wire in self.wires.values()),
            books=tuple(watched.standing(now) for watched in board.watched.values()),
            offset_ns=None if offset is None else offset.offset_ns,
            offset_error_ns=None if offset is None else offset.error_ns,
            fetches=self._rest.asked,
            fetches_failed=self._rest.failed,
            last_failure=self._rest.last_failure,
            troubles=board.troubles,
            unwatched=board.unwatched,
            faults=self.faults,
            last_troubles=tuple(
                f"{one.symbol} {one.what} {one.where}".strip() for one in board.last_troubles
            ),
        )

    def on_opened(self, wire: Wire) -> None:
        """A link is up: the adapter says what to ask on it."""
        self._scribe.info("feed_up", venue=self.board.adapter.venue, link=wire.link)
        self._guarded(self.board.opened, wire.link, self._now())

    def on_closed(self, wire: Wire, why: str) -> None:
        """A link is down."""
        self._scribe.warning("feed_down", venue=self.board.adapter.venue, link=wire.link, why=why)
        self._guarded(self.board.closed, wire.link, self._now(), why)

    def on_failed(self, wire: Wire, why: str) -> None:
        """A link could not be made; nothing on it was known, so nothing is lost."""
        self._scribe.warning("feed_down", venue=self.board.adapter.venue, link=wire.link, why=why)

    def on_heard(self, wire: Wire, raw: bytes, at: int) -> None:
        """A message."""
        self._guarded(self.board.hear, wire.link, raw, at)

    def on_sent(self, wire: Wire, text: str) -> None:
        """Gone out."""
        self.board.sent(wire.link, text, self._now())

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._rim.tick_s)
            now = self._now()
            self._guarded(self.board.tick, now)
            for wire in self.wires.values():
                wire.look_after(now)

    def _answered(self, fetch: Fetch, status: int, raw: bytes, sent_at: int, now: int) -> None:
        self._guarded(self.board.fetched, fetch.tag, status, raw, sent_at, now)

    def _guarded(self, call: Callable[..., Sequence[Ask]], *told: object) -> None:
        """Do it, and what it asks for; an error of ours costs the venue's books and connections, not the program."""
        try:
            self._do(call(*told))
        except Exception as fault:
            self.faults += 1
            words = f"{type(fault).__name__}: {fault}"
            self._scribe.error(
                "feed_fault", venue=self.board.adapter.venue, fault=words, traceback=_where(fault)
            )
            self.board.distrust(self._now(), f"an error of ours: {words}")
            for wire in self.wires.values():
                wire.reopen(f"an error of ours: {words}")

    def _do(self, asks: Sequence[Ask]) -> None:
        for ask in asks:
            match ask:
                case Send():
                    self.wires[ask.link].send(ask.text, ask.weight)
                case Fetch():
                    self._rest.ask(ask)
                case Reconnect():
                    self.wires[ask.link].reopen(ask.why)
                case _:
                    assert_never(ask)


def _where(fault: BaseException) -> str:
    """File and line of the innermost call."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
