"""The street on which everybody speaks FIX: each party is an initiator that calls the desk over TCP.

Clients and dealers behave as they do on the plain street; only what they say and hear crosses a wire. The sessions' own
word says who is up; what a counterparty could not say in FIX (our own people's needs, what was already unreadable) goes
to the desk directly.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.dialect import Dialect
from fix_gateway.errors import LocalProtocolError
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore
from fix_gateway.shell.connection import Link
from fix_gateway.shell.initiator import Backoff, Initiator, Place
from fix_gateway.shell.ports import Silent
from rfq.domain.events import Event
from rfq.domain.ids import PartyId
from rfq.ops.schedule import Schedule
from rfq.sim.dice import Dice
from rfq.sim.mirror import Mirror
from rfq.sim.street import Counterparty, Left, Street

BACKOFF: Final = Backoff(first_s=0.05, most_s=1.0)
DRAIN_S: Final = 1.0
HEARTBEAT_S: Final = 10


class FixStreet(Street):
    """A street of initiators. Nothing is called before `open` says where the desk listens."""

    def __init__(
        self,
        schedule: Schedule,
        dice: Dice,
        offer: Callable[[Event], object],
        left: Left,
        *,
        dialects: Callable[[PartyId], Dialect],
        comp_id: str,
    ) -> None:
        super().__init__(schedule, dice, offer, left)
        self._dialects = dialects
        self._comp_id = comp_id
        self._callers: dict[PartyId, _Caller] = {}
        self.faults: list[str] = []
        """What a counterparty's engine found wrong with what the desk sent."""

    def join(self, party: PartyId, counterparty: Counterparty) -> None:
        """A party comes to the street; it has not called yet."""
        super().join(party, counterparty)
        mirror = Mirror(party, self._dialects(party), self._schedule.now)
        self._callers[party] = _Caller(self, mirror, counterparty, self._dialects(party), self._comp_id)

    def is_up(self, party: PartyId) -> bool:
        """True while its session is up."""
        caller = self._callers.get(party)
        return caller is not None and caller.link.is_up

    def connect(self, party: PartyId) -> None:
        """It calls, and goes on calling."""
        self._callers[party].wanted.set()
        self._callers[party].unwanted.clear()

    def disconnect(self, party: PartyId) -> None:
        """Its line is cut."""
        caller = self._callers[party]
        caller.wanted.clear()
        caller.unwanted.set()
        caller.link.drop("the line is cut")

    def say(self, party: PartyId, event: Event, after_s: float = 0.0) -> None:
        """The party's word to the desk, after thinking for `after_s` seconds."""
        caller = self._callers[party]
        if caller.mirror.can_say(event):
            self.later(after_s, lambda: caller.say(event))
        else:
            super().say(party, event, after_s)

    def open(self, port: int) -> None:
        """The desk listens here."""
        for caller in self._callers.values():
            caller.open(port)

    async def close(self) -> None:
        """Everybody hangs up."""
        await asyncio.gather(*(caller.close() for caller in self._callers.values()))


class _Caller:
    """One party's engine."""

    def __init__(
        self, street: FixStreet, mirror: Mirror, counterparty: Counterparty, dialect: Dialect, comp_id: str
    ) -> None:
        self.mirror = mirror
        self.wanted = asyncio.Event()
        self.unwanted = asyncio.Event()
        self._street, self._counterparty, self._dialect = street, counterparty, dialect
        settings = SessionSettings(
            name=f"caller-{mirror.party}",
            begin=dialect.begin,
            appl=dialect.appl,
            sender=str(mirror.party),
            target=comp_id,
            initiator=True,
            heartbeat_s=HEARTBEAT_S,
        )
        session = Session(settings, MemoryStore(), Decoder(dialect.dictionary))
        self.link = Link(session, self, street.now, Silent())
        self._task: asyncio.Task[None] | None = None

    def open(self, port: int) -> None:
        """Begin to do what is wanted."""
        place = Place(addresses=(("127.0.0.1", port),), backoff=BACKOFF)
        self._task = asyncio.get_running_loop().create_task(self._run(place))

    async def close(self) -> None:
        """Hang up for good."""
        if self._task is None:
            return
        self.wanted.clear()
        self.unwanted.set()
        if self.link.transport is not None:
            self.link.logout()
            await asyncio.wait([asyncio.ensure_future(self.link.gone())], timeout=DRAIN_S)
        self._task.cancel()
        await asyncio.wait([self._task])
        self.link.drop("the demo is over")

    async def _run(self, place: Place) -> None:
        while True:
            await self.wanted.wait()
            initiator = Initiator(self.link, place, self._street.now, Silent())
            initiator.open()
            try:
                await self.unwanted.wait()
            finally:
                await initiator.close(drain_s=0.0)

    def say(self, event: Event) -> None:
        """Now, if it is still on the line; else nobody hears it."""
        try:
            for message in self.mirror.speak(event):
                msg_type, body = self._dialect.speech.write(message)
                self.link.send(msg_type, body)
        except LocalProtocolError:
            return

    # --- the application of the session ------------------------------------------------------------------------

    def on_up(self, link: Link) -> None:
        """The desk knows by its own session."""

    def on_down(self, link: Link, reason: str) -> None:
        """The desk knows by its own session."""

    def on_message(self, link: Link, message: Decoded) -> bool:
        """The desk's word."""
        if message.msg_type == "j":
            text = message.text(58).decode("latin-1")
            self._street.faults.append(f"{self.mirror.party}: {message.text(372)!r} refused: {text}")
        for effect in self.mirror.hear(message):
            self._counterparty.hear(effect)
        return True
