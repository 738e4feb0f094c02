"""A counterparty's side of the wire, made of the desk's own: what a client says is what a taker's desk would say, and
what a dealer hears is what a maker's desk would hear.

Clients and dealers of this market speak in events (as the desk hears them) and hear effects (as the desk says them).
The mirror turns such an event into the effect that would be said on the other side, and what was heard back into one.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from fix_gateway.codec.decoded import Decoded
from fix_gateway.dialect import Dialect
from fix_gateway.errors import Fault
from fix_gateway.messages.words import QuoteStatus
from pricing.quoting import QuotePrice
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.fills import Fill
from rfq.domain.ids import AcceptId, ChainId, FillId, PartyId, QuoteId, RfqId
from rfq.domain.lifecycle import QuoteState
from rfq.domain.outcome import Outcome
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Role, Side
from rfq.wire.book import Asked, Book
from rfq.wire.counter import no_quote
from rfq.wire.heard import Said
from rfq.wire.inbound_fix import Listener
from rfq.wire.outbound_fix import Message, Speaker
from rfq.wire.peers import Peer
from rfq.wire.symbols import Symbols

THE_DESK: Final = PartyId("desk")
_NOBODY: Final = ChainId("nobody")
_ZERO: Final = Decimal(0)
ACCEPTS_MAX: Final = 2_000
_WHY: Final = Reason(code=Code.USER)


class Mirror:
    """One counterparty's words."""

    def __init__(self, party: PartyId, dialect: Dialect, now: Callable[[], int]) -> None:
        self.party = party
        self._dialect = dialect
        self._now = now
        self._book = Book(_NOBODY)
        self._peer = Peer(name=str(party), party=THE_DESK)
        self._speaker = Speaker(self._book, Symbols(), no_quote(dialect))
        self._listener = Listener(lambda name: True, lambda offer: QuoteStatus.NOT_FOUND)
        self._count = 0
        self._accepts: dict[str, fx.AcceptQuote] = {}
        self._say: dict[type, Callable[[Any], fx.Outward | None]] = {
            ev.RfqReceived: self._ask,
            ev.AcceptReceived: self._accept,
            ev.OutcomeHeard: self._outcome,
            ev.RfqCancelled: lambda event: fx.WithdrawRfq(
                to=THE_DESK, rfq=RfqId(event.reference), reason=_WHY
            ),
            ev.QuoteReceived: self._quote,
            ev.QuoteWithdrawn: lambda event: fx.WithdrawQuote(
                to=THE_DESK, rfq=event.rfq, quote=QuoteId(event.reference), reason=_WHY
            ),
            ev.DealerPassed: lambda event: fx.RefuseRfq(
                to=THE_DESK, reference=event.rfq, rfq=event.rfq, reason=event.reason
            ),
            ev.FillReported: self._fill,
            ev.AcceptRefused: self._refuse,
        }
        self._hear: dict[type, Callable[[Any], fx.Outward | None]] = {
            ev.QuoteReceived: self._quoted,
            ev.QuoteWithdrawn: lambda event: fx.WithdrawQuote(
                to=party, rfq=event.rfq, quote=QuoteId(event.reference), reason=_WHY
            ),
            ev.DealerPassed: lambda event: fx.RefuseRfq(to=party, reference=event.rfq, reason=event.reason),
            ev.FillReported: self._filled,
            ev.AcceptRefused: self._refused,
            ev.RfqReceived: self._asked,
            ev.AcceptReceived: self._accepted,
            ev.RfqCancelled: lambda event: fx.WithdrawRfq(to=party, rfq=RfqId(event.reference), reason=_WHY),
            ev.OutcomeHeard: self._told,
        }

    # --- speaking ----------------------------------------------------------------------------------------------

    def speak(self, event: ev.Event) -> tuple[Message, ...]:
        """What the party says, as messages; none if it has no words for it."""
        say = self._say.get(type(event))
        effect = say(event) if say is not None else None
        if effect is None:
            return ()
        self._count += 1
        return self._speaker.say(effect, f"{self.party}.{self._now()}.{self._count}", self._now())

    def can_say(self, event: ev.Event) -> bool:
        """True if such an event is something that a counterparty says."""
        return type(event) in self._say

    def _ask(self, event: ev.RfqReceived) -> fx.Outward:
        effect = fx.AskDealer(
            to=THE_DESK,
            rfq=RfqId(event.reference),
            ask=event.ask,
            expires_at=event.ask.expires_at,
            not_after_at=0,
        )
        self._book.learn(event, (effect,))
        return effect

    def _accept(self, event: ev.AcceptReceived) -> fx.Outward | None:
        quote = self._book.quoted(THE_DESK, event.quote)
        price = None if quote is None else (quote.offer if event.side is Side.BUY else quote.bid)
        if quote is None or price is None:
            return None
        effect = fx.AcceptQuote(
            to=THE_DESK,
            rfq=quote.rfq,
            quote=event.quote,
            reference=event.quote,
            accept=AcceptId(event.reference),
            side=event.side,
            amount=event.amount,
            price=price,
            not_after_at=quote.expires_at,
        )
        self._book.learn(event, (effect,))
        self._keep(effect)
        return effect

    def _outcome(self, event: ev.OutcomeHeard) -> fx.Outward | None:
        quote = self._book.quoted(THE_DESK, event.quote)
        if quote is None:
            return None
        return fx.TellOutcome(
            to=THE_DESK, rfq=quote.rfq, reference=event.quote, outcome=event.outcome, cover=event.cover
        )

    def _quote(self, event: ev.QuoteReceived) -> fx.Outward | None:
        if self._book.request(event.rfq) is None or _is_wrong(event):
            return None
        effect = fx.SendQuote(
            to=THE_DESK,
            reference=event.rfq,
            quote=_quote_of(event, self.party, self._now()),
            price=QuotePrice(fair=_ZERO),
            model="",
            policy="",
            not_after_at=0,
        )
        self._book.learn(event, (effect,))
        return effect

    def _fill(self, event: ev.FillReported) -> fx.Outward | None:
        effect = self._accepts.get(event.accept)
        if effect is None:
            return None
        fill = _fill_of(effect, event, THE_DESK, Role.MAKER, self._now())
        return fx.ConfirmFill(to=THE_DESK, reference=event.accept, fill=fill)

    def _refuse(self, event: ev.AcceptRefused) -> fx.Outward:
        effect = self._accepts.get(event.accept)
        quote = QuoteId(effect.reference) if effect is not None else QuoteId("")
        return fx.RefuseAccept(to=THE_DESK, reference=event.accept, quote=quote, reason=event.reason)

    def _keep(self, effect: fx.AcceptQuote) -> None:
        """Remember an acceptance, said or heard."""
        if len(self._accepts) >= ACCEPTS_MAX:
            del self._accepts[next(iter(self._accepts))]
        self._accepts[effect.accept] = effect

    # --- hearing -----------------------------------------------------------------------------------------------

    def hear(self, message: Decoded) -> list[fx.Outward]:
        """What the desk said, as effects."""
        found = self._dialect.speech.read(message)
        if isinstance(found, Fault):
            return []
        said = Said(
            party=THE_DESK,
            peer=self._peer,
            book=self._book,
            again=message.poss_dup or message.poss_resend,
            msg_type=message.msg_type,
            seq=message.seq,
            now=self._now(),
        )
        heard: list[fx.Outward] = []
        for event in self._listener.hear(said, found).events:
            turn = self._hear.get(type(event))
            effect = turn(event) if turn is not None else None
            if effect is not None:
                heard.append(effect)
        return heard

    def _quoted(self, event: ev.QuoteReceived) -> fx.Outward:
        self._book.learn(event, ())
        return fx.SendQuote(
            to=self.party,
            reference=event.rfq,
            quote=_quote_of(event, THE_DESK, self._now()),
            price=QuotePrice(fair=_ZERO),
            model="",
            policy="",
            not_after_at=event.expires_at,
        )

    def _filled(self, event: ev.FillReported) -> fx.Outward | None:
        effect = self._accepts.get(event.accept)
        if effect is None:
            return None
        fill = _fill_of(effect, event, self.party, Role.MAKER, self._now())
        return fx.ConfirmFill(to=self.party, reference=event.accept, fill=fill)

    def _refused(self, event: ev.AcceptRefused) -> fx.Outward | None:
        effect = self._accepts.get(event.accept)
        if effect is None:
            return None
        return fx.RefuseAccept(to=self.party, reference=event.accept, quote=effect.quote, reason=event.reason)

    def _asked(self, event: ev.RfqReceived) -> fx.Outward:
        rfq = RfqId(event.reference)
        self._book.keep(rfq, Asked(Role.MAKER, THE_DESK, event.reference, event.ask))
        return fx.AskDealer(
            to=self.party,
            rfq=rfq,
            ask=event.ask,
            expires_at=event.ask.expires_at,
            not_after_at=event.ask.expires_at,
        )

    def _accepted(self, event: ev.AcceptReceived) -> fx.Outward | None:
        self._book.learn(event, ())
        offer = self._book.offer(event.quote)
        price = offer.quote.price_for(event.side) if offer is not None else None
        if offer is None or price is None:
            return None
        effect = fx.AcceptQuote(
            to=self.party,
            rfq=offer.quote.rfq,
            quote=event.quote,
            reference=event.quote,
            accept=AcceptId(event.reference),
            side=event.side,
            amount=event.amount,
            price=price,
            not_after_at=offer.quote.expires_at,
        )
        self._keep(effect)
        return effect

    def _told(self, event: ev.OutcomeHeard) -> fx.Outward | None:
        offer = self._book.offer(event.quote)
        if offer is None:
            return None
        rfq = offer.quote.rfq
        if event.outcome is Outcome.PASSED:
            return fx.RefuseQuote(to=self.party, rfq=rfq, reference=event.quote, reason=_WHY)
        return fx.TellOutcome(
            to=self.party, rfq=rfq, reference=event.quote, outcome=event.outcome, cover=event.cover
        )


def _is_wrong(event: ev.QuoteReceived) -> bool:
    """A quote that could not be one (no side, or crossed)."""
    bid, offer = event.bid, event.offer
    return (bid is None and offer is None) or (bid is not None and offer is not None and bid > offer)


def _quote_of(event: ev.QuoteReceived, maker: PartyId, now: int) -> Quote:
    return Quote(
        id=QuoteId(event.reference),
        rfq=event.rfq,
        maker=maker,
        reference=event.reference,
        state=QuoteState.ACTIVE,
        received_at=now,
        expires_at=event.expires_at,
        bid=event.bid,
        offer=event.offer,
        bid_amount=event.bid_amount,
        offer_amount=event.offer_amount,
        firm=event.firm,
        all_or_none=event.all_or_none,
    )


def _fill_of(
    effect: fx.AcceptQuote, event: ev.FillReported, counterparty: PartyId, role: Role, now: int
) -> Fill:
    return Fill(
        id=FillId(event.reference),
        rfq=effect.rfq,
        quote=effect.quote,
        accept=effect.accept,
        role=role,
        counterparty=counterparty,
        side=effect.side,
        amount=event.amount,
        price=event.price,
        fair=_ZERO,
        reference=event.accept,
        at=now,
    )
