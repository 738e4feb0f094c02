"""A wire between two FIX engines that loses messages and is cut, as planned: a TCP relay that knows frames."""

import asyncio
import re
import socket
from collections.abc import Callable

_FRAME_END = re.compile(rb"\x0110=\d\d\d\x01")
_ADMIN = re.compile(rb"\x0135=[0-5A]\x01")


class Scissors:
    """Listens on `port`, connects on to wherever `target` says. A frame is relayed whole or not at all.

    `cut_at`: after how many application messages (both ways together) the wire is cut; from `blind` messages before
    that it takes everything in and passes nothing on, so that both sides believe they sent it.
    `lose`: which application messages vanish while the wire holds, counted each way. Only fresh ones: no engine
    need survive the loss of a session message, or of a replayed one, on a wire that holds.
    """

    def __init__(
        self,
        target: Callable[[], int],
        cut_at: tuple[int, ...] = (),
        blind: int = 0,
        lose: tuple[int, ...] = (),
    ) -> None:
        self._target, self._cut_at, self._blind, self._lose = target, list(cut_at), blind, frozenset(lose)
        self._seen = 0
        self._each = {"in": 0, "out": 0}
        self._links: set[asyncio.Task[None]] = set()
        self._ends: set[asyncio.StreamWriter] = set()
        self.cuts = self.lost = 0

    async def __aenter__(self) -> "Scissors":
        self._listening = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port: int = self._listening.sockets[0].getsockname()[1]
        return self

    @staticmethod
    def spare_port() -> int:
        """A port that nobody listens at, for an engine that must be told one."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    async def __aexit__(self, *raised: object) -> None:
        self._listening.close()
        self._hang_up()
        for link in list(self._links):
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        self._ends.add(writer)
        onward: asyncio.StreamWriter | None = None
        try:
            back, onward = await asyncio.open_connection("127.0.0.1", self._target())
            self._ends.add(onward)
            await asyncio.gather(self._pass(reader, onward, "in"), self._pass(back, writer, "out"))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._links.discard(link)
            for end in (writer, onward):
                if end is not None:
                    self._ends.discard(end)
                    end.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: str) -> None:
        kept = b""
        while more := await source.read(65_536):
            kept += more
            at = 0
            for end in _FRAME_END.finditer(kept):
                frame, at = kept[at : end.end()], end.end()
                if not sink.is_closing() and self._passes(frame, way):
                    sink.write(frame)
            kept = kept[at:]
        sink.close()

    def _passes(self, frame: bytes, way: str) -> bool:
        """Count the frame, cut if it is time, and say whether it goes through."""
        if not _ADMIN.search(frame[:40]):
            self._seen += 1
            if self._cut_at and self._seen >= self._cut_at[0]:
                self.cut()
                return False
            if b"\x0143=Y\x01" not in frame:
                self._each[way] += 1
                if self._each[way] in self._lose:
                    self.lost += 1
                    return False
        return not (self._cut_at and self._seen >= self._cut_at[0] - self._blind)

    def cut(self) -> None:
        """The next cut, now."""
        del self._cut_at[0]
        self.cuts += 1
        self._hang_up()

    def _hang_up(self) -> None:
        for end in self._ends:
            end.transport.abort()
