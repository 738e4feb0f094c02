"""As maker over real FIX sessions: asked, quoting, accepted by an answer or by an order, filled; and every refusal."""

from pathlib import Path
from typing import Any

import pytest
from fix_links import play
from wire_deals import ALPHA, BETA, NAME, SPREAD, D, hit, quoted, request
from wire_desk import HIGH, LOW, calling, desk_on_wire

from fix_gateway.messages.parts import Leg, Party
from fix_gateway.messages.quoting import (
    MassQuoteAcknowledgement,
    QuoteRequestReject,
    QuoteStatusReport,
)
from fix_gateway.messages.trading import (
    ExecutionReport,
    NewOrderMultileg,
    NewOrderSingle,
)
from fix_gateway.messages.words import (
    Answer,
    OrderStatus,
    OrderType,
    QuoteStatus,
    Reporting,
    Side,
)
from rfq.audit.log import AuditLog
from rfq.audit.replay import replay
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev


@pytest.mark.parametrize("dialect", ["fix50sp2", "fix44"])
def test_asked_quoted_accepted_filled_and_on_the_record(dialect: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk_on_wire(tmp_path, {**ALPHA, "dialect": dialect}) as desk,
            calling(desk, "ALPHA") as alpha,
        ):
            quote = await quoted(alpha)
            assert (quote.symbol, quote.rfq_id, quote.offer_qty) == (NAME, "r1", D(100_000))
            assert quote.offer is not None and quote.bid is None
            alpha.say(hit(quote, cl_ord_id="c1", rfq_id="r1" if dialect == "fix50sp2" else ""))
            fill = await alpha.hear(ExecutionReport)
            assert (fill.status, fill.last_qty, fill.last_price) == (
                OrderStatus.FILLED,
                D(100_000),
                quote.offer,
            )
            assert (fill.answer_id, fill.cl_ord_id, fill.leaves, fill.reporting) == (
                "a1",
                "c1",
                0,
                Reporting.SINGLE,
            )
            assert all(b"\x01117=" not in one.raw for one in alpha.raw if one.msg_type == "8")
            await desk.until(lambda: len(desk.events(ev.Sent)) >= 2, "both are known to have left")
            raws = {mark.raw for sent in desk.events(ev.Sent) for mark in sent.marks}
            assert raws == {canon.digest(one.raw) for one in alpha.raw if one.msg_type in ("S", "8")}
            heard = [stamped.raw for stamped, _ in desk.seen if isinstance(stamped.event, ev.RfqReceived)]
            assert len(heard) == 1 and len(heard[0]) == 64, "the hash of the message stands in the record"
        with AuditLog.open(desk.path, writable=False) as log:
            assert replay(log, build="wire").ok

    play(story())


def test_a_flat_dialect_asks_without_a_group_and_accepts_by_order(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk_on_wire(tmp_path, {**ALPHA, "dialect": "coinbase_flat"}) as desk,
            calling(desk, "ALPHA") as alpha,
        ):
            quote = await quoted(alpha)
            assert b"\x01146=" not in alpha.raw[-1].raw
            order = NewOrderSingle(
                cl_ord_id="c1",
                symbol=NAME,
                side=Side.BUY,
                order_type=OrderType.PREVIOUSLY_QUOTED,
                at=desk.world.clock.now(),
                qty=D(100_000),
                price=quote.offer,
                quote_id=quote.quote_id,
            )
            alpha.say(order)
            fill = await alpha.hear(ExecutionReport)
            assert (fill.cl_ord_id, fill.status, fill.last_price) == ("c1", OrderStatus.FILLED, quote.offer)
            alpha.say(order)  # the same order again gets the first result
            again = await alpha.hear(ExecutionReport, 2)
            assert again.exec_id == fill.exec_id and alpha.raw[-1].poss_resend
            assert len(desk.live.desk.state.done) == 1
            (event, _) = desk.events(ev.AcceptReceived)
            assert event.by_order and event.reference == "c1"
            alpha.say(request("r1"))
            refused = await alpha.hear(MassQuoteAcknowledgement)
            assert (refused.status, refused.rfq_id) == (QuoteStatus.REJECTED, "r1")

    play(story())


@pytest.mark.parametrize("by", ["AJ", "AB"])
def test_a_package_at_a_net_credit_both_ways(by: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, ALPHA) as desk, calling(desk, "ALPHA") as alpha:
            package = {"symbol": "[N/A]", "security_type": "MLEG", "qty": D(25)}
            debit = await quoted(alpha, "r1", legs=SPREAD, side=None, **package)
            assert debit.bid is not None and debit.offer is not None and 0 < debit.bid < debit.offer
            assert [one.symbol for one in debit.legs] == [LOW.name, HIGH.name]
            turned = tuple(
                Leg(symbol=one.symbol, ratio=one.ratio, side=Side.SELL if one.side is Side.BUY else Side.BUY)
                for one in SPREAD
            )
            credit = await quoted(alpha, "r2", legs=turned, side=None, **package)
            assert credit.bid is not None and credit.offer is not None and credit.bid < credit.offer < 0
            if by == "AJ":
                alpha.say(hit(credit, side=Side.SELL, price=credit.bid, qty=D(25)))
            else:
                order = NewOrderMultileg(
                    cl_ord_id="c1",
                    symbol="[N/A]",
                    side=Side.SELL,
                    order_type=OrderType.PREVIOUSLY_QUOTED,
                    at=desk.world.clock.now(),
                    legs=turned,
                    qty=D(25),
                    price=credit.bid,
                    quote_id=credit.quote_id,
                )
                alpha.say(order)
            fill = await alpha.hear(ExecutionReport)
            assert fill.last_price == credit.bid and fill.last_price < 0
            assert fill.reporting is Reporting.STRUCTURE and fill.trade_type == "1"
            assert [(one.symbol, one.side, one.qty) for one in fill.legs] == [
                (LOW.name, Side.BUY, D(25)),
                (HIGH.name, Side.SELL, D(25)),
            ], "selling the turned package buys its low leg"

    play(story())


