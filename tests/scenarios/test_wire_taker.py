"""As taker over real FIX sessions: dealers asked, quotes taken in, the best accepted, fills booked, losers told."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fix_links import play
from wire_desk import HIGH, LOW, PERPETUAL, Caller, WireDesk, calling, desk_on_wire, session

from fix_gateway.messages.quoting import (
    Quote,
    QuoteCancel,
    QuoteRequest,
    QuoteRequestReject,
    QuoteResponse,
    QuoteStatusReport,
)
from fix_gateway.messages.trading import BusinessMessageReject, ExecutionReport
from fix_gateway.messages.words import (
    Answer,
    BusinessReason,
    CancelType,
    ExecType,
    OrderStatus,
    QuoteReject,
    QuoteStatus,
    Reporting,
    RequestReject,
    Side,
)
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import PartyId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code

D = Decimal
NAME = PERPETUAL.name
TEN_S = 10_000_000_000


def dealer(name: str, **more: Any) -> dict[str, Any]:
    return session(name, party=name.lower(), asks=False, quotes=True, **more)


def price(desk: WireDesk, asked: QuoteRequest, quote_id: str, offered: str, **more: Any) -> Quote:
    said = {"offer": D(offered), "offer_qty": asked.qty, "valid_until": desk.world.clock.now() + TEN_S} | more
    return Quote(quote_id=quote_id, rfq_id=asked.rfq_id, symbol=asked.symbol, **said)


def report(answer: QuoteResponse, exec_id: str, **more: Any) -> ExecutionReport:
    assert answer.qty is not None and answer.side is not None
    done: dict[str, Any] = {
        "order_id": "o",
        "exec_id": exec_id,
        "exec_type": ExecType.TRADE,
        "status": OrderStatus.FILLED,
        "symbol": answer.symbol,
        "side": answer.side,
        "leaves": D(0),
        "filled": answer.qty,
        "average": answer.price,
        "cl_ord_id": answer.cl_ord_id,
        "answer_id": answer.answer_id,
        "last_qty": answer.qty,
        "last_price": answer.price,
    }
    return ExecutionReport(**{**done, **more})


async def asked(caller: Caller, count: int = 1) -> QuoteRequest:
    return await caller.hear(QuoteRequest, count)


@pytest.mark.parametrize("dialect", ["fix50sp2", "fix44"])
def test_the_best_is_accepted_and_everybody_is_told(dialect: str, tmp_path: Path) -> None:
    async def story() -> None:
        sessions = [dealer(name, dialect=dialect) for name in ("ONE", "TWO", "TRE", "NIL")]
        async with (
            desk_on_wire(tmp_path, *sessions) as desk,
            calling(desk, "ONE") as one,
            calling(desk, "TWO") as two,
            calling(desk, "TRE") as tre,
            calling(desk, "NIL") as nil,
        ):
            await desk.until(lambda: len(desk.live.desk.state.sessions) == 4, "all are there")
            desk.need("n1")
            request = await asked(one)
            assert (request.symbol, request.side, request.qty) == (NAME, Side.BUY, D(100_000))
            assert request.expires_at is not None
            for caller, offer in ((one, "60001"), (two, "60002"), (tre, "60003")):
                caller.say(price(desk, await asked(caller), f"q-{offer}", offer))
            nil.say(
                QuoteRequestReject(rfq_id=(await asked(nil)).rfq_id, reason=RequestReject.PASSED, symbol=NAME)
            )
            hit = await one.hear(QuoteResponse)
            assert (hit.answer, hit.quote_id, hit.price) == (Answer.HIT, "q-60001", D("60001"))
            assert not [message for message in two.raw if b"60001" in message.raw]
            one.say(report(hit, "x1"))
            one.say(report(hit, "x1"), again=True)
            cover, away = await two.hear(QuoteResponse), await tre.hear(QuoteResponse)
            if dialect == "fix50sp2":
                done = await one.hear(QuoteResponse, 2)
                assert (done.answer, done.cover) == (Answer.END_TRADE, D("60002"))
            else:  # 4.4 has no answer that says it
                told = await one.hear(QuoteStatusReport)
                assert (told.status, told.quote_id) == (QuoteStatus.ACCEPTED, "q-60001")
                assert told.text == "traded, cover 60002"
            (booked,) = desk.effects(fx.Booked)
            assert (booked.fill.amount, booked.fill.price, booked.fill.reference) == (
                D(100_000),
                D("60001"),
                "x1",
            )
            assert (cover.answer, cover.cover, cover.quote_id) == (Answer.COVER, None, "q-60002")
            assert (away.answer, away.cover) == (Answer.DONE_AWAY, None)
            (passed,) = desk.events(ev.DealerPassed)
            assert passed.dealer == "nil"
            assert [closed.outcome for closed in desk.effects(fx.Closed)] == [Outcome.DONE]

    play(story())


def test_a_package_is_asked_with_its_legs_and_may_cost_less_than_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, dealer("ONE")) as desk, calling(desk, "ONE") as one:
            desk.need("n1", spread=True, side=ev.Side.SELL)
            request = await asked(one)
            assert (request.symbol, request.security_type, request.side) == ("[N/A]", "MLEG", Side.SELL)
            assert [(leg.symbol, leg.side) for leg in request.legs] == [
                (LOW.name, Side.BUY),
                (HIGH.name, Side.SELL),
            ]
            wrong = tuple(
                type(leg)(symbol=leg.symbol, ratio=leg.ratio, side=Side.BUY) for leg in request.legs
            )
            whole = {"offer": None, "offer_qty": None, "bid_qty": D(25)}
            one.say(price(desk, request, "q0", "1", bid=D("-0.01"), legs=wrong, **whole))
            refused = await one.hear(QuoteStatusReport)
            assert (refused.quote_id, refused.status) == ("q0", QuoteStatus.REJECTED)
            assert "legs" in refused.text
            one.say(price(desk, request, "q1", "1", bid=D("-0.01"), legs=request.legs, **whole))
            await desk.until(lambda: desk.events(ev.QuoteReceived), "it is taken in")
            (quote,) = desk.events(ev.QuoteReceived)
            assert (quote.bid, quote.offer) == (D("-0.01"), None)
            hit = await one.hear(QuoteResponse)
            assert (hit.price, hit.side) == (D("-0.01"), Side.SELL)
            one.say(report(hit, "leg", reporting=Reporting.LEG, last_price=D(3)))
            one.say(report(hit, "all", reporting=Reporting.STRUCTURE))
            await desk.until(lambda: desk.effects(fx.Booked), "it is booked once")
            assert [fill.reference for fill in desk.events(ev.FillReported)] == ["all"]

    play(story())


def test_quotes_that_are_not_taken_in(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk_on_wire(tmp_path, dealer("ONE"), dealer("TWO")) as desk,
            calling(desk, "ONE") as one,
        ):
            desk.need("n1", expires_at=desk.world.clock.now() + TEN_S)
            request = await asked(one)
            async with calling(desk, "TWO") as two:  # it was not there when dealers were asked
                two.say(price(desk, request, "spy", "60000"))
                told = await two.hear(QuoteStatusReport)
                two.say(on("wire-r3e7-0", "spy2"))
                nothing = await two.hear(QuoteStatusReport, 2)
                assert (told.reject, told.text, told.symbol) == (
                    nothing.reject,
                    nothing.text,
                    nothing.symbol,
                )
                assert told.reject is QuoteReject.UNKNOWN_QUOTE
            bad = {
                "b1": {"offer": None, "offer_qty": None},
                "b2": {"valid_until": 1_600_000_000_000_000_000},
                "b3": {"bid": D(70_000), "bid_qty": D(1)},
                "b4": {"offer": D(0), "offer_qty": None},
                "b5": {"offer_qty": D(0)},
                "b6": {"offer": D(-5)},
            }
            for name, more in bad.items():
                one.say(price(desk, request, name, "60000", **more))
            await one.hear(QuoteStatusReport, len(bad))
            refused = {found.quote_id: found for found in one.of(QuoteStatusReport)}
            assert set(refused) == set(bad)
            assert refused["b2"].reject is QuoteReject.TOO_LATE
            assert refused["b3"].reject is QuoteReject.INVALID_BID
            one.say(on(request.rfq_id, "eth", "ETH-PERPETUAL"))
            assert (await one.hear(QuoteStatusReport, 7)).reject is QuoteReject.UNKNOWN_SYMBOL

    def on(rfq_id: str, quote_id: str, symbol: str = NAME) -> Quote:
        return Quote(
            quote_id=quote_id,
            rfq_id=rfq_id,
            symbol=symbol,
            offer=D(60_000),
            offer_qty=D(100_000),
            valid_until=2_000_000_000_000_000_000,
        )

    play(story())


def test_quotes_twice_withdrawn_refused_and_acceptances_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk_on_wire(tmp_path, dealer("ONE"), dealer("TWO")) as desk,
            calling(desk, "ONE") as one,
            calling(desk, "TWO") as two,
        ):
            await desk.until(lambda: len(desk.live.desk.state.sessions) == 2, "both are there")
            desk.need("n1", expires_at=desk.world.clock.now() + 3 * TEN_S)
            request = await asked(one)
            first = price(desk, request, "q1", "60001")
            one.say(first)
            one.say(first, again=True)
            await one.settled()
            assert not one.of(QuoteStatusReport), "a possible duplicate gets no refusal"
            one.say(first)
            twice = await one.hear(QuoteStatusReport)
            assert (twice.quote_id, twice.reject) == ("q1", QuoteReject.DUPLICATE)
            one.say(QuoteCancel(cancel_type=CancelType.ONE, quote_id="q1"))
            await desk.until(lambda: desk.events(ev.QuoteWithdrawn), "it is withdrawn")
            one.say(price(desk, request, "q2", "60001"))
            one.say(QuoteCancel(cancel_type=CancelType.ALL, rfq_id=request.rfq_id))
            await desk.until(lambda: len(desk.events(ev.QuoteWithdrawn)) >= 2, "and all")
            assert {gone.reference for gone in desk.events(ev.QuoteWithdrawn)} >= {"q1", "q2"}
            one.say(price(desk, request, "q3", "60001"))
            two.say(price(desk, await asked(two), "t1", "60002"))
            hit = await one.hear(QuoteResponse)
            one.say(
                report(
                    hit,
                    "no",
                    exec_type=ExecType.REJECTED,
                    status=OrderStatus.REJECTED,
                    last_qty=None,
                    last_price=None,
                )
            )
            second = await two.hear(QuoteResponse)
            assert (second.answer, second.quote_id) == (Answer.HIT, "t1")
            two.say(
                BusinessMessageReject(
                    ref_msg_type="AJ", reason=BusinessReason.NOT_AVAILABLE, ref_id=second.answer_id
                )
            )
            await desk.until(lambda: len(desk.events(ev.AcceptRefused)) == 2, "both have refused")
            assert {refusal.reason.code for refusal in desk.events(ev.AcceptRefused)} == {Code.LAST_LOOK}
            assert not desk.effects(fx.Booked)

    play(story())


def test_a_need_that_ends_is_taken_back_from_the_dealers(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, dealer("ONE")) as desk, calling(desk, "ONE") as one:
            desk.need("n1")
            request = await asked(one)
            desk.live.offer(ev.KillPressed(by=PartyId("anybody")))
            ended = await one.hear(QuoteStatusReport)
            assert (ended.rfq_id, ended.status) == (request.rfq_id, QuoteStatus.CANCELED)

    play(story())


def test_a_fill_that_cannot_be_read_is_recorded_and_wakes_somebody(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, dealer("ONE")) as desk, calling(desk, "ONE") as one:
            desk.need("n1")
            one.say(price(desk, await asked(one), "q1", "60001"))
            hit = await one.hear(QuoteResponse)
            one.say(report(hit, "x", last_price=None))
            one.say(report(hit, "back", exec_type=ExecType.TRADE_CANCEL, exec_ref="x"))
            refused = await one.hear(BusinessMessageReject)
            assert (refused.ref_msg_type, refused.reason.value) == ("8", "3")
            await desk.until(lambda: len(desk.events(ev.MessageUnreadable)) == 2, "both are on the record")
            assert not desk.effects(fx.Booked)

    play(story())
