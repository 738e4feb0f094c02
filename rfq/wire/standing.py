"""How our quotes stand, as far as their clients were told: what a QuoteStatusRequest is answered from. It knows only
what has left, so an answer never says more than a durable record."""

from typing import Final

from fix_gateway.messages.words import QuoteStatus
from rfq.desk.state import DeskState
from rfq.domain.effects import ConfirmFill, Outward, SendQuote, WithdrawQuote
from rfq.domain.lifecycle import QuoteState

ROOM: Final = 50_000


class Standings:
    """Fates of quotes by their ids."""

    def __init__(self) -> None:
        self._known: dict[str, QuoteStatus] = {}

    def begin(self, state: DeskState) -> None:
        """After a restart: what stands in the desk's own book."""
        for card in state.cards.values():
            for quote in card.quotes:
                if quote.state in (QuoteState.PENDING, QuoteState.ACTIVE):
                    self._known[quote.id] = QuoteStatus.ACTIVE

    def left(self, effect: Outward) -> None:
        """The client was told this."""
        if isinstance(effect, SendQuote):
            self._put(effect.quote.id, QuoteStatus.ACTIVE)
            if effect.quote.replaces:
                self._put(effect.quote.replaces, QuoteStatus.CANCELED)
        elif isinstance(effect, WithdrawQuote):
            self._put(effect.quote, QuoteStatus.CANCELED)
        elif isinstance(effect, ConfirmFill):
            self._put(effect.fill.quote, QuoteStatus.TRADED)

    def of(self, offer: SendQuote, now: int) -> QuoteStatus:
        """How this quote stands at `now`. One that is no longer remembered stands no longer."""
        found = self._known.get(offer.quote.id, QuoteStatus.CANCELED)
        if found is QuoteStatus.ACTIVE and now >= offer.quote.expires_at:
            return QuoteStatus.EXPIRED
        return found

    def _put(self, quote: str, status: QuoteStatus) -> None:
        if len(self._known) >= ROOM:
            del self._known[next(iter(self._known))]
        self._known[quote] = status
