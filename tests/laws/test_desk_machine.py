"""The desk against a simple model, whatever the street does."""

from decimal import Decimal

from desk_street import STANDING, Rules
from hypothesis import settings
from hypothesis.stateful import invariant

from rfq.domain import events as ev
from rfq.domain.lifecycle import RfqState, quote_is_live
from rfq.domain.request import Role

D = Decimal


class Street(Rules):
    """What must hold whatever happens."""

    # --- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def nothing_stands_of_a_party_that_is_gone(self) -> None:
        state = self.world.desk.state
        for card in state.cards.values():
            for quote in card.quotes:
                party = card.rfq.party if card.rfq.role is Role.MAKER else quote.maker
                if quote.state in STANDING and state.parties[party].cancel_on_disconnect:
                    assert party in state.sessions, (quote, card.rfq.state)

    @invariant()
    def nothing_of_ours_stands_while_killed(self) -> None:
        state = self.world.desk.state
        if state.killed:
            for card in state.cards.values():
                if card.rfq.role is Role.MAKER:
                    assert not any(quote.state in STANDING for quote in card.quotes)

    @invariant()
    def no_quote_is_filled_beyond_its_amount(self) -> None:
        for card in self.world.desk.state.cards.values():
            total = sum((fill.amount for fill in card.fills), D(0))
            assert total <= card.rfq.ask.amount
            for quote in card.quotes:
                done = [fill.amount for fill in card.fills if fill.quote == quote.id]
                if not done:
                    continue
                offered = quote.amount_for(card.fills[0].side)
                assert offered is not None and sum(done, D(0)) <= offered
                assert card.rfq.role is Role.TAKER or len(done) == 1
            if card.block is not None:
                assert card.block.filled == total

    @invariant()
    def positions_are_the_sum_of_the_fills(self) -> None:
        total: dict[str, Decimal] = {}
        for structure, fill in self.fills.values():
            for leg in structure.legs:
                total[leg.instrument] = total.get(leg.instrument, D(0)) + fill.sign * leg.ratio * fill.amount
        assert self.world.desk.state.positions == total

    @invariant()
    def an_underlying_is_watched_exactly_while_a_quote_of_ours_stands(self) -> None:
        state = self.world.desk.state
        standing = sum(
            card.rfq.role is Role.MAKER and any(quote.state in STANDING for quote in card.quotes)
            for card in state.cards.values()
        )
        assert state.watches.get("BTC", 0) == standing
        assert self.watched.get("BTC", False) == (standing > 0)

    @invariant()
    def what_is_closed_has_an_outcome_and_a_final_or_late_state(self) -> None:
        state = self.world.desk.state
        live = (RfqState.OPEN, RfqState.QUOTABLE, RfqState.QUOTED, RfqState.ACCEPTING)
        for card in state.cards.values():
            assert card.closed == (card.rfq.id in self.outcomes)
            if card.closed:
                assert card.rfq.state not in live
                open_ones = [one for one in card.accepts if one.open]
                assert all(
                    not quote_is_live(quote.state) or any(one.quote == quote.id for one in open_ones)
                    for quote in card.quotes
                )
            has_wake = card.rfq.id in self.world.timers
            assert has_wake == (card.wake_at > 0), "it would never be looked at again"

    @invariant()
    def the_pending_are_those_of_unknown_fate(self) -> None:
        assert self.world.desk.state.pending == self.unknown

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        assert self.twin.image() == self.world.desk.image()
        self.world.check_replay()
        for slot in list(self.unknown):
            mark = ev.SentMark(number=slot[0], index=slot[1], at=self.world.at, raw="ab")
            self.unknown.pop(slot)
            self.tell(ev.Sent(marks=(mark,)))
        self.time_passes(40_000)
        self.time_passes(3_700_000)
        assert not self.world.desk.state.cards, "everything ends, and is forgotten"


Street.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestStreet = Street.TestCase
