"""As maker over real FIX sessions: what clients say of quotes and requests, questions, and sessions that go."""

import asyncio
from pathlib import Path
from typing import Any

from fix_links import play
from wire_deals import ALPHA, BETA, NAME, hit, quoted, request
from wire_desk import calling, desk_on_wire

from fix_gateway.messages.market import SecurityDefinition, SecurityDefinitionRequest
from fix_gateway.messages.parts import SymbolRef
from fix_gateway.messages.quoting import (
    Quote,
    QuoteCancel,
    QuoteRequestReject,
    QuoteResponse,
    QuoteStatusReport,
    QuoteStatusRequest,
    RfqRequest,
)
from fix_gateway.messages.trading import (
    BusinessMessageReject,
    ExecutionReport,
    OrderCancelReject,
    OrderCancelRequest,
)
from fix_gateway.messages.words import (
    Answer,
    CancelType,
    QuoteStatus,
    Side,
)
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import PartyId
from rfq.domain.outcome import Outcome


def test_what_a_client_says_of_our_quotes_and_of_its_requests(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, ALPHA) as desk, calling(desk, "ALPHA") as alpha:
            said = {
                Answer.COVER: Outcome.COVER,
                Answer.DONE_AWAY: Outcome.DONE_AWAY,
                Answer.TIED: Outcome.TIED,
                Answer.TIED_COVER: Outcome.TIED_COVER,
                Answer.PASS: Outcome.PASSED,
                Answer.EXPIRED: Outcome.EXPIRED,
                Answer.TIMED_OUT: Outcome.TIMED_OUT,
                Answer.END_TRADE: Outcome.CANCELLED,
            }
            for place, answer in enumerate(said):
                quote = await quoted(alpha, f"r{place}")
                alpha.say(hit(quote, f"a{place}", answer=answer, price=None, qty=None))
            await desk.until(lambda: len(desk.effects(fx.Closed)) == len(said), "all are closed")
            assert [one.outcome for one in desk.effects(fx.Closed)] == list(said.values())
            cancels: list[Any] = [
                QuoteCancel(cancel_type=CancelType.ALL, rfq_id="z1", quote_id="*"),
                QuoteStatusReport(status=QuoteStatus.CANCELED, symbol=NAME, rfq_id="z2"),
                QuoteResponse(answer_id="e", answer=Answer.END_TRADE, symbol=NAME, rfq_id="z3"),
            ]
            for place, message in enumerate(cancels, 1):
                await quoted(alpha, f"z{place}")
                alpha.say(message)
            await desk.until(lambda: len(desk.events(ev.RfqCancelled)) == 3, "all are cancelled")
            assert not desk.live.desk.state.open_count[PartyId("alpha")]
            alpha.say(QuoteCancel(cancel_type=CancelType.ONE, quote_id="nothing"))
            answer = await alpha.hear(QuoteStatusReport)
            assert (answer.quote_id, answer.reject) == ("nothing", "5")

    play(story())


def test_questions_that_need_no_record(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk_on_wire(tmp_path, ALPHA, BETA) as desk,
            calling(desk, "ALPHA") as alpha,
            calling(desk, "BETA") as beta,
        ):
            quote = await quoted(alpha)
            await desk.until(lambda: desk.events(ev.Sent), "it has left")
            records = desk.live.chain.next_number
            ask = QuoteStatusRequest(symbol=NAME, quote_id=quote.quote_id, status_request_id="s1")
            alpha.say(ask)
            found = await alpha.hear(QuoteStatusReport)
            assert (found.status, found.offer, found.status_request_id) == (
                QuoteStatus.ACTIVE,
                quote.offer,
                "s1",
            )
            beta.say(ask)
            hidden = await beta.hear(QuoteStatusReport)
            assert hidden.status is QuoteStatus.NOT_FOUND and hidden.offer is None
            alpha.say(SecurityDefinitionRequest(request_id="d1", request_type="0", symbol=NAME))
            alpha.say(SecurityDefinitionRequest(request_id="d2", request_type="0", symbol="DOGE"))
            await alpha.hear(SecurityDefinition, 2)
            assert [one.response_type for one in alpha.of(SecurityDefinition)] == ["1", "5"]
            alpha.say(
                OrderCancelRequest(
                    cl_ord_id="f", orig_cl_ord_id="c", symbol=NAME, side=Side.BUY, at=desk.world.clock.now()
                )
            )
            assert (await alpha.hear(OrderCancelReject)).order_id == "NONE"
            alpha.say(RfqRequest(request_id="q", symbols=(SymbolRef(symbol=NAME),)))
            refused = await alpha.hear(BusinessMessageReject)
            assert (refused.ref_msg_type, refused.reason, refused.text) == (
                "AH",
                "3",
                "Unsupported Message Type",
            )
            assert desk.live.chain.next_number == records
            alpha.say(hit(quote))
            await alpha.hear(ExecutionReport)
            alpha.say(ask)
            assert (await alpha.hear(QuoteStatusReport, 2)).status is QuoteStatus.TRADED

    play(story())


