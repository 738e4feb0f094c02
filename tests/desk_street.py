"""A random street around a desk: clients, dealers, people, sessions, timers early and late, fates of effects in any
order, restarts at any point, and twins restored on the way that must say the same as the desk."""

from decimal import Decimal
from typing import Any

import driver as street
from driver import CLIENT, DEALERS, LOYAL, MS, OPERATOR, RIVAL, SECOND, SPREAD, S, picked
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from rfq.desk.engine import Desk, pending_of
from rfq.desk.response import fall_back
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import PartyId, RfqId
from rfq.domain.lifecycle import QuoteState, RfqState
from rfq.domain.outcome import Outcome
from rfq.domain.policy import Allocation
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Role, Side

D = Decimal
CLIENTS = (CLIENT, RIVAL, LOYAL)
STANDING = (QuoteState.PENDING, QuoteState.ACTIVE)
WHY = Reason(code=Code.USER)
sides = st.sampled_from([Side.BUY, Side.SELL])
clients = st.sampled_from(CLIENTS)
dealers = st.sampled_from(DEALERS)
picks = st.integers(0, 10**6)


def of(found: list[Any], pick: int) -> Any:
    """One of them; the newest are likeliest."""
    return found[-1 - pick % min(len(found), 4)]


class Rules(RuleBasedStateMachine):
    """What can happen to a desk, and what must hold of each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.estimates: list[fx.Estimate] = []
        self.sent: list[fx.SendQuote] = []
        self.asked: list[fx.AskDealer] = []
        self.accepts: list[fx.AcceptQuote] = []
        self.unknown: dict[tuple[int, int], Any] = {}
        self.fills: dict[str, Any] = {}
        self.outcomes: dict[str, list[Outcome]] = {}
        self.watched: dict[str, bool] = {}
        self.answered: dict[tuple[str, str], str] = {}
        self.count = 0

    @initialize(auto=st.booleans(), panel=st.integers(1, 4))
    def open(self, auto: bool, panel: int) -> None:
        numbers = street.policy(auto_accept=auto, panel_size=panel, notional_usd_max=D(10_000_000))
        self.world = street.Driver(numbers)
        self.twin = Desk.restore(self.world.desk.image(), "test")

    def tell(self, event: ev.Event, **more: Any) -> Any:
        """Feed the desk and its twin, which was restored from an image; look at all that was returned."""
        effects = self.world(event, **more)
        stamped = self.world._stamp(event, more.get("received_at") or self.world.at)
        assert self.twin.handle(stamped) == effects, "a restored desk goes on otherwise"
        self.look(event, effects)
        return effects

    def look(self, event: ev.Event, effects: tuple[fx.Effect, ...]) -> None:
        number = self.world.number
        for index, effect in fx.outward_of(effects):
            self.unknown[(number, index)] = effect
        self.estimates += picked(effects, fx.Estimate)
        self.sent += picked(effects, fx.SendQuote)
        self.asked += picked(effects, fx.AskDealer)
        self.accepts += [one for one in picked(effects, fx.AcceptQuote) if not one.again]
        assert not picked(effects, fx.Quarantined), effects
        for effect in effects:
            reason = getattr(effect, "reason", None)
            assert reason is None or reason.code in Code
        for closed in picked(effects, fx.Closed):
            told = self.outcomes.setdefault(closed.rfq, [])
            assert not told or (told == [Outcome.TIMED_OUT] and type(event) is ev.FillReported)
            told.append(closed.outcome)
        for watch in effects:
            if isinstance(watch, fx.Watch):
                assert not self.watched.get(watch.underlying) or type(event) is ev.Started
                self.watched[watch.underlying] = True
            elif isinstance(watch, fx.Unwatch):
                assert self.watched.get(watch.underlying) or type(event) is ev.Started
                self.watched[watch.underlying] = False
        for card in self.world.desk.state.cards.values():
            for fill in card.fills:
                self.fills.setdefault(fill.id, (card.rfq.ask.structure, fill))

    # --- as maker --------------------------------------------------------------------------------------------------

    @rule(
        party=clients,
        side=st.sampled_from(list(Side)),
        spread=st.booleans(),
        life=st.integers(0, 3),
        quick=st.integers(0, 3),
    )
    def a_client_asks(self, party: PartyId, side: Side, spread: bool, life: int, quick: int) -> None:
        self.count += 1
        terms = street.ask(
            side,
            25 if spread else 50_000,
            SPREAD if spread else street.ONE,
            expires_at=self.world.at + life * S if life else 0,
        )
        effects = self.tell(ev.RfqReceived(party=party, reference=f"r{self.count}", ask=terms))
        if quick and picked(effects, fx.Estimate):
            self.the_oracle_answers(0, quick > 1)

    @precondition(lambda self: self.estimates)
    @rule(pick=picks, good=st.booleans())
    def the_oracle_answers(self, pick: int, good: bool) -> None:
        asked = of(self.estimates, pick)
        numbers = fall_back(asked.row) if good else None
        reason = None if good else WHY
        self.tell(ev.Estimated(rfq=asked.rfq, model="m", estimates=numbers, reason=reason))

    @precondition(lambda self: self.sent)
    @rule(pick=picks, side=sides, part=st.booleans(), late=st.integers(-1, 1), again=st.booleans())
    def a_client_accepts(self, pick: int, side: Side, part: bool, late: int, again: bool) -> None:
        made = of(self.sent, pick)
        quote = made.quote
        size = quote.amount_for(side) or D(10)
        self.count += not again
        reference = f"a{self.count}"
        read_at = quote.expires_at + late if late and self.world.at > quote.expires_at else self.world.at
        event = ev.AcceptReceived(
            party=made.to,
            quote=quote.id,
            reference=reference,
            side=side,
            amount=D(10) if part else size,
        )
        effects = self.tell(event, received_at=read_at)
        for confirm in picked(effects, fx.ConfirmFill):
            key = (made.to, reference)
            if not confirm.again:
                assert read_at < quote.expires_at, "filled after its time"
                assert confirm.fill.price == quote.price_for(side)
            assert self.answered.setdefault(key, confirm.fill.id) == confirm.fill.id

    @precondition(lambda self: self.sent)
    @rule(pick=picks, outcome=st.sampled_from(list(Outcome)))
    def a_client_tells_the_outcome(self, pick: int, outcome: Outcome) -> None:
        made = of(self.sent, pick)
        self.tell(ev.OutcomeHeard(party=made.to, quote=made.quote.id, outcome=outcome))

    @rule(party=clients, pick=picks)
    def a_client_cancels(self, party: PartyId, pick: int) -> None:
        self.tell(ev.RfqCancelled(party=party, reference=f"r{self.count - pick % 3}"))

    @rule(by=st.sampled_from([-150.0, -5.0, 0.0, 5.0, 150.0]))
    def the_market_moves(self, by: float) -> None:
        assert self.world.index is not None
        self.world.index += by
        self.tell(ev.MarketMoved(underlying="BTC"))

    # --- as taker --------------------------------------------------------------------------------------------------

    @rule(
        side=sides,
        mode=st.sampled_from([None, *Allocation]),
        spread=st.booleans(),
        quick=st.integers(0, 3),
        share=st.sampled_from(["0.6", "1"]),
    )
    def somebody_needs(
        self, side: Side, mode: Allocation | None, spread: bool, quick: int, share: str
    ) -> None:
        self.count += 1
        terms = street.ask(side, 25 if spread else 50_000, SPREAD if spread else street.ONE)
        need = ev.NeedPosted(party=OPERATOR, reference=f"n{self.count}", ask=terms, allocation=mode)
        self.tell(need)
        if quick and self.waiting():
            self.the_panel_answers(1, share, True)
            if quick > 1:
                self.our_people_accept(0, False)

    @precondition(lambda self: self.asked)
    @rule(
        pick=picks,
        bps=st.integers(-3, 8),
        share=st.sampled_from(["0.4", "0.6", "1", "2"]),
        life=st.integers(0, 10_000),
        whole=st.booleans(),
        firm=st.booleans(),
    )
    def a_dealer_quotes(self, pick: int, bps: int, share: str, life: int, whole: bool, firm: bool) -> None:
        asked = of(self.asked, pick)
        self.count += 1
        buy = asked.ask.side is Side.BUY
        spread = asked.ask.structure == SPREAD
        fair, step = (D("0.045"), D("0.0001")) if spread else (D(60_000), D("0.5"))
        price = fair + (1 if buy else -1) * bps * step
        amount = asked.ask.amount if whole else asked.ask.amount * D(share)
        names = ("offer", "offer_amount") if buy else ("bid", "bid_amount")
        self.tell(
            ev.QuoteReceived(
                dealer=asked.to,
                rfq=asked.rfq,
                reference=f"q{self.count}",
                expires_at=self.world.at + life * MS,
                firm=firm or life % 2 == 0,
                all_or_none=whole,
                **dict(zip(names, (price, amount), strict=True)),
            )
        )

    @precondition(lambda self: self.waiting())
    @rule(bps=st.integers(-2, 6), share=st.sampled_from(["0.4", "0.6", "1"]), known=st.booleans())
    def the_panel_answers(self, bps: int, share: str, known: bool) -> None:
        card = self.waiting()[-1]
        if known and card.estimate_due_at:
            numbers = fall_back(card.row)
            self.tell(ev.Estimated(rfq=card.rfq.id, model="m", estimates=numbers))
        for place, dealer in enumerate(card.panel):
            newest = fx.AskDealer(to=dealer, rfq=card.rfq.id, ask=card.rfq.ask, expires_at=0, not_after_at=0)
            self.asked.append(newest)
            self.a_dealer_quotes(0, bps + place, share, 9_000, place == 3, True)

    def waiting(self) -> list[Any]:
        """Our needs that still look for quotes."""
        states = (RfqState.QUOTABLE, RfqState.QUOTED)
        cards = self.world.desk.state.cards.values()
        return [card for card in cards if card.block is not None and card.rfq.state in states]

    @precondition(lambda self: self.asked)
    @rule(pick=picks, back=picks)
    def a_dealer_withdraws_or_passes(self, pick: int, back: int) -> None:
        asked = of(self.asked, pick)
        if back % 2:
            self.tell(ev.DealerPassed(dealer=asked.to, rfq=asked.rfq, reason=WHY))
        else:
            reference = f"q{self.count - back % 5}"
            self.tell(ev.QuoteWithdrawn(dealer=asked.to, rfq=asked.rfq, reference=reference))

    @precondition(lambda self: self.asked)
    @rule(pick=picks, named=st.booleans())
    def our_people_accept(self, pick: int, named: bool) -> None:
        rfq = of(self.asked, pick).rfq if self.asked else RfqId("none")
        card = self.world.desk.state.cards.get(rfq)
        quote = card.quotes[pick % len(card.quotes)].id if named and card and card.quotes else None
        self.tell(ev.AcceptCommanded(party=OPERATOR, rfq=rfq, quote=quote))

    @precondition(lambda self: self.asked)
    @rule(pick=picks)
    def our_people_cancel(self, pick: int) -> None:
        self.tell(ev.NeedCancelled(party=OPERATOR, rfq=of(self.asked, pick).rfq))

    @precondition(lambda self: self.accepts)
    @rule(pick=picks, part=st.sampled_from(["1", "1", "0.5", "1.5"]), reference=st.integers(0, 6))
    def a_dealer_fills(self, pick: int, part: str, reference: int) -> None:
        accept = of(self.accepts, pick)
        amount = accept.amount * D(part)
        before = self.world.desk.state.positions.copy()
        effects = self.tell(
            ev.FillReported(
                dealer=accept.to,
                accept=accept.accept,
                reference=f"x{reference}",
                amount=amount,
                price=accept.price,
            )
        )
        if picked(effects, fx.Ignored) and not picked(effects, fx.Ranked):
            assert self.world.desk.state.positions == before or picked(effects, fx.AcceptQuote)

    @precondition(lambda self: self.accepts)
    @rule(pick=picks)
    def a_dealer_refuses(self, pick: int) -> None:
        accept = of(self.accepts, pick)
        self.tell(ev.AcceptRefused(dealer=accept.to, accept=accept.accept, reason=WHY))

    # --- the desk as a whole ---------------------------------------------------------------------------------------

    @precondition(lambda self: self.unknown)
    @rule(pick=picks, left=st.integers(0, 4))
    def the_fate_of_something_is_known(self, pick: int, left: int) -> None:
        slot = list(self.unknown)[pick % len(self.unknown)]
        del self.unknown[slot]
        if left:
            mark = ev.SentMark(number=slot[0], index=slot[1], at=self.world.at, raw="ab")
            self.tell(ev.Sent(marks=(mark,)))
        else:
            code = (Code.SESSION_DOWN, Code.TOO_LATE, Code.FAULT)[pick % 3]
            self.tell(ev.NotSent(number=slot[0], index=slot[1], reason=Reason(code=code)))

    @rule(ms=st.sampled_from([1, 10, 20, 500, 2_000, 3_000, 5_000, 30_000]))
    def time_passes(self, ms: int) -> None:
        end = self.world.at + ms * MS
        for _ in range(2_000):
            due = min(((at, rfq) for rfq, at in self.world.timers.items() if at <= end), default=None)
            if due is None:
                break
            self.world.timers.pop(due[1])
            self.world.at = max(self.world.at, due[0])
            self.tell(ev.TimerFired(rfq=due[1]))
        else:
            raise AssertionError("a timer that never stops firing")
        self.world.at = end

    @precondition(lambda self: self.world.timers)
    @rule(pick=picks)
    def a_timer_fires_early(self, pick: int) -> None:
        self.tell(ev.TimerFired(rfq=of(list(self.world.timers), pick)))

    @rule(party=st.sampled_from([*CLIENTS, *DEALERS]), up=st.booleans())
    def a_session_changes(self, party: PartyId, up: bool) -> None:
        self.tell(ev.SessionUp(party=party) if up else ev.SessionDown(party=party))

    @rule(arm=st.integers(0, 3))
    def killed_and_perhaps_armed_again(self, arm: int) -> None:
        self.tell(ev.KillPressed(by=OPERATOR))
        if arm:
            self.tell(ev.ArmAsked(by=OPERATOR))
            self.tell(ev.ArmAsked(by=SECOND))

    @rule()
    def a_twin_is_restored(self) -> None:
        self.twin = Desk.restore(self.world.desk.image(), "test")

    @rule(back=st.integers(0, 4))
    def the_desk_comes_up_again(self, back: int) -> None:
        self.world.desk = Desk.restore(self.world.desk.image(), "test")
        self.world.timers.clear()
        self.unknown.clear()
        self.watched.clear()
        event = ev.Started(build="test", unclean=True, unsent=pending_of(self.world.desk))
        self.tell(event)
        cards = self.world.desk.state.cards.values()
        for card in cards:
            if card.rfq.role is Role.MAKER:
                assert all(one.state is not QuoteState.PENDING for one in card.quotes)
        for party in (*CLIENTS, *DEALERS) if back else ():
            self.tell(ev.SessionUp(party=party))
