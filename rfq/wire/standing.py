"""How our quotes stand, as far as their clients were told or have said themselves: what a QuoteStatusRequest is
answered from. A quote is active, or traded, only once that has left: an answer never says more than a durable record.
"""

from typing import Final, TypeVar

from fix_gateway.messages.words import QuoteStatus
from rfq.desk.state import DeskState
from rfq.domain.effects import Closed, ConfirmFill, Effect, Outward, SendQuote, WithdrawQuote
from rfq.domain.events import Event, OutcomeHeard, RfqCancelled
from rfq.domain.ids import PartyId
from rfq.domain.lifecycle import QuoteState

ROOM: Final = 50_000
_K = TypeVar("_K")
_V = TypeVar("_V")


class Standings:
    """Fates of quotes by their ids."""

    def __init__(self) -> None:
        self._known: dict[str, QuoteStatus] = {}
        self._newest: dict[str, str] = {}
        self._requests: dict[tuple[PartyId, str], str] = {}

    def begin(self, state: DeskState) -> None:
        """After a restart: what stands in the desk's own book."""
        for card in state.cards.values():
            for quote in card.quotes:
                if quote.state in (QuoteState.PENDING, QuoteState.ACTIVE):
                    self._add(card.rfq.party, card.rfq.reference, quote.rfq, quote.id)

    def heard(self, event: Event) -> None:
        """A client has said this: its own word ends a quote at once."""
        if isinstance(event, RfqCancelled):
            self._end(self._requests.get((event.party, event.reference), ""))
        elif isinstance(event, OutcomeHeard):
            self._cancel(event.quote)

    def observe(self, effects: tuple[Effect, ...]) -> None:
        """What the desk returned: quotes on a request that is over stand no longer."""
        for effect in effects:
            if type(effect) is Closed:
                self._end(effect.rfq)

    def left(self, effect: Outward) -> None:
        """The client was told this."""
        if isinstance(effect, SendQuote):
            quote = effect.quote
            if quote.replaces:
                self._cancel(quote.replaces)
            self._add(effect.to, effect.reference, quote.rfq, quote.id)
        elif isinstance(effect, WithdrawQuote):
            self._cancel(effect.quote)
        elif isinstance(effect, ConfirmFill):
            _put(self._known, effect.fill.quote, QuoteStatus.TRADED)

    def of(self, offer: SendQuote, now: int) -> QuoteStatus:
        """How this quote stands at `now`. One that is no longer remembered stands no longer."""
        found = self._known.get(offer.quote.id, QuoteStatus.CANCELED)
        if found is QuoteStatus.ACTIVE and now >= offer.quote.expires_at:
            return QuoteStatus.EXPIRED
        return found

    def _add(self, party: PartyId, reference: str, rfq: str, quote: str) -> None:
        """A quote stands; on each request the newest one does."""
        _put(self._known, quote, QuoteStatus.ACTIVE)
        _put(self._newest, rfq, quote)
        _put(self._requests, (party, reference), rfq)

    def _end(self, rfq: str) -> None:
        self._cancel(self._newest.get(rfq, ""))

    def _cancel(self, quote: str) -> None:
        if self._known.get(quote) is QuoteStatus.ACTIVE:
            self._known[quote] = QuoteStatus.CANCELED


def _put(among: dict[_K, _V], key: _K, value: _V) -> None:
    if key not in among and len(among) >= ROOM:
        del among[next(iter(among))]
    among[key] = value
