"""Everything FIX around one loop: journals, the counter, sessions, drop copies. It is the loop's wire for the parties
that its sessions reach; everybody else is on another wire."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fix_gateway.shell.ports import Scribe
from rfq.domain.effects import Booked, ConfirmFill, Outward
from rfq.domain.events import SentMark
from rfq.domain.ids import ChainId, PartyId
from rfq.domain.parties import Party
from rfq.live.loop import Live
from rfq.live.ports import Wire
from rfq.live.recall import Recall
from rfq.ops.fix_sections import Fix
from rfq.ops.fix_status import StatusFile
from rfq.wire.book import Book
from rfq.wire.counter import Counter
from rfq.wire.drop_copy import DropCopies
from rfq.wire.gateway import Gateway, Journals, dialects_of, parties_of, peers_of

Now = Callable[[], int]
TELL_S = 1.0
ALL_OF_IT = 1 << 30
"""Behind every effect of a record."""


class FixSide:
    """Made before the loop is (the journals tell it what was sent), attached to it, then opened."""

    def __init__(
        self, fix: Fix, chain: ChainId, log_path: Path, now: Now, scribe: Scribe, env: Mapping[str, str]
    ) -> None:
        """Raises JournalError, ConfigInvalid, OSError or ssl.SSLError if something configured is not there."""
        self.fix, self.chain = fix, chain
        self.parties: tuple[Party, ...] = parties_of(fix)
        self._recall = Recall(log_path)
        self._live: Live | None = None
        self._now, self._scribe = now, scribe
        self._board: StatusFile | None = None
        self._telling: asyncio.TimerHandle | None = None
        dialects = dialects_of(fix)
        self.counter = Counter(
            peers_of(fix),
            dialects,
            chain=chain,
            offer=self._offer,
            now=now,
            listed=self._listed,
            book=Book(chain, self._recall),
        )
        self._copies = DropCopies(chain, self.counter.book, self._recall.fills_after)
        self.counter.heard = self._copies.on_up
        self.journals = Journals(fix, now)
        try:
            self.gateway = Gateway(fix, self.journals, self.counter, dialects, now, scribe, env)
        except BaseException:
            self.journals.close()
            raise

    def sent(self) -> list[SentMark]:
        """What the journals know to have left."""
        return self.journals.sent(self.chain)

    def beside(self, other: Wire, ours: Wire | None = None) -> Wire:
        """A wire for everybody: our parties through their sessions (or `ours`, which leads there), the others on the
        other wire."""
        return _Both(frozenset(self.counter.parties), ours or self.counter, other)

    def attach(self, live: Live) -> None:
        """The loop has begun."""
        self._live = live
        self.counter.standings.begin(live.desk.state)
        live.observe(self.counter.observe)
        head = (live.chain.next_number - 1, ALL_OF_IT)
        for one in self.fix.sessions:
            if one.drop_copy:
                told = self.journals.copied(one.name, self.chain)
                self._copies.add(self.counter.line(one.name), told or head)
        if any(one.drop_copy for one in self.fix.sessions):
            live.follow(ConfirmFill, self._copies.follow)
            live.follow(Booked, self._copies.follow)

    async def open(self) -> int:
        """Listen and connect, and tell every second how the sessions stand (`rfq fix sessions`); returns the port."""
        port = await self.gateway.open()
        self._board = StatusFile(self.fix.journal_folder, self._now, port=port)
        self._tell(self._board, asyncio.get_running_loop())
        return port

    def _tell(self, board: StatusFile, loop: asyncio.AbstractEventLoop) -> None:
        before = board.failure
        board.write(self.gateway.links.values())
        if board.failure and not before:
            self._scribe.warning("fix_status_failed", problem=board.failure)
        self._telling = loop.call_later(TELL_S, self._tell, board, loop)

    async def close(self, text: str = "") -> None:
        """Say goodbye. What still comes back from the loop is accepted; then the journals are closed."""
        if self._telling is not None:
            self._telling.cancel()
        await self.gateway.close(text)
        if self._board is not None:
            self._board.close()

    def shut(self) -> None:
        """Close the files; when the log's writer has closed, so that nothing is accepted any more."""
        self.journals.close()
        self._recall.close()

    def _offer(self, *args: Any, **named: Any) -> bool:
        return self._live is not None and self._live.offer(*args, **named)

    def _listed(self, name: str) -> bool:
        return self._live is not None and name in self._live.desk.state.instruments


class _Both:
    """Two wires as one."""

    def __init__(self, parties: frozenset[PartyId], ours: Wire, other: Wire) -> None:
        self._parties, self._ours, self._other = parties, ours, other

    def send(self, effect: Outward, tag: str) -> str:
        """On whichever reaches its party."""
        wire = self._ours if effect.to in self._parties else self._other
        return wire.send(effect, tag)
