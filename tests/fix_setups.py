"""Engines for the scripts in tests/scenarios/fix: what is agreed with each counterparty, and what our application does.

Each set-up yields how connection n is opened, and what `iDO` does. A counterparty's CompID says what is special
about it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fix_links import Authority, Street, street, until
from fix_script import Ask, Dial, End, Failed, no_wishes

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.dictionary.standard import load
from fix_gateway.journal.journal import Journal
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore, Store
from fix_gateway.shell.acceptor import Door, Seat, networks
from fix_gateway.shell.connection import Link
from fix_gateway.shell.initiator import Backoff, Initiator, Place
from fix_gateway.shell.ports import LinkSettings, Rate
from fix_gateway.shell.schedule import THURSDAY, WEEK, Timetable
from fix_gateway.shell.secure import Tls, acceptor_context, initiator_context

HOST = "127.0.0.1"
HOUR = 3_600_000_000_000
APPL = {"FIX.4.2": "", "FIX.4.4": "", "FIXT.1.1": "9"}
DECODERS = {begin: Decoder(load(begin, appl)) for begin, appl in APPL.items()}
SOON = Backoff(first_s=0.02, most_s=0.05)
Setup = Callable[[Path], AbstractAsyncContextManager[tuple[Dial, Ask]]]


def parrot(link: Link, message: Decoded) -> bool:
    """Executes an order, quotes a quote request. Two ids are special: BOOM is a bug, HOLD is never finished with."""
    order = message.text(11)
    if order == b"BOOM":
        raise ValueError("boom")
    if message.msg_type == "D" and order != b"HOLD":
        parts = (
            b"37=x-",
            order,
            b"\x0111=",
            order,
            b"\x0117=e-",
            order,
            b"\x01150=0\x0139=0\x0155=BTC\x0154=1",
        )
        link.send("8", b"".join(parts) + b"\x01151=5\x0114=0\x016=0\x01")
    elif message.msg_type == "R":
        asked = message.text(131)
        link.send("S", b"131=%b\x01117=q-%b\x0155=BTC\x01132=99\x01133=101\x01" % (asked, asked))
    return order != b"HOLD"


@asynccontextmanager
async def dialling(port: int) -> AsyncIterator[tuple[Dial, Ask]]:
    """An engine that listens already."""

    async def dial(link: int) -> End:
        return End(*await asyncio.open_connection(HOST, port))

    yield dial, no_wishes


@asynccontextmanager
async def entry(folder: Path) -> AsyncIterator[tuple[Dial, Ask]]:
    """Who is let in."""
    door = Door(guest_s=0.4, guest_bytes_max=4_096, guests_max=3)
    async with street(door) as desk:
        desk.application.answer = parrot
        now = desk.time.now()
        closed = Timetable(windows=(((now + THURSDAY + 12 * HOUR) % WEEK, HOUR),))
        desk.add("ALPHA")
        desk.add("SECRET", username="alpha", password="open sesame")
        desk.add("NO-RESETS", reset_allowed=False)
        desk.add("FAR-AWAY", allowed=networks(["10.0.0.0/8"]))
        desk.add("CLOSED", settings=LinkSettings(timetable=closed))
        desk.add("BOUNDS", heartbeat_s_min=10, heartbeat_s_max=60)
        closing: list[asyncio.Task[None]] = []

        async def ask(words: list[str]) -> None:
            if words != ["close"]:
                await no_wishes(words)
            closing.append(asyncio.create_task(desk.acceptor.close("until tomorrow", drain_s=2.0)))

        async with dialling(desk.port) as (dial, _):
            yield dial, ask
        for task in closing:
            await task


@asynccontextmanager
async def limits(folder: Path) -> AsyncIterator[tuple[Dial, Ask]]:
    """What a counterparty may cost."""
    async with street() as desk:
        desk.application.answer = parrot
        desk.add("ALPHA")
        desk.add("EAGER", settings=LinkSettings(rate=Rate(per_s=0.001, burst=3)))
        last = Rate(per_s=0.001, burst=2, then="disconnect", reason=99)
        desk.add("TOO-EAGER", settings=LinkSettings(rate=last))
        fixt = {"begin": "FIXT.1.1", "appl": "9"}
        mixed = Decoder(load("FIXT.1.1", "9"), {b"6": load("FIXT.1.1", "6")})
        _seat(desk, "MIXED", MemoryStore(), {**fixt, "appls": ("6",)}, decoder=mixed)
        _seat(desk, "EAGER-50", MemoryStore(), fixt, LinkSettings(rate=Rate(per_s=0.001, burst=1)))
        desk.add("FORGETFUL", resend_same_max=3, replay=None)
        desk.add("DEAF", resend_again_s=0.2, resend_tries_max=2)
        desk.add("AHEAD", queue_max=2)
        desk.add("SMALL", message_bytes_max=1_000)
        desk.add("FREE", decoder=Decoder(load("FIX.4.4"), user_defined=True))
        desk.add("MICROS", stamp_digits=6)
        desk.add("NANOS", stamp_digits=9)
        async with dialling(desk.port) as found:
            yield found


@asynccontextmanager
async def kept(folder: Path) -> AsyncIterator[tuple[Dial, Ask]]:
    """Numbers go on from connection to connection, and from one life of the program to the next (`iDO restart`)."""
    names: dict[str, dict[str, Any]] = {
        "ALPHA": {},
        "OLD": {"begin": "FIX.4.2"},
        "NEW": {"begin": "FIXT.1.1", "appl": "9"},
        "NEXT": {"next_expected": True},
        "NEXT-ALL": {"next_expected": True, "replay": None},
        "CLEAN": {"reset_on_logout": True},
        "CUT": {"reset_on_disconnect": True},
    }
    async with street() as desk:
        desk.application.answer = parrot
        journals: list[Journal] = []

        async def ask(words: list[str]) -> None:
            match words:
                case ["restart"]:
                    restart()
                case ["reset", name]:
                    link = desk.seats["FIX.4.4", name, "DESK"].link
                    link.session.reset(desk.time.now())
                    link.accepted(0)  # whatever it has to say now is written
                case _:
                    await no_wishes(words)

        def restart() -> None:
            for seat in desk.seats.values():
                seat.link.drop("restart")
            while journals:
                journals.pop().close()
            for name, changes in names.items():
                now = desk.time.now()
                journals.append(Journal.open(folder / f"{name}.journal", durability="os", now=now))
                _seat(desk, name, journals[-1], changes)

        restart()
        try:
            async with dialling(desk.port) as (dial, _):
                yield dial, ask
        finally:
            for seat in desk.seats.values():
                seat.link.drop("the end")
            for journal in journals:
                journal.close()


def _seat(
    desk: Street,
    name: str,
    store: Store,
    changes: dict[str, Any],
    limits: LinkSettings | None = None,
    decoder: Decoder | None = None,
) -> None:
    given = {"name": name, "begin": "FIX.4.4", "sender": "DESK", "target": name, **changes}
    settings = SessionSettings(**given)
    session = Session(settings, store, decoder or DECODERS[settings.begin])
    link = Link(session, desk.application, desk.time.now, desk.lines, settings=limits)
    desk.seats[settings.begin, name, "DESK"] = Seat(link=link)


class Outsider(End):
    """Speaks FIX where TLS is spoken; what TLS says to that is not a message."""

    async def hung_up(self) -> None:
        while await self._more():
            if not self._held.startswith(b"\x15\x03"):
                raise Failed(f"the engine said {self._held!r} in the clear")
        self._held = b""


@asynccontextmanager
async def secure(folder: Path) -> AsyncIterator[tuple[Dial, Ask]]:
    """TLS with client certificates. Connection 1 shows alpha's, 2 beta's, 3 none, 4 knows no TLS, and 5 shows one
    that is alpha's by its own word only."""
    (folder / "strange").mkdir()
    ours, strange = Authority(folder), Authority(folder / "strange", "strange")
    forged = strange.issue("alpha")
    contexts = {
        1: initiator_context(ours.issue("alpha")),
        2: initiator_context(ours.issue("beta")),
        3: initiator_context(Tls(authorities=ours.path)),
        5: initiator_context(Tls(certificate=forged.certificate, key=forged.key, authorities=ours.path)),
    }
    async with street(Door(tls=acceptor_context(ours.issue("localhost")))) as desk:
        desk.application.answer = parrot
        desk.add("ALPHA", certificate="CN=alpha,O=Desk Ltd,C=DE")
        desk.add("ANYBODY")

        async def dial(link: int) -> End:
            if link not in contexts:
                return Outsider(*await asyncio.open_connection(HOST, desk.port))
            return End(
                *await asyncio.open_connection(
                    HOST, desk.port, ssl=contexts[link], server_hostname="localhost"
                )
            )

        yield dial, no_wishes


