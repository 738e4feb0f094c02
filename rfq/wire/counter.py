"""The counter where FIX sessions and the desk meet: sessions' messages become events, effects become messages.

It is the Application of every session, and the Wire of the loop for the parties that those sessions reach. The number
of an incoming message is accepted only when the desk's record of it is durable (or that of its refusal): until then a
crash makes the peer send it again, and the desk knows it by its id. What leaves carries the effect's id into the
session's journal, with the last of its messages.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, Protocol

from fix_gateway.codec.decoded import Decoded
from fix_gateway.dialect import Dialect
from fix_gateway.errors import Fault, LocalProtocolError
from fix_gateway.messages.trading import BusinessMessageReject
from fix_gateway.messages.words import BusinessReason
from fix_gateway.shell.connection import Link
from rfq.domain import canon
from rfq.domain.effects import Effect, Outward, RefuseQuote
from rfq.domain.events import (
    Event,
    MessageUnreadable,
    QuoteReceived,
    SessionDown,
    SessionUp,
    Stamped,
)
from rfq.domain.ids import ChainId, PartyId
from rfq.domain.reasons import Code, Reason
from rfq.wire.book import Book
from rfq.wire.departures import Unreachable, Unsayable
from rfq.wire.heard import Heard, Said, rejected, unsupported
from rfq.wire.inbound_fix import Listed, Listener, sender, stranger
from rfq.wire.outbound_fix import Speaker
from rfq.wire.peers import Directory, Peer
from rfq.wire.reading import clean
from rfq.wire.standing import Standings

DELIVER_TO: Final = 128
ANSWER: Final = 694
END_TRADE: Final = b"7"
BEHALF: Final = 115
QUOTE_ID: Final = 117
ANY_QUOTE: Final = "*"
UNSUPPORTED: Final = 11
_KINDS: Final = {
    "R": ("rfq", 131),
    "S": ("quote", 117),
    "AJ": ("accept", 693),
    "D": ("accept", 11),
    "AB": ("accept", 11),
}
"""What the desk can refuse although it could not be read: the event's kind, and the tag of the id."""

Accepted = Callable[[bool], None]
Now = Callable[[], int]


class Offer(Protocol):
    """The loop's inbox."""

    def __call__(
        self,
        event: Event,
        received_at: int | None = None,
        raw: str = "",
        accepted: Accepted | None = None,
    ) -> bool:
        """See rfq.live.loop.Live.offer."""
        ...


def no_quote(dialect: Dialect) -> str:
    """What stands for the quote in a status report about none: 4.4 wants one in every report."""
    report = dialect.dictionary.messages.get("AI")
    return ANY_QUOTE if report is not None and QUOTE_ID in report.required else ""


def says_end(dialect: Dialect) -> bool:
    """Whether a QuoteResponse can say that a trade has ended."""
    answers = dialect.dictionary.fields.get(ANSWER)
    return answers is not None and END_TRADE in answers.values


class Line:
    """One session: who is behind it, how it speaks, and its link once it is up."""

    __slots__ = ("dialect", "link", "peer", "speaker", "speech")

    def __init__(self, peer: Peer, dialect: Dialect, book: Book) -> None:
        self.peer = peer
        self.dialect = dialect
        self.speech = dialect.speech
        self.speaker = Speaker(book, peer.symbols, no_quote(dialect), says_end(dialect))
        self.link: Link | None = None


