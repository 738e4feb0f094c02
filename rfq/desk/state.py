"""The only mutable state of the desk, and the draft through which it is changed.

Every value in here is immutable; a handler writes to a `Draft`, which is committed only after the handler has returned,
so an event that fails changes nothing. Dicts keep their order of insertion, and the image keeps it too: a desk restored
from its image iterates in the same order as the one that wrote it.
"""

from decimal import Decimal

from pricing.instruments import Instrument
from rfq.desk.card import Card
from rfq.desk.scorecards import Scorecard
from rfq.domain import canon
from rfq.domain.effects import Outward
from rfq.domain.fact import Fact
from rfq.domain.fills import Position
from rfq.domain.ids import ChainId, PartyId, RfqId
from rfq.domain.parties import Party
from rfq.domain.policy import Policy

Reference = tuple[PartyId, str]
Slot = tuple[int, int]


class Pending(Fact, frozen=True, kw_only=True, tag="Pending.1"):
    """An outward effect whose fate is not yet known."""

    number: int
    index: int
    effect: Outward


class Seen(Fact, frozen=True, kw_only=True, tag="Seen.1"):
    """A request that a party has made under this reference, and the Rfq that it became."""

    party: PartyId
    reference: str
    rfq: RfqId


class WatchCount(Fact, frozen=True, kw_only=True, tag="WatchCount.1"):
    """How many Rfqs want to hear of this underlying."""

    underlying: str
    count: int


class Exposure(Fact, frozen=True, kw_only=True, tag="Exposure.1"):
    """Our exposure to an underlying in USD, moved by each fill's delta at the time."""

    underlying: str
    usd: Decimal


class StateImage(Fact, frozen=True, kw_only=True, tag="StateImage.1"):
    """The whole state, in canonical order."""

    chain: ChainId
    number: int
    at: int
    policy: Policy
    instruments: tuple[Instrument, ...]
    parties: tuple[Party, ...]
    sessions: tuple[PartyId, ...]
    cards: tuple[Card, ...]
    seen: tuple[Seen, ...]
    pending: tuple[Pending, ...]
    watches: tuple[WatchCount, ...]
    positions: tuple[Position, ...]
    exposures: tuple[Exposure, ...]
    scorecards: tuple[Scorecard, ...]
    killed: bool
    arming: str = ""


class DeskState:
    """Everything the desk knows. Only `Draft.commit` and the engine write to it."""

    __slots__ = (
        "arming",
        "at",
        "cards",
        "chain",
        "exposures",
        "instruments",
        "killed",
        "number",
        "open_count",
        "owner",
        "parties",
        "pending",
        "policy",
        "policy_hash",
        "positions",
        "scorecards",
        "seen",
        "sessions",
        "watches",
    )

    def __init__(self, chain: ChainId, policy: Policy) -> None:
        self.chain = chain
        self.number = 0
        self.at = 0
        self.policy = policy
        self.policy_hash = canon.hash_of(policy)[:16]
        self.instruments: dict[str, Instrument] = {}
        self.parties: dict[PartyId, Party] = {}
        self.sessions: dict[PartyId, None] = {}
        self.cards: dict[RfqId, Card] = {}
        self.seen: dict[Reference, RfqId] = {}
        self.pending: dict[Slot, Outward] = {}
        self.watches: dict[str, int] = {}
        self.positions: dict[str, Decimal] = {}
        self.exposures: dict[str, Decimal] = {}
        self.scorecards: dict[PartyId, Scorecard] = {}
        self.open_count: dict[PartyId, int] = {}
        self.owner: dict[str, RfqId] = {}
        self.killed = False
        self.arming = ""

    def set_policy(self, policy: Policy) -> None:
        """New numbers, effective from the next event."""
        self.policy = policy
        self.policy_hash = canon.hash_of(policy)[:16]

    def image(self) -> StateImage:
        """The state as one canonical value."""
        return StateImage(
            chain=self.chain,
            number=self.number,
            at=self.at,
            policy=self.policy,
            instruments=tuple(self.instruments.values()),
            parties=tuple(self.parties.values()),
            sessions=tuple(self.sessions),
            cards=tuple(self.cards.values()),
            seen=tuple(Seen(party=p, reference=r, rfq=rfq) for (p, r), rfq in self.seen.items()),
            pending=tuple(Pending(number=n, index=i, effect=e) for (n, i), e in self.pending.items()),
            watches=tuple(WatchCount(underlying=u, count=c) for u, c in self.watches.items()),
            positions=tuple(Position(instrument=i, amount=a) for i, a in self.positions.items()),
            exposures=tuple(Exposure(underlying=u, usd=x) for u, x in self.exposures.items()),
            scorecards=tuple(self.scorecards.values()),
            killed=self.killed,
            arming=self.arming,
        )