def test_the_kill_switch_takes_quotes_back_and_a_session_that_drops_ends_its_requests(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, ALPHA) as desk:
            async with calling(desk, "ALPHA") as alpha:
                quote = await quoted(alpha)
                desk.live.offer(ev.KillPressed(by=PartyId("anybody")))
                back = await alpha.hear(QuoteCancel)
                assert (back.cancel_type, back.quote_id, back.rfq_id) == (
                    CancelType.ONE,
                    quote.quote_id,
                    "r1",
                )
                alpha.say(request("r2"))
                assert (await alpha.hear(QuoteRequestReject)).reason.value == "2"
            await desk.until(lambda: desk.events(ev.SessionDown), "it is known to be gone")
            assert desk.live.desk.state.open_count[PartyId("alpha")] == 0

    play(story())


def test_a_quote_for_a_session_that_is_down_is_not_sent_and_not_queued(tmp_path: Path) -> None:
    async def story() -> None:
        keeps = {**ALPHA, "cancel_on_disconnect": False}
        async with desk_on_wire(tmp_path, keeps) as desk:
            waiting: list[fx.Estimate] = []
            answer, desk.world.ask = desk.world.ask, waiting.append  # type: ignore[method-assign]
            desk.live._inward[fx.Estimate] = waiting.append
            async with calling(desk, "ALPHA") as alpha:
                alpha.say(request("r1"))
                await desk.until(lambda: waiting, "the oracle is asked")
            await desk.until(lambda: desk.events(ev.SessionDown), "it is gone")
            answer(waiting[0])
            await desk.until(lambda: desk.effects(fx.SendQuote) or desk.effects(fx.RefuseRfq), "an answer")
            await asyncio.sleep(0.05)
            async with calling(desk, "ALPHA", store=alpha.session.store) as alpha:
                await alpha.settled()
                assert not alpha.of(Quote)

    play(story())


def test_a_full_inbox_declines_requests_on_the_record_and_turns_the_rest_away_with_a_reject(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        tight = {"inbox_new_max": 2, "inbox_reserved": 4}
        async with desk_on_wire(tmp_path, ALPHA, live=tight) as desk, calling(desk, "ALPHA") as alpha:
            for place in range(5):
                alpha.say(request(f"r{place}"))
            for place in range(8):
                alpha.say(QuoteCancel(cancel_type=CancelType.ALL, rfq_id=f"none{place}", quote_id="*"))
            busy = await alpha.hear(QuoteRequestReject, 3)
            assert (busy.reason.value, busy.text) == ("99", "busy")
            away = await alpha.hear(BusinessMessageReject)
            assert (away.ref_msg_type, away.reason.value, away.text) == ("Z", "4", "busy")
            await desk.until(lambda: desk.events(ev.InboxOverflowed), "it is on the record")
            await desk.until(lambda: alpha.link.session.is_up and desk.live.idle, "all is handled")
            assert desk.side.gateway.links["ALPHA"].session.store.next_in == 15, "each number is accepted"

    play(story())
