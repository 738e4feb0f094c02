"""Two desks facing each other without a wire between them: what one says, spelled and read in a dialect, as the other
hears it."""

from decimal import Decimal
from typing import Any

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.encode import frame
from fix_gateway.dialect import Dialect
from fix_gateway.messages.words import QuoteStatus
from pricing.quoting import QuotePrice
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import ChainId, PartyId, QuoteId, RfqId
from rfq.domain.lifecycle import QuoteState
from rfq.domain.quote import Quote
from rfq.domain.request import Ask, Role
from rfq.wire.book import Asked, Book
from rfq.wire.counter import no_quote
from rfq.wire.heard import Heard, Said
from rfq.wire.inbound_fix import Listener
from rfq.wire.outbound_fix import Speaker
from rfq.wire.peers import Peer
from rfq.wire.symbols import Symbols

NOW = 1_767_600_000_000_000_000
S = 1_000_000_000
US, THEM = PartyId("us"), PartyId("them")


class Side:
    """One desk's half of the wire: `me` speaks to `you`."""

    def __init__(
        self, me: PartyId, you: PartyId, dialect: Dialect, names: dict[str, str] | None = None
    ) -> None:
        self.me, self.you, self.dialect = me, you, dialect
        self.book = Book(ChainId(str(me)))
        self.peer = Peer(name=str(you), party=you, symbols=Symbols(names))
        self.speaker = Speaker(self.book, self.peer.symbols, no_quote(dialect))
        self.listener = Listener(lambda name: True, lambda offer: QuoteStatus.ACTIVE)
        self.decoder = Decoder(dialect.dictionary, user_defined=dialect.user_defined)
        self.spelled: list[bytes] = []

    def say(self, effect: fx.Outward, tag: str = "us:7:0") -> list[bytes]:
        """The frames of an effect, each found valid by the dictionary."""
        frames = []
        for message in self.speaker.say(effect, tag, NOW):
            msg_type, body = self.dialect.speech.write(message)
            frames.append(self.frame(msg_type, body))
        return frames

    def frame(self, msg_type: str, body: bytes) -> bytes:
        """A frame of a message."""
        head = f"35={msg_type}\x0149={self.me}\x0156={self.you}\x0134=1\x0152=20260105-08:00:00\x01".encode()
        return frame(self.dialect.begin.encode(), head + body)

    def hear(self, raw: bytes, **more: Any) -> Heard:
        """What a frame of the other side means here."""
        decoded = self.decoder.decode(raw)
        assert decoded.fault is None, (decoded.fault, raw)
        said = Said(
            **{
                "party": self.you,
                "peer": self.peer,
                "book": self.book,
                "again": False,
                "msg_type": decoded.msg_type,
                "seq": 1,
                "now": NOW,
                **more,
            }
        )
        return self.listener.hear(said, self.dialect.speech.read(decoded))

    # what the desk would have learnt before

    def asked_by(self, reference: str, ask: Ask, rfq: str) -> None:
        """As maker: the other side asked."""
        self.book.keep(rfq, Asked(Role.MAKER, self.you, reference, ask))

    def ask(self, rfq: str, ask: Ask, dealer: PartyId | None = None) -> fx.AskDealer:
        """As taker: asking the other side (or somebody else)."""
        effect = fx.AskDealer(
            to=dealer or self.you,
            rfq=RfqId(rfq),
            ask=ask,
            expires_at=ask.expires_at or NOW + 60 * S,
            not_after_at=ask.expires_at or NOW + 60 * S,
            competitors=2,
        )
        self.book.learn(ev.NeedPosted(party=self.me, reference="n", ask=ask), (effect,))
        return effect

    def offer(self, quote: Quote, reference: str, to: PartyId | None = None) -> fx.SendQuote:
        """As maker: a quote to the other side (or somebody else)."""
        effect = fx.SendQuote(
            to=to or self.you,
            reference=reference,
            quote=quote,
            price=QuotePrice(fair=Decimal(0)),
            model="m",
            policy="p",
            not_after_at=quote.expires_at,
        )
        self.book.learn(ev.TimerFired(rfq=quote.rfq), (effect,))
        return effect


def quote(rfq: str, identifier: str, **more: Any) -> Quote:
    """A quote of ours; both sides unless told otherwise."""
    sides: dict[str, Any] = {
        "bid": Decimal(10),
        "offer": Decimal(11),
        "bid_amount": Decimal(5),
        "offer_amount": Decimal(5),
        "expires_at": NOW + 10 * S,
    }
    return Quote(
        id=QuoteId(identifier),
        rfq=RfqId(rfq),
        maker=US,
        reference=identifier,
        state=QuoteState.PENDING,
        received_at=NOW,
        **{**sides, **more},
    )
