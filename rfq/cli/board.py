"""What the terminal view shows: a small model of the desk, fed by `observe` with every event and its effects.

It keeps only what fits on a screen, and reads nothing but events and effects, so that it can be fed from a log as well.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from pricing.quoting import QuotePrice
from pricing.structures import Structure
from rfq.cli.phrases import structure_text
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.effects import Effect, outward_of
from rfq.domain.events import Stamped
from rfq.domain.fills import Fill
from rfq.domain.request import Ask, Role, Side

RFQS_KEPT = 400
FILLS_KEPT = 200
KEPT_CLOSED_NS = 4_000_000_000
"""How long an Rfq that ended still stands on the board."""


@dataclass(slots=True)
class RfqLine:
    """One Rfq as the board knows it. Instants are UTC ns; `outcome` is empty while it is open."""

    id: str
    role: Role
    party: str
    reference: str
    ask: Ask
    opened_at: int
    expires_at: int
    asked: int = 0
    quoted: tuple[str, ...] = ()
    passed: int = 0
    price: QuotePrice | None = None
    price_at: int = 0
    price_expires_at: int = 0
    model: str = ""
    fallback: bool = False
    ranked: tuple[fx.RankRow, ...] = ()
    ranked_at: int = 0
    new_best: bool = False
    fair: Decimal | None = None
    accepted: tuple[str, ...] = ()
    outcome: str = ""
    reason: str = ""
    closed_at: int = 0

    @property
    def what(self) -> str:
        """The structure in a few words."""
        return structure_text(self.ask.structure)

    def state(self, now: int) -> str:
        """Where it stands, in a word."""
        if self.outcome:
            return self.outcome
        if self.role is Role.TAKER:
            return "accepting" if self.accepted else "comparing" if self.quoted else "waiting"
        if self.price is None:
            return "pricing"
        return "quoted" if now < self.price_expires_at else "lapsed"


@dataclass(slots=True, eq=False)
class FillLine:
    """One trade. `marks` are markouts in bps by horizon in seconds, positive = good for us."""

    id: str
    at: int
    role: Role
    counterparty: str
    side: Side
    amount: Decimal
    what: str
    price: Decimal
    edge_bps: float | None = None
    marks: dict[int, float] = field(default_factory=dict)

    @property
    def bought(self) -> bool:
        """True if we bought."""
        return (self.side is Side.BUY) == (self.role is Role.TAKER)


class Board:
    """Everything that is on the screen."""

    def __init__(self) -> None:
        self.number = 0
        self.at = 0
        self.started_at = 0
        self.chain = ""
        self.build = ""
        self.killed = False
        self.counts = dict.fromkeys(
            ("asked", "quotes sent", "passed", "wanted", "quotes received", "ranked", "maker", "taker"), 0
        )
        self.rfqs: OrderedDict[str, RfqLine] = OrderedDict()
        self.fills: deque[FillLine] = deque(maxlen=FILLS_KEPT)
        self.positions: dict[str, Decimal] = {}

    # --- what the view asks ------------------------------------------------------------------------------------

    def open_rfqs(self, role: Role, now: int) -> list[RfqLine]:
        """Those on the board: open ones first, the newest on top; then those that ended just now."""
        found = [
            one
            for one in self.rfqs.values()
            if one.role is role and (not one.outcome or now - one.closed_at < KEPT_CLOSED_NS)
        ]
        return sorted(found, key=lambda one: (bool(one.outcome), -one.opened_at))

    def newest_price(self) -> RfqLine | None:
        """The Rfq that we priced last."""
        priced = [one for one in self.rfqs.values() if one.price is not None]
        return max(priced, key=lambda one: one.price_at) if priced else None

    def best_ranked(self, now: int) -> RfqLine | None:
        """The Rfq of ours whose ranking is worth looking at: it stays until it ended, then the next one comes."""
        ranked = [one for one in self.rfqs.values() if one.ranked]
        fresh = [one for one in ranked if not one.outcome or now - one.closed_at < KEPT_CLOSED_NS]
        if fresh:
            return min(fresh, key=lambda one: one.opened_at)
        return max(ranked, key=lambda one: one.ranked_at) if ranked else None

    def newest_fills(self, count: int) -> list[FillLine]:
        """The newest fills, newest first; the last places go to the newest that already have markouts."""
        fills = list(self.fills)[::-1]
        marked = [next((one for one in fills if horizon in one.marks), None) for horizon in (1, 10)]
        kept = [one for one in marked if one is not None][: max(0, count - 1)]
        shown = [one for one in fills if one not in kept][: max(0, count - len(kept))] + kept
        return [one for one in fills if one in shown][:count]

    # --- what it is fed with -----------------------------------------------------------------------------------

    def observe(self, stamped: Stamped, effects: tuple[Effect, ...]) -> None:
        """One event and what the desk answered."""
        self.number, self.at = stamped.number, stamped.at
        self.started_at = self.started_at or stamped.at
        event = stamped.event
        if isinstance(event, ev.ChainOpened):
            self.chain, self.build = event.chain, event.build
        elif isinstance(event, ev.Started):
            self.build = event.build
        elif isinstance(event, ev.RfqReceived):
            self._born(stamped, Role.MAKER, event.party, event.reference, event.ask, effects)
        elif isinstance(event, ev.NeedPosted):
            self._born(stamped, Role.TAKER, event.party, event.reference, event.ask, effects)
        elif isinstance(event, ev.QuoteReceived) and event.rfq in self.rfqs:
            self.counts["quotes received"] += 1
            line = self.rfqs[event.rfq]
            if event.dealer not in line.quoted:
                line.quoted += (event.dealer,)
        elif isinstance(event, ev.DealerPassed) and event.rfq in self.rfqs:
            self.rfqs[event.rfq].passed += 1
        for effect in effects:
            self._take(stamped.at, effect)

    def _born(
        self, stamped: Stamped, role: Role, party: str, reference: str, ask: Ask, effects: tuple[Effect, ...]
    ) -> None:
        """A request came in; it stands on the board if the desk took it."""
        self.counts["asked" if role is Role.MAKER else "wanted"] += 1
        estimate = next((one for one in effects if isinstance(one, fx.Estimate)), None)
        if estimate is None:
            return
        asked = [one for one in effects if isinstance(one, fx.AskDealer)]
        expires_at = asked[0].expires_at if asked else ask.expires_at
        self.rfqs[estimate.rfq] = RfqLine(
            id=estimate.rfq,
            role=role,
            party=party,
            reference=reference,
            ask=ask,
            opened_at=stamped.at,
            expires_at=expires_at,
            asked=len(asked),
        )
        while len(self.rfqs) > RFQS_KEPT:
            self.rfqs.popitem(last=False)

    def _take(self, at: int, effect: Effect) -> None:
        """What one effect changes on the board."""
        if isinstance(effect, fx.SendQuote):
            self._priced(at, effect)
        elif isinstance(effect, fx.Ranked):
            self._ranked(at, effect)
        elif isinstance(effect, fx.AcceptQuote):
            self._accepted(effect)
        elif isinstance(effect, fx.Booked) or (isinstance(effect, fx.ConfirmFill) and not effect.again):
            self._filled(effect.fill)
        elif isinstance(effect, fx.Marked):
            self._marked(effect)
        elif isinstance(effect, fx.Closed):
            self._closed(at, effect)
        elif isinstance(effect, fx.RefuseRfq):
            self.counts["passed"] += 1
        elif isinstance(effect, fx.KillSet):
            self.killed = effect.on

    def _priced(self, at: int, effect: fx.SendQuote) -> None:
        self.counts["quotes sent"] += 1
        line = self.rfqs.get(effect.quote.rfq)
        if line is not None:
            line.price, line.price_at = effect.price, at
            line.price_expires_at = effect.quote.expires_at
            line.model, line.fallback = effect.model, effect.fallback
            line.expires_at = line.ask.expires_at or effect.quote.expires_at

    def _ranked(self, at: int, effect: fx.Ranked) -> None:
        self.counts["ranked"] += 1
        line = self.rfqs.get(effect.rfq)
        if line is not None and effect.rows:
            line.new_best = not line.ranked or line.ranked[0].quote != effect.rows[0].quote
            line.ranked, line.ranked_at, line.fair = effect.rows, at, effect.fair

    def _accepted(self, effect: fx.AcceptQuote) -> None:
        line = self.rfqs.get(effect.rfq)
        if line is not None:
            line.accepted += (effect.quote,)

    def _filled(self, fill: Fill) -> None:
        line = self.rfqs.get(fill.rfq)
        self.counts[fill.role.value] += 1
        self.fills.append(
            FillLine(
                id=fill.id,
                at=fill.at,
                role=fill.role,
                counterparty=fill.counterparty,
                side=fill.side,
                amount=fill.amount,
                what=line.what if line is not None else fill.rfq,
                price=fill.price,
            )
        )
        if line is not None:
            self._move(line.ask.structure, fill.sign * fill.amount)

    def _move(self, structure: Structure, amount: Decimal) -> None:
        moves = [(leg.instrument, leg.ratio) for leg in structure.legs]
        moves += [(hedge.instrument, hedge.ratio) for hedge in structure.hedges]
        for instrument, ratio in moves:
            self.positions[instrument] = self.positions.get(instrument, Decimal(0)) + ratio * amount

    def _marked(self, effect: fx.Marked) -> None:
        fill = next((one for one in self.fills if one.id == effect.fill), None)
        if fill is not None:
            fill.edge_bps = effect.edge_bps
            fill.marks[effect.horizon_s] = effect.markout_bps

    def _closed(self, at: int, effect: fx.Closed) -> None:
        line = self.rfqs.get(effect.rfq)
        if line is not None:
            line.outcome, line.closed_at = effect.outcome.value, at
            line.reason = effect.reason.code.value


def notable(board: Board, stamped: Stamped, effects: tuple[Effect, ...]) -> Iterator[str]:
    """A line for each thing worth telling where there is no screen; call after `board.observe`."""
    from rfq.cli.phrases import ask_text, effect_text, event_text

    seconds = (stamped.at - board.started_at) / 1e9
    head = f"{seconds:8.3f} s  #{stamped.number:<6} "
    event = stamped.event
    if isinstance(event, ev.ChainOpened | ev.Started | ev.KillPressed):
        yield head + event_text(event)
    if isinstance(event, ev.NeedPosted) and effects:
        yield f"{head}we want: {ask_text(event.ask)}; {len(outward_of(effects))} dealers asked"
    for effect in effects:
        if isinstance(effect, fx.SendQuote):
            line = board.rfqs.get(effect.quote.rfq)
            asked = f" ({ask_text(line.ask)})" if line is not None else ""
            yield head + effect_text(effect) + asked
        elif isinstance(effect, fx.Ranked) and effect.rows and _has_new_best(board, effect):
            yield head + f"quotes on {effect.rfq}: " + effect_text(effect)
        elif isinstance(effect, fx.ConfirmFill | fx.Booked | fx.AcceptQuote | fx.Quarantined | fx.KillSet):
            yield head + effect_text(effect)


def _has_new_best(board: Board, effect: fx.Ranked) -> bool:
    line = board.rfqs.get(effect.rfq)
    return line is not None and line.new_best
