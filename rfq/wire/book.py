"""What the wire remembers: which request an id means, whom we asked, what we quoted, what was accepted.

An effect names an Rfq or a quote; its message must name them as the counterparty does, and spell the instrument. All of
this was in earlier records. The book learns from each record as it is handled; what it no longer remembers it reads
again from the log, for an id of the desk's names the record that it was made in.
"""

import re
from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar

from fix_gateway.messages.words import Side as FixSide
from rfq.domain.effects import (
    AcceptQuote,
    AskDealer,
    Effect,
    Estimate,
    RefuseQuote,
    RefuseRfq,
    SendQuote,
)
from rfq.domain.events import AcceptReceived, Event, NeedPosted, QuoteReceived, RfqReceived, Stamped
from rfq.domain.ids import ChainId, PartyId
from rfq.domain.request import Ask, Role

ROOM: Final = 10_000
"""How many of each are remembered."""
ROOM_OF_ONE: Final = 2_000
"""How many quotes of one dealer are."""

Recall = Callable[[int], tuple[Event, tuple[Effect, ...]] | None]
"""The event and the effects of a record by its number; None if there is none."""
_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Asked(NamedTuple):
    """A request: who asked (we or a client), under which id of its own, for what."""

    role: Role
    party: PartyId
    reference: str
    ask: Ask


class Ordered(NamedTuple):
    """An order that could not be read as an acceptance, as far as it could."""

    side: FixSide
    amount: Decimal | None
    symbol: str


class Book:
    """One chain's memory of ids."""

    def __init__(self, chain: ChainId, recall: Recall | None = None) -> None:
        self._recall = recall
        self._id = re.compile(re.escape(chain) + r"-[a-z]([0-9a-f]{1,15})-[0-9a-f]{1,4}")
        self._requests: dict[str, Asked] = {}
        self._panel: dict[tuple[PartyId, str], None] = {}
        self._offers: dict[str, SendQuote] = {}
        self._theirs: dict[PartyId, dict[str, QuoteReceived]] = {}
        self._accepts: dict[tuple[PartyId, str], AcceptReceived] = {}
        self._ours: dict[str, AcceptQuote] = {}
        self._orders: dict[tuple[PartyId, str], Ordered] = {}
        self._on_effect: dict[type, Callable[[Event, Any], None]] = {
            Estimate: self._on_estimate,
            RefuseRfq: self._on_refusal,
            AskDealer: self._on_ask,
            SendQuote: self._on_offer,
            AcceptQuote: self._on_accept,
        }

    def observe(self, stamped: Stamped, effects: tuple[Effect, ...]) -> None:
        """An observer of the loop."""
        self.learn(stamped.event, effects)

    def learn(self, event: Event, effects: tuple[Effect, ...]) -> None:
        """What one record tells."""
        kind = type(event)
        if kind is AcceptReceived:
            assert isinstance(event, AcceptReceived)
            self._keep(self._accepts, (event.party, event.reference), event)
        elif kind is QuoteReceived:
            assert isinstance(event, QuoteReceived)
            if not any(type(effect) is RefuseQuote for effect in effects):
                theirs = self._theirs.setdefault(event.dealer, {})
                self._keep(theirs, event.reference, event, ROOM_OF_ONE)
        for effect in effects:
            learn = self._on_effect.get(type(effect))
            if learn is not None:
                learn(event, effect)

    def keep(self, rfq: str, asked: Asked) -> None:
        """Remember a request."""
        self._keep(self._requests, rfq, asked)

    def keep_order(self, party: PartyId, reference: str, ordered: Ordered) -> None:
        """Remember an order until it is answered."""
        self._keep(self._orders, (party, reference), ordered, ROOM_OF_ONE)

    # --- what is asked of it -----------------------------------------------------------------------------------

    def request(self, rfq: str) -> Asked | None:
        """The request behind an Rfq's id."""
        return self._find(self._requests, rfq, rfq)

    def was_asked(self, dealer: PartyId, rfq: str) -> bool:
        """Whether we asked this dealer under this id. Nobody else's ids mean anything to it."""
        if (dealer, rfq) in self._panel:
            return True
        asked = self.request(rfq)
        if asked is None or asked.role is not Role.TAKER:
            return False
        return (dealer, rfq) in self._panel

    def offer(self, quote: str) -> SendQuote | None:
        """A quote of ours by its id."""
        return self._find(self._offers, quote, quote)

    def quoted(self, dealer: PartyId, reference: str) -> QuoteReceived | None:
        """A dealer's quote by its own id for it."""
        return self._theirs.get(dealer, {}).get(reference)

    def quotes_of(self, dealer: PartyId) -> list[QuoteReceived]:
        """All that is remembered of a dealer's quotes."""
        return list(self._theirs.get(dealer, {}).values())

    def accepted(self, party: PartyId, reference: str, identifier: str = "") -> AcceptReceived | None:
        """A client's acceptance by its own id for it, or by ours."""
        return self._find(self._accepts, (party, reference), identifier)

    def ordered(self, party: PartyId, reference: str) -> Ordered | None:
        """A client's order that was no acceptance."""
        return self._orders.get((party, reference))

    def acceptance(self, accept: str) -> AcceptQuote | None:
        """An acceptance of ours by its id."""
        return self._find(self._ours, accept, accept)

    def cause(self, number: int) -> Event | None:
        """The event of a record."""
        found = self._recall(number) if self._recall is not None else None
        return None if found is None else found[0]

    # --- how it learns -----------------------------------------------------------------------------------------

    def _find(self, among: dict[_K, _V], key: _K, identifier: str) -> _V | None:
        found = among.get(key)
        if found is None and identifier and self._recall is not None:
            named = self._id.fullmatch(identifier)
            record = self._recall(int(named[1], 16)) if named else None
            if record is not None:
                self.learn(*record)
                found = among.get(key)
        return found

    def _keep(self, among: dict[_K, _V], key: _K, value: _V, room: int = ROOM) -> None:
        if len(among) >= room:
            del among[next(iter(among))]
        among[key] = value

    def _on_estimate(self, event: Event, effect: Estimate) -> None:
        if isinstance(event, RfqReceived):
            asked = Asked(Role.MAKER, event.party, event.reference, event.ask)
            self._keep(self._requests, effect.rfq, asked)
        elif isinstance(event, NeedPosted):
            asked = Asked(Role.TAKER, event.party, event.reference, event.ask)
            self._keep(self._requests, effect.rfq, asked)

    def _on_refusal(self, event: Event, effect: RefuseRfq) -> None:
        if effect.rfq and isinstance(event, RfqReceived):
            asked = Asked(Role.MAKER, event.party, event.reference, event.ask)
            self._keep(self._requests, effect.rfq, asked)

    def _on_ask(self, event: Event, effect: AskDealer) -> None:
        party = event.party if isinstance(event, NeedPosted) else PartyId("")
        self._keep(self._requests, effect.rfq, Asked(Role.TAKER, party, "", effect.ask))
        self._keep(self._panel, (effect.to, effect.rfq), None)

    def _on_offer(self, event: Event, effect: SendQuote) -> None:
        self._keep(self._offers, effect.quote.id, effect)

    def _on_accept(self, event: Event, effect: AcceptQuote) -> None:
        self._keep(self._ours, effect.accept, effect)