CALLED: dict[str, dict[str, Any]] = {
    "PLAIN": {},
    "OLD": {"begin": "FIX.4.2"},
    "NEW": {"begin": "FIXT.1.1", "appl": "9"},
    "RESETS": {"reset_on_logon": True},
    "SECRET": {"username": "desk", "password": "open sesame"},
    "NEXT": {"next_expected": True},
    "QUICK": {"heartbeat_s": 1},
    "HASTY": {"logon_s": 0.3},
}


class Calls:
    """The engine as initiator: `iDO call NAME` makes it connect, `iDO order ID` and `iDO logout` make it speak."""

    def __init__(self, port: int, desk: Street) -> None:
        self._port, self._desk = port, desk
        self.made: Initiator | None = None

    async def ask(self, words: list[str]) -> None:
        match words:
            case ["call", name] if self.made is None:
                self._call(name)
            case ["order", name] if self.made is not None:
                await until(lambda: self.made and self.made.link.is_up)
                body = f"11={name}\x0155=BTC\x0154=1\x0160=20260105-08:00:00\x0138=5\x0140=1\x01"
                self.made.link.send("D", body.encode())
            case ["logout"] if self.made is not None:
                await until(lambda: self.made and self.made.link.is_up)
                self.made.link.logout("enough for today")
            case _:
                await no_wishes(words)

    def _call(self, name: str) -> None:
        given = {"name": name, "begin": "FIX.4.4", "sender": "DESK", "target": name, "initiator": True}
        settings = SessionSettings(**{"replay": None, **given, **CALLED[name]})
        session = Session(settings, MemoryStore(), DECODERS[settings.begin])
        now, lines = self._desk.time.now, self._desk.lines
        place = Place(addresses=((HOST, self._port),), backoff=SOON)
        self.made = Initiator(Link(session, self._desk.application, now, lines), place, now, lines)
        self.made.open()


@asynccontextmanager
async def initiator(folder: Path) -> AsyncIterator[tuple[Dial, Ask]]:
    """The engine connects to us."""
    came: asyncio.Queue[End] = asyncio.Queue()

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.put_nowait(End(reader, writer))

    async def dial(link: int) -> End:
        return await came.get()

    async with await asyncio.start_server(welcome, HOST, 0) as server:
        calls = Calls(server.sockets[0].getsockname()[1], Street())
        try:
            yield dial, calls.ask
        finally:
            if calls.made is not None:
                await calls.made.close(drain_s=0)
            while not came.empty():
                with suppress(OSError):
                    await came.get_nowait().close()


SETUPS: dict[str, Setup] = {
    "entry": entry,
    "limits": limits,
    "kept": kept,
    "secure": secure,
    "initiator": initiator,
}
