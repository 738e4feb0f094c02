"""The changes of one event, read through before they are committed: an event that fails changes nothing."""

from decimal import Decimal

from rfq.desk.card import Card
from rfq.desk.scorecards import Scorecard
from rfq.desk.state import DeskState, Reference, count_open, count_outstanding, own
from rfq.domain.effects import Outward
from rfq.domain.fills import Fill
from rfq.domain.ids import PartyId, RfqId

OWED_MAX = 1_000
"""Facts kept for one party that cannot be reached; the oldest are given up first."""


class Draft:
    """The changes of one event, read through before they are committed."""

    __slots__ = (
        "_cards",
        "_done",
        "_owed",
        "_scorecards",
        "_seen",
        "_state",
        "exposures",
        "positions",
        "watches",
    )

    def __init__(self, state: DeskState) -> None:
        self._state = state
        self._cards: dict[RfqId, Card | None] = {}
        self._scorecards: dict[PartyId, Scorecard] = {}
        self._seen: dict[Reference, RfqId] = {}
        self._done: dict[Reference, Fill] = {}
        self._owed: dict[PartyId, tuple[Outward, ...]] = {}
        self.positions: dict[str, Decimal] = {}
        self.exposures: dict[str, Decimal] = {}
        self.watches: dict[str, int] = {}

    def card(self, rfq: str) -> Card | None:
        """The card of that Rfq as this event has left it so far."""
        key = RfqId(rfq)
        if key in self._cards:
            return self._cards[key]
        return self._state.cards.get(key)

    def put(self, card: Card) -> None:
        """Keep this card."""
        self._cards[card.rfq.id] = card

    def drop(self, rfq: RfqId) -> None:
        """Forget this Rfq (its last markout is taken)."""
        self._cards[rfq] = None

    def scorecard(self, party: PartyId) -> Scorecard:
        """The party's record so far."""
        found = self._scorecards.get(party) or self._state.scorecards.get(party)
        return found if found is not None else Scorecard.empty(party)

    def put_scorecard(self, scorecard: Scorecard) -> None:
        """Keep this record."""
        self._scorecards[scorecard.party] = scorecard

    def remember(self, party: PartyId, reference: str, rfq: RfqId) -> None:
        """This party's reference is now taken."""
        self._seen[(party, reference)] = rfq

    def move_position(self, instrument: str, amount: Decimal) -> None:
        """Add a signed amount to a position."""
        held = self.positions.get(instrument)
        if held is None:
            held = self._state.positions.get(instrument, Decimal(0))
        self.positions[instrument] = held + amount

    def move_exposure(self, underlying: str, usd: Decimal) -> None:
        """Add a signed USD delta to the exposure."""
        held = self.exposures.get(underlying)
        if held is None:
            held = self._state.exposures.get(underlying, Decimal(0))
        self.exposures[underlying] = held + usd

    def watch(self, underlying: str, step: int) -> int:
        """Count one watcher more (+1) or fewer (-1); returns how many there are now."""
        held = self.watches.get(underlying)
        if held is None:
            held = self._state.watches.get(underlying, 0)
        self.watches[underlying] = held + step
        return held + step

    def remember_fill(self, party: PartyId, reference: str, fill: Fill) -> None:
        """This party's acceptance is filled."""
        self._done[(party, reference)] = fill

    def owe(self, party: PartyId, effect: Outward) -> None:
        """Tell this party when it can be reached again."""
        held = self.owed(party)
        self._owed[party] = (*held, effect)[-OWED_MAX:]

    def owed(self, party: PartyId) -> tuple[Outward, ...]:
        """What this party is still to be told."""
        found = self._owed.get(party)
        return found if found is not None else self._state.owed.get(party, ())

    def settle(self, party: PartyId) -> None:
        """Nothing is owed to this party any more."""
        self._owed[party] = ()

    def copy(self) -> "Draft":
        """The same changes, to go on from separately."""
        twin = Draft(self._state)
        twin._cards = dict(self._cards)
        twin._scorecards = dict(self._scorecards)
        twin._seen = dict(self._seen)
        twin._done = dict(self._done)
        twin._owed = dict(self._owed)
        twin.positions = dict(self.positions)
        twin.exposures = dict(self.exposures)
        twin.watches = dict(self.watches)
        return twin

    def commit(self) -> None:
        """Write everything into the state."""
        state = self._state
        for rfq, card in self._cards.items():
            before = state.cards.get(rfq)
            count_open(state, before, card)
            own(state, before, card)
            count_outstanding(state, before, card)
            if card is not None:
                state.cards[rfq] = card
            elif before is not None:
                del state.cards[rfq]
        if self._scorecards:
            state.scorecards.update(self._scorecards)
        if self.positions:
            state.positions.update(self.positions)
        if self.exposures:
            state.exposures.update(self.exposures)
        if self.watches:
            state.watches.update(self.watches)
        if self._seen:
            state.seen.update(self._seen)
            _forget(state.seen, state.policy.closed_memory, state.cards)
        if self._done:
            state.done.update(self._done)
            _forget(state.done, state.policy.closed_memory, {})
        if self._owed:
            for party, effects in self._owed.items():
                if effects:
                    state.owed[party] = effects
                else:
                    state.owed.pop(party, None)


def _forget(
    memory: dict[Reference, RfqId] | dict[Reference, Fill], room: int, cards: dict[RfqId, Card]
) -> None:
    """Drop the oldest until it fits, but nothing that still lives."""
    while len(memory) > room:
        oldest = next(iter(memory))
        found = memory[oldest]
        card = cards.get(found) if isinstance(found, str) else None
        if card is not None and not card.closed:
            return
        del memory[oldest]
