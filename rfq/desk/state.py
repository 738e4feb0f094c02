"""The only mutable state of the desk.

Every value in here is immutable and replaced as a whole; a handler writes to a `Draft` (draft.py), and never here.
Dicts keep their order of insertion, and the image keeps it too: a desk restored from its image iterates in the same
order as the one that wrote it.
"""

from decimal import Decimal

from pricing.instruments import Instrument
from rfq.desk.card import Card, weigh
from rfq.desk.scorecards import Scorecard
from rfq.domain import canon
from rfq.domain.effects import Outward
from rfq.domain.fact import Fact
from rfq.domain.fills import Fill, Position
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


class Done(Fact, frozen=True, kw_only=True, tag="Done.1"):
    """A client's acceptance that was filled, under the client's id for it: the same acceptance gets the same answer."""

    party: PartyId
    reference: str
    fill: Fill


class Owed(Fact, frozen=True, kw_only=True, tag="Owed.1"):
    """Facts that a party could not be told because its session was down; they are told when it is up again."""

    party: PartyId
    effects: tuple[Outward, ...]


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
    done: tuple[Done, ...]
    pending: tuple[Pending, ...]
    owed: tuple[Owed, ...]
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
        "done",
        "exposures",
        "instruments",
        "killed",
        "number",
        "open_count",
        "outstanding",
        "owed",
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
        self.done: dict[Reference, Fill] = {}
        self.pending: dict[Slot, Outward] = {}
        self.owed: dict[PartyId, tuple[Outward, ...]] = {}
        self.watches: dict[str, int] = {}
        self.positions: dict[str, Decimal] = {}
        self.exposures: dict[str, Decimal] = {}
        self.scorecards: dict[PartyId, Scorecard] = {}
        self.open_count: dict[PartyId, int] = {}
        self.outstanding: dict[str, tuple[int, int]] = {}
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
            done=tuple(Done(party=p, reference=r, fill=fill) for (p, r), fill in self.done.items()),
            pending=tuple(Pending(number=n, index=i, effect=e) for (n, i), e in self.pending.items()),
            owed=tuple(Owed(party=p, effects=e) for p, e in self.owed.items()),
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
    state.done = {(one.party, one.reference): one.fill for one in image.done}
    state.owed = {one.party: one.effects for one in image.owed}
    state.pending = {(one.number, one.index): one.effect for one in image.pending}
    state.watches = {one.underlying: one.count for one in image.watches}
    state.positions = {one.instrument: one.amount for one in image.positions}
    state.exposures = {one.underlying: one.usd for one in image.exposures}
    state.scorecards = {one.party: one for one in image.scorecards}
    state.killed, state.arming = image.killed, image.arming
    for card in image.cards:
        count_open(state, None, card)
        own(state, None, card)
        count_outstanding(state, None, card)
    return state


def count_open(state: DeskState, before: Card | None, after: Card | None) -> None:
    """Keep the number of open Rfqs of a card's party."""
    was = before is not None and not before.closed
    now = after is not None and not after.closed
    if was == now:
        return
    card = after if after is not None else before
    assert card is not None
    party = card.rfq.party
    state.open_count[party] = state.open_count.get(party, 0) + (1 if now else -1)


def own(state: DeskState, before: Card | None, after: Card | None) -> None:
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
    known = before.quotes if before is not None else ()
    if after.quotes and (not known or after.quotes[-1].id != known[-1].id):
        for quote in after.quotes:
            owner[quote.id] = rfq
        if len(after.quotes) <= len(known):  # old ones were forgotten
            for quote in known:
                if after.quote(quote.id) is None:
                    owner.pop(quote.id, None)
    if before is None or len(after.accepts) != len(before.accepts):
        for accept in after.accepts:
            owner[accept.id] = rfq


def count_outstanding(state: DeskState, before: Card | None, after: Card | None) -> None:
    """Keep what stands of all cards: how far it may move the exposure of their underlying, up and down (whole USD)."""
    if before is not None and after is not None:
        same = before.quotes is after.quotes and before.accepts is after.accepts
        if same and before.delta_usd == after.delta_usd:
            return
    for card, sign in ((before, -1), (after, 1)):
        if card is not None and (card.quotes or card.accepts):
            up, down = weigh(card)
            if up or down:
                held = state.outstanding.get(card.underlying, (0, 0))
                state.outstanding[card.underlying] = (held[0] + sign * up, held[1] + sign * down)