class Counter:
    """All sessions of one desk."""

    def __init__(
        self,
        peers: Iterable[Peer],
        dialects: Mapping[str, Dialect],
        *,
        chain: ChainId,
        offer: Offer,
        now: Now,
        listed: Listed,
        book: Book | None = None,
    ) -> None:
        """`dialects` by the name of the session; `listed` tells which instruments there are."""
        self.directory = Directory(peers)
        self.book = book or Book(chain)
        self.standings = Standings()
        self.heard: Callable[[Link], None] | None = None
        """Told when a session that only gets drop copies is up."""
        self._offer = offer
        self._now = now
        self._listener = Listener(listed, lambda quote: self.standings.of(quote, now()))
        self._taken: set[tuple[PartyId, str]] = set()
        self._lines = {
            name: Line(peer, dialects[name], self.book) for name, peer in self.directory.peers.items()
        }

    @property
    def parties(self) -> tuple[PartyId, ...]:
        """Everybody who is reached from here."""
        return tuple(party for line in self._lines.values() for party in line.peer.parties)

    def is_up(self, party: PartyId) -> bool:
        """Whether the party can be reached now."""
        found = self.directory.route(party)
        link = self._lines[found[0].name].link if found is not None else None
        return link is not None and link.is_up

    def line(self, name: str) -> Line:
        """A session by its name."""
        return self._lines[name]

    def observe(self, stamped: Stamped, effects: tuple[Effect, ...]) -> None:
        """An observer of the loop: the book learns, and quotes that were taken in are remembered until they are
        durable, to be acknowledged then."""
        event = stamped.event
        self.book.learn(event, effects)
        self.standings.observe(effects)
        if type(event) is QuoteReceived and not any(type(effect) is RefuseQuote for effect in effects):
            found = self.directory.route(event.dealer)
            if found is not None and found[0].acknowledges:
                self._taken.add((event.dealer, event.reference))

    # --- the application of the sessions -----------------------------------------------------------------------

    def on_up(self, link: Link) -> None:
        """Its parties can be reached."""
        line = self._lines[link.name]
        line.link = link
        for party in line.peer.parties:
            self._offer(SessionUp(party=party))
        if line.peer.drop_copy and self.heard is not None:
            self.heard(link)

    def on_down(self, link: Link, reason: str) -> None:
        """Its parties can not be reached."""
        line = self._lines[link.name]
        line.link = None
        for party in line.peer.parties:
            self._offer(SessionDown(party=party))

    def on_message(self, link: Link, message: Decoded) -> bool:
        """True if nothing of it goes to the desk; else it is accepted when the desk's record of it is durable."""
        received_at = self._now()
        line = self._lines[link.name]
        heard = self._hear(line, message, received_at)
        for reply in heard.replies:
            self._reply(line, link, message, reply)
        waiting = len(heard.events)
        if not waiting:
            return True
        raw = canon.digest(message.raw)
        left = [waiting]
        for event in heard.events:
            self.standings.heard(event)
            accepted = partial(self._on_accepted, line, link, message, event, left)
            self._offer(event, received_at, raw, accepted)
        return False

    def _hear(self, line: Line, message: Decoded, now: int) -> Heard:
        """What becomes of a message."""
        peer = line.peer
        found = line.speech.read(message) if not peer.drop_copy else Fault(code=UNSUPPORTED, text="")
        behalf = message.head(BEHALF).decode("latin-1")
        if isinstance(found, Fault):
            return self._misread(peer, message, found, behalf, now)
        party = sender(peer, behalf, found)
        if isinstance(party, Reason):
            return stranger(peer, found, message.msg_type, message.seq, party)
        return self._listener.hear(self._said(peer, party, message, now), found)

    def _said(self, peer: Peer, party: PartyId, message: Decoded, now: int) -> Said:
        return Said(
            party=party,
            peer=peer,
            book=self.book,
            again=message.poss_dup or message.poss_resend,
            msg_type=message.msg_type,
            seq=message.seq,
            now=now,
        )

    def _misread(self, peer: Peer, message: Decoded, fault: Fault, behalf: str, now: int) -> Heard:
        """The version allows this message, the dialect does not."""
        party = peer.sender(behalf, ())
        said = self._said(peer, PartyId("") if isinstance(party, Reason) else party, message, now)
        if fault.code == UNSUPPORTED:
            return unsupported(said)
        tag = fault.tag.decode("latin-1")
        kind = _KINDS.get(message.msg_type)
        if kind is None or isinstance(party, Reason):
            where = f"{fault.text} ({tag})" if tag else fault.text
            return rejected(said, BusinessReason.CONDITIONALLY_MISSING, where)
        reference = clean(message.text(kind[1]).decode("latin-1"))
        reason = Reason(code=Code.UNREADABLE, field=tag, detail=fault.text)
        event = MessageUnreadable(party=party, kind=kind[0], reference=reference, reason=reason)
        return Heard((event,))

    def _on_accepted(
        self, line: Line, link: Link, message: Decoded, event: Event, waiting: list[int], recorded: bool
    ) -> None:
        """A record of the message is durable; or there was no room for it, and that it was turned away is said here."""
        waiting[0] -= 1
        if not recorded:
            busy = BusinessMessageReject(
                ref_msg_type=message.msg_type,
                reason=BusinessReason.NOT_AVAILABLE,
                ref_seq=message.seq,
                text="busy",
            )
            self._reply(line, link, message, busy)
        if type(event) is QuoteReceived and (event.dealer, event.reference) in self._taken:
            self._taken.discard((event.dealer, event.reference))
            self._reply(line, link, message, self._listener.acknowledge(line.peer, self.book, event))
        if not waiting[0]:
            link.accepted(message.seq)

    def _reply(self, line: Line, link: Link, message: Decoded, reply: Any) -> None:
        """Say something that needs no record; if it cannot be said, or nobody is there, it is not."""
        behalf = message.head(BEHALF)
        header = b"%d=%b\x01" % (DELIVER_TO, behalf) if behalf else b""
        try:
            msg_type, body = line.speech.write(reply)
            if link.is_up:
                link.send(msg_type, body, header=header)
        except LocalProtocolError:
            return

    # --- the wire of the loop ----------------------------------------------------------------------------------

    def send(self, effect: Outward, tag: str) -> str:
        """Say an effect to its party now; the hash of (the last of) its messages. All of them are spelled before the
        first one leaves."""
        found = self.directory.route(effect.to)
        line = self._lines[found[0].name] if found is not None else None
        link = line.link if line is not None else None
        if found is None or line is None or link is None or not link.is_up:
            raise Unreachable(f"{effect.to} has no session")
        alias = found[1].encode("latin-1")
        header = b"%d=%b\x01" % (DELIVER_TO, alias) if alias else b""
        messages = line.speaker.say(effect, tag, self._now())
        try:
            spelled = [line.speech.write(message) for message in messages]
        except LocalProtocolError as problem:
            raise Unsayable(str(problem)) from problem
        again = getattr(effect, "again", False)
        raw = b""
        for place, (msg_type, body) in enumerate(spelled, 1):
            mark = tag.encode() if place == len(spelled) else b""
            try:
                _, raw = link.send(msg_type, body, tag=mark, again=again, header=header)
            except LocalProtocolError as problem:
                raise Unreachable(f"{effect.to} has no session: {problem}") from problem
        self.standings.left(effect)
        return canon.digest(raw)