@pytest.mark.parametrize(
    ("more", "reason", "told"),
    [
        ({"symbol": "DOGE"}, "1", "unknown instrument"),
        ({"qty": D("15")}, "99", "OrderQty (38): amount is no multiple"),
        ({"qty": None}, "99", "OrderQty (38): cannot be read: is missing"),
        ({"qty": D("1." + "1" * 20)}, "99", "not a number"),
        ({"expires_at": 1_600_000_000_000_000_000}, "4", "ExpireTime (126): expired"),
        ({"legs": (Leg(symbol=NAME, ratio=D(0), side=Side.BUY),), "symbol": "[N/A]"}, "99", "legs[0]"),
        ({"symbol": "X" * 65}, "99", "Symbol (55)"),
        ({"requester": (Party(id="somebody", role="13"),)}, "6", "not authorised"),
    ],
)
def test_a_wrong_request_is_refused_by_the_name_of_the_field(
    more: dict[str, Any], reason: str, told: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, ALPHA) as desk, calling(desk, "ALPHA") as alpha:
            alpha.say(request("r1", **more))
            refused = await alpha.hear(QuoteRequestReject)
            assert (refused.rfq_id, refused.reason.value) == ("r1", reason)
            assert told in refused.text
            assert desk.effects(fx.RefuseRfq), "it stands in the record"

    play(story())


def test_acceptances_that_are_not_honoured(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk_on_wire(tmp_path, ALPHA, BETA) as desk,
            calling(desk, "ALPHA") as alpha,
            calling(desk, "BETA") as beta,
        ):
            quote = await quoted(alpha)
            beta.say(hit(quote, "b1"))
            alpha.say(hit(quote, "a1", quote_id="desk-q9-0"))
            alpha.say(hit(quote, "a2", price=D(1)))
            alpha.say(hit(quote, "a3", side=Side.SELL, price=None))
            alpha.say(hit(quote, "a4", qty=D(200_000)))
            alpha.say(hit(quote, "a5", answer=Answer.COUNTER))
            alpha.say(hit(quote, "a6", symbol="ETH-PERPETUAL"))
            alpha.say(hit(quote, "x" * 65))
            await alpha.hear(QuoteStatusReport, 7)
            await beta.hear(ExecutionReport)
            rival, unknown = beta.of(QuoteStatusReport)[0], alpha.of(QuoteStatusReport)[0]
            assert rival.status is unknown.status is QuoteStatus.NOT_FOUND
            assert rival.reject is unknown.reject and rival.text == unknown.text
            assert rival.symbol == unknown.symbol == "[N/A]", "a rival's quote is as unknown as none"
            answers = {one.answer_id: one for one in alpha.of(QuoteStatusReport)}
            assert answers["a2"].text.startswith("Price (44)") and answers["a2"].reject == "8"
            assert answers["a3"].status is QuoteStatus.REJECTED
            assert answers["a5"].text.startswith("QuoteRespType (694)")
            assert answers["a6"].reject == "1"
            orders = {one.answer_id: one for one in alpha.of(ExecutionReport)}
            assert {one.status for one in orders.values()} == {OrderStatus.REJECTED}
            assert set(orders) == {"a1", "a3", "a4"}, "what could be read as an order"
            assert not desk.effects(fx.ConfirmFill)
            alpha.say(hit(quote, "a7"))
            await desk.until(lambda: desk.effects(fx.ConfirmFill), "the quote stood all the while")
            alpha.say(hit(quote, "a8"))
            await desk.until(lambda: any(one.answer_id == "a8" for one in alpha.of(QuoteStatusReport)), "a8")

    play(story())


def test_the_same_acceptance_twice_is_filled_once_and_told_twice(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, ALPHA) as desk, calling(desk, "ALPHA") as alpha:
            quote = await quoted(alpha)
            alpha.say(hit(quote))
            alpha.say(hit(quote), again=True)
            first, second = await alpha.hear(ExecutionReport), await alpha.hear(ExecutionReport, 2)
            assert first.exec_id == second.exec_id
            assert [one.poss_resend for one in alpha.raw if one.msg_type == "8"] == [False, True]
            assert desk.live.desk.state.positions == {NAME: D(-100_000)}

    play(story())
