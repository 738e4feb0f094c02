"""Our side of an interop test: a session with a journal, as acceptor or initiator; it numbers what it sends."""

import asyncio
import time
from pathlib import Path

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.dictionary.standard import load
from fix_gateway.errors import LocalProtocolError
from fix_gateway.journal.journal import Journal
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.shell.acceptor import Acceptor, Door, Seat
from fix_gateway.shell.connection import Link
from fix_gateway.shell.initiator import Backoff, Initiator, Place
from fix_gateway.shell.ports import Silent

NAMES = {"D": 11, "R": 131}
APPL = {"FIX.4.4": "", "FIXT.1.1": "9"}


def now() -> int:
    """Real time: the peer's clock is the machine's."""
    return time.time_ns()


def order(name: str) -> bytes:
    """A new order's body with this ClOrdID."""
    at = time.strftime("%Y%m%d-%H:%M:%S", time.gmtime())
    return f"11={name}\x0155=BTC-PERPETUAL\x0154=1\x0160={at}.000\x0138=10\x0140=2\x0144=64250.5\x01".encode()


def request(name: str) -> bytes:
    """A quote request's body with this QuoteReqID."""
    return f"131={name}\x01146=1\x0155=ETH-PERPETUAL\x0154=2\x0138=250\x01".encode()


BUILDERS = {"D": order, "R": request}


class Desk:
    """The session's owner: sends numbered messages whenever it is up, and notes what arrives."""

    def __init__(
        self, folder: Path, begin: str, initiator: bool, replay: frozenset[str] | None = None
    ) -> None:
        self.taken: list[str] = []
        self.refusals: list[str] = []
        self._up = asyncio.Event()
        self._door: Acceptor | None = None
        self._caller: Initiator | None = None
        self.settings = SessionSettings(
            name="interop",
            begin=begin,
            appl=APPL[begin],
            sender="US",
            target="QF",
            initiator=initiator,
            replay=replay,
            stamp_digits=6,
            tolerance_ms=120_000,
        )
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self.live()

    def live(self) -> None:
        """A life of the program: the journal is opened, the session begins where it ended."""
        self.journal = Journal.open(self._folder / "interop.journal", durability="os", now=now())
        decoder = Decoder(load(self.settings.begin, self.settings.appl))
        self.link = Link(Session(self.settings, self.journal, decoder), self, now, Silent())

    async def listen(self, port: int = 0) -> int:
        """As acceptor."""
        seat = Seat(link=self.link)
        self._door = Acceptor(Door(port=port), lambda begin, sender, target: seat, now, Silent())
        return await self._door.open()

    def call(self, port: int) -> None:
        """As initiator."""
        place = Place(addresses=(("127.0.0.1", port),), backoff=Backoff(first_s=0.2, most_s=0.5))
        self._caller = Initiator(self.link, place, now, Silent())
        self._caller.open()

    async def leave(self) -> None:
        """An orderly end."""
        for rim in (self._door, self._caller):
            if rim is not None:
                await rim.close("bye")
        self.journal.close()

    async def die(self) -> None:
        """The end of a killed process: nothing more is said or written."""
        self.journal.abandon()
        self.link.drop("killed")
        for rim in (self._door, self._caller):
            if rim is not None:
                await rim.close()

    def on_up(self, link: Link) -> None:
        self._up.set()

    def on_down(self, link: Link, reason: str) -> None:
        self._up.clear()

    def on_message(self, link: Link, message: Decoded) -> bool:
        if message.msg_type == "j":
            self.refusals.append(message.raw.decode("latin-1").replace("\x01", "|"))
        else:
            self.taken.append(f"{message.msg_type}:{message.text(NAMES[message.msg_type]).decode()}")
        return True

    async def up(self) -> None:
        """Return when messages can be sent."""
        while not self.link.is_up:
            await self._up.wait()
            await asyncio.sleep(0)

    async def send(self, kind: str, first: int, count: int, pause_every: int = 10) -> None:
        """Numbered messages, each when the session is up; what was sent once is never sent anew."""
        for number in range(first, first + count):
            while True:
                await self.up()
                try:
                    self.link.send(kind, BUILDERS[kind](f"{kind}-{number:06}"))
                    break
                except LocalProtocolError:
                    continue
            if number % pause_every == 0:
                await asyncio.sleep(0.005)

    async def has(self, count: int, seconds: float = 60) -> None:
        """Return when so many messages were taken, or the time is over."""
        ends = asyncio.get_running_loop().time() + seconds
        while len(self.taken) < count and asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(0.02)


def expected(kinds: dict[str, int]) -> list[str]:
    """What must have arrived, each once."""
    return sorted(
        f"{kind}:{kind}-{number:06}" for kind, last in kinds.items() for number in range(1, last + 1)
    )
