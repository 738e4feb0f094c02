"""One turn of the desk: an event, the draft of what it changes, and the effects it asks for, in order."""

from decimal import Decimal

from msgspec.structs import replace

from pricing.market import MarketSnapshot
from pricing.structures import Structure
from pricing.valuation import Unpriceable, Valuation, mark, value
from rfq.desk.card import Card, weigh
from rfq.desk.draft import Draft
from rfq.desk.limits import Approved, Facts, T
from rfq.desk.state import DeskState, Slot
from rfq.domain.effects import AcceptQuote, Effect, Ignored, SendQuote, SetTimer, Unwatch, Watch
from rfq.domain.events import Stamped
from rfq.domain.ids import IdMaker, PartyId, RfqId
from rfq.domain.lifecycle import QuoteState, RfqState
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Role

_MAKER = Role.MAKER


MS = 1_000_000
_STANDING = (QuoteState.PENDING, QuoteState.ACTIVE)
_WAITING = (RfqState.ACCEPTING, RfqState.LAST_LOOK, RfqState.PENDING_SETTLEMENT, RfqState.PARTIAL)


class Turn:
    """What a handler works with. `now` is the event's stamp, `received_at` judges deadlines."""

    __slots__ = (
        "_valuation",
        "_valued",
        "draft",
        "effects",
        "ids",
        "now",
        "received_at",
        "resolved",
        "stamped",
        "state",
    )

    def __init__(self, state: DeskState, stamped: Stamped) -> None:
        self.state = state
        self.stamped = stamped
        self.draft = Draft(state)
        self.ids = IdMaker(state.chain, stamped.number)
        self.effects: list[Effect] = []
        self.resolved: list[Slot] = []
        self.now = stamped.at
        self.received_at = stamped.received_at
        self._valued: Structure | None = None
        self._valuation: Valuation | Reason

    def add(self, effect: Effect) -> None:
        """Ask for an effect that commits us to nothing."""
        assert type(effect) is not SendQuote and type(effect) is not AcceptQuote, "needs limits.approve"
        self.effects.append(effect)

    def send(self, approved: Approved[T]) -> None:
        """Ask for an effect that commits us."""
        self.effects.append(approved.effect)

    def ignore(
        self, code: Code, *, rfq: str = "", party: str = "", field: str = "", detail: str = ""
    ) -> None:
        """Say that the event changed nothing, and why."""
        reason = Reason(code=code, field=field, detail=detail)
        self.effects.append(Ignored(reason=reason, rfq=rfq, party=party))

    def keep(self, card: Card) -> Card:
        """Keep the card with its next wake, asking for the timer if that changed."""
        at = next_wake(card)
        if at != card.wake_at:
            card = replace(card, wake_at=at)
            self.effects.append(SetTimer(rfq=card.rfq.id, at=at))
        self.draft.put(card)
        return card

    def unset_timer(self, rfq: RfqId) -> None:
        """The Rfq needs no wake any more."""
        self.effects.append(SetTimer(rfq=rfq, at=0))

    def valuation(self, card: Card) -> Valuation | Reason:
        """What the card's structure is worth in the event's market, or why that cannot be said. Found once a turn."""
        structure = card.rfq.ask.structure
        if structure is self._valued:
            return self._valuation
        market = self._market()
        if isinstance(market, Reason):
            return market
        found = value(structure, self.state.instruments, market, self.now)
        self._valued = structure
        self._valuation = _unpriced(found) if isinstance(found, Unpriceable) else found
        return self._valuation

    def mark(self, card: Card) -> tuple[float, float] | Reason:
        """Fair (price units) of the card's structure and what a bp of it is, or why that cannot be said."""
        market = self._market()
        if isinstance(market, Reason):
            return market
        found = mark(card.rfq.ask.structure, self.state.instruments, market, self.now)
        return _unpriced(found) if isinstance(found, Unpriceable) else found

    def _market(self) -> MarketSnapshot | Reason:
        """The event's market, if it has one that is fresh enough."""
        market = self.stamped.market
        if market is None:
            return Reason(code=Code.NO_MARKET)
        age_ms = market.age_ms(self.now)
        if age_ms > self.state.policy.market_age_ms_max:
            return Reason(code=Code.STALE_MARKET, detail=f"{age_ms:.0f} ms old")
        return market

    def facts(self, card: Card, valuation: Valuation, party: PartyId, amount: Decimal) -> Facts:
        """What the limits need to know about trading `amount` of this card's structure with `party`."""
        state, underlying = self.state, card.underlying
        held = self.draft.exposures.get(underlying)
        if held is None:
            held = state.exposures.get(underlying, Decimal(0))
        size = float(amount)
        up, down = state.outstanding.get(underlying, (0, 0))
        before = state.cards.get(card.rfq.id)
        if before is not None and (before.quotes or before.accepts):
            own_up, own_down = weigh(before)
            up, down = up - own_up, down - own_down
        return Facts(
            policy=state.policy,
            killed=state.killed,
            reachable=party in state.sessions,
            notional_usd=valuation.notional_usd * size,
            exposure_usd=held,
            delta_usd=valuation.delta_net_usd * size,
            fair=valuation.fair,
            bp=valuation.bp,
            outstanding=(up, down),
        )

    def start_watching(self, underlying: str) -> None:
        """One live quote more on this underlying."""
        if self.draft.watch(underlying, 1) == 1:
            self.effects.append(Watch(underlying=underlying, move_bps=self.state.policy.requote_move_bps))

    def stop_watching(self, underlying: str) -> None:
        """One live quote fewer on this underlying."""
        if self.draft.watch(underlying, -1) == 0:
            self.effects.append(Unwatch(underlying=underlying))


def watches(card: Card) -> bool:
    """True if the card is one of ours as maker with a quote that stands: such a card follows the market."""
    return card.rfq.role is _MAKER and any(one.state in _STANDING for one in card.quotes)


def next_wake(card: Card) -> int:
    """When this card next needs the desk (UTC ns); 0 if never."""
    dues = [mark.due_at for mark in card.marks]
    if card.closed:
        if card.forget_at:
            dues.append(card.forget_at)
    else:
        if card.estimate_due_at:
            dues.append(card.estimate_due_at)
        if card.decide_at:
            dues.append(card.decide_at)
        if card.rfq.state in _WAITING:
            if card.accept_due_at:
                dues.append(card.accept_due_at)
        else:
            dues.append(card.rfq.expires_at)
            dues.extend(one.expires_at for one in card.quotes if one.state in _STANDING)
    return min(dues) if dues else 0


def _unpriced(found: Unpriceable) -> Reason:
    return Reason(code=Code.NO_MARKET, field=found.field, detail=found.reason)


def exact(number: float) -> Decimal:
    """A float as a plain Decimal of ten significant digits."""
    return Decimal(f"{number:.10g}")