def restore(image: StateImage) -> DeskState:
    """The state that this image was taken of."""
    state = DeskState(image.chain, image.policy)
    state.number, state.at = image.number, image.at
    state.instruments = {one.name: one for one in image.instruments}
    state.parties = {one.id: one for one in image.parties}
    state.sessions = dict.fromkeys(image.sessions)
    state.cards = {one.rfq.id: one for one in image.cards}
    state.seen = {(one.party, one.reference): one.rfq for one in image.seen}
    state.pending = {(one.number, one.index): one.effect for one in image.pending}
    state.watches = {one.underlying: one.count for one in image.watches}
    state.positions = {one.instrument: one.amount for one in image.positions}
    state.exposures = {one.underlying: one.usd for one in image.exposures}
    state.scorecards = {one.party: one for one in image.scorecards}
    state.killed, state.arming = image.killed, image.arming
    for card in image.cards:
        _count_open(state, None, card)
        _own(state, None, card)
    return state


class Draft:
    """The changes of one event, read through before they are committed."""

    __slots__ = ("_cards", "_scorecards", "_seen", "_state", "exposures", "positions", "watches")

    def __init__(self, state: DeskState) -> None:
        self._state = state
        self._cards: dict[RfqId, Card | None] = {}
        self._scorecards: dict[PartyId, Scorecard] = {}
        self._seen: dict[Reference, RfqId] = {}
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

    def copy(self) -> "Draft":
        """The same changes, to go on from separately."""
        twin = Draft(self._state)
        twin._cards = dict(self._cards)
        twin._scorecards = dict(self._scorecards)
        twin._seen = dict(self._seen)
        twin.positions = dict(self.positions)
        twin.exposures = dict(self.exposures)
        twin.watches = dict(self.watches)
        return twin

    def commit(self) -> None:
        """Write everything into the state."""
        state = self._state
        for rfq, card in self._cards.items():
            before = state.cards.get(rfq)
            _count_open(state, before, card)
            _own(state, before, card)
            if card is not None:
                state.cards[rfq] = card
            elif before is not None:
                del state.cards[rfq]
        state.scorecards.update(self._scorecards)
        state.positions.update(self.positions)
        state.exposures.update(self.exposures)
        state.watches.update(self.watches)
        if self._seen:
            seen = state.seen
            seen.update(self._seen)
            room = state.policy.closed_memory
            while len(seen) > room:
                del seen[next(iter(seen))]


def _count_open(state: DeskState, before: Card | None, after: Card | None) -> None:
    was = before is not None and not before.closed
    now = after is not None and not after.closed
    if was == now:
        return
    card = after if after is not None else before
    assert card is not None
    party = card.rfq.party
    state.open_count[party] = state.open_count.get(party, 0) + (1 if now else -1)


def _own(state: DeskState, before: Card | None, after: Card | None) -> None:
    """Keep the index from quote and acceptance ids to their Rfq."""
    owner = state.owner
    if after is None:
        if before is not None:
            for quote in before.quotes:
                owner.pop(quote.id, None)
            for accept in before.accepts:
                owner.pop(accept.id, None)
        return
    rfq = after.rfq.id
    if before is None or len(after.quotes) != len(before.quotes):
        for quote in after.quotes:
            owner[quote.id] = rfq
    if before is None or len(after.accepts) != len(before.accepts):
        for accept in after.accepts:
            owner[accept.id] = rfq
