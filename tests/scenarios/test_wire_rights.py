"""Whose a message is: a hub speaks for whom it is configured to speak for, and for nobody else; what may have been sent
before is not acted on twice; fills are reported to those who get drop copies."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from fix_links import play
from wire_deals import ALPHA, NAME, SPREAD, D, hit, quoted, request
from wire_desk import calling, desk_on_wire, session

from fix_gateway.messages.parts import Party
from fix_gateway.messages.quoting import Quote, QuoteCancel, QuoteRequestReject
from fix_gateway.messages.trading import BusinessMessageReject, ExecutionReport, TradeCaptureReport
from fix_gateway.messages.words import CancelType, Reporting, Side
from fix_gateway.session.store import MemoryStore
from rfq.domain import effects as fx
from rfq.domain import events as ev

HUB = session("HUB", aliases={"A1": "anna", "B1": "ben"})


def behalf(name: str) -> bytes:
    return f"115={name}\x01".encode()


def test_a_hub_speaks_for_its_parties_and_each_hears_its_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, HUB) as desk, calling(desk, "HUB") as hub:
            assert {one.party for one in desk.events(ev.SessionUp)} == {"anna", "ben"}
            hub.say(request("r1"), header=behalf("A1"))
            hub.say(request("r1"), header=behalf("B1"))
            await hub.hear(Quote, 2)
            assert sorted(one.head(128) for one in hub.raw) == [b"A1", b"B1"]
            quotes = {one.head(128): found for one, found in zip(hub.raw, hub.heard, strict=True)}
            hub.say(hit(quotes[b"B1"]), header=behalf("A1"))
            await hub.hear(ExecutionReport)
            assert hub.raw[-1].head(128) == b"A1" and not desk.effects(fx.ConfirmFill)
            hub.say(hit(quotes[b"A1"], "a2"), header=behalf("A1"))
            await desk.until(lambda: desk.effects(fx.ConfirmFill), "its own may be hit")

    play(story())


def test_names_that_the_session_has_no_right_to(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk_on_wire(tmp_path, HUB, ALPHA) as desk,
            calling(desk, "HUB") as hub,
            calling(desk, "ALPHA") as alpha,
        ):
            hub.say(request("r1"))
            hub.say(request("r2"), header=behalf("alpha"))
            hub.say(request("r3", requester=(Party(id="B1", role="13"),)), header=behalf("A1"))
            hub.say(QuoteCancel(cancel_type=CancelType.ALL, rfq_id="r1"), header=behalf("nobody"))
            await hub.hear(BusinessMessageReject, 4)
            assert {one.reason.value for one in hub.of(BusinessMessageReject)} == {"6"}
            alpha.say(request("r1"), header=behalf("A1"))
            alpha.say(request("r2", requester=(Party(id="anna", role="3"),)))
            await alpha.hear(QuoteRequestReject, 2)
            assert {one.reason.value for one in alpha.of(QuoteRequestReject)} == {"6"}
            assert not desk.events(ev.RfqReceived)
            hub.say(request("r4", requester=(Party(id="B1", role="13"),)))
            await hub.hear(Quote)
            assert [one.party for one in desk.events(ev.RfqReceived)] == ["ben"]

    play(story())


def test_a_request_that_may_have_been_sent_before_is_not_refused_as_a_duplicate(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_on_wire(tmp_path, ALPHA) as desk, calling(desk, "ALPHA") as alpha:
            await quoted(alpha, "r1")
            alpha.say(request("r1"), again=True)
            await alpha.settled()
            await desk.until(lambda: len(desk.events(ev.RfqReceived)) == 2, "it is on the record")
            assert not alpha.of(QuoteRequestReject) and len(alpha.of(Quote)) == 1
            alpha.say(request("r1"))
            assert "duplicate" in (await alpha.hear(QuoteRequestReject)).text
            alpha.say(request("r2"), again=True)
            await alpha.hear(Quote, 2)

    play(story())


def test_names_of_instruments_are_the_counterparty_s_own(tmp_path: Path) -> None:
    async def story() -> None:
        own = session("ALPHA", party="alpha", symbols={NAME: "XBTUSD"})
        async with desk_on_wire(tmp_path, own) as desk, calling(desk, "ALPHA") as alpha:
            quote = await quoted(alpha, symbol="XBTUSD")
            assert quote.symbol == "XBTUSD"
            alpha.say(hit(quote))
            assert (await alpha.hear(ExecutionReport)).symbol == "XBTUSD"
            alpha.say(request("r2"))
            assert (await alpha.hear(QuoteRequestReject)).reason.value == "1"
            assert desk.live.desk.state.positions == {NAME: D(-100_000)}

    play(story())


def test_fills_are_reported_to_who_gets_drop_copies_and_what_it_missed_too(tmp_path: Path) -> None:
    async def story() -> None:
        copies = session("COPY", drop_copy=True)
        memory = MemoryStore()
        async with desk_on_wire(tmp_path, ALPHA, copies) as desk, calling(desk, "ALPHA") as alpha:
            async with calling(desk, "COPY", memory) as copy:
                alpha.say(hit(await quoted(alpha), "a1"))
                first = await copy.hear(TradeCaptureReport)
                fill = alpha.of(ExecutionReport)[0]
                (side,) = first.sides
                assert (first.exec_id, first.last_qty, first.last_price) == (
                    fill.exec_id,
                    fill.last_qty,
                    fill.last_price,
                )
                assert (side.side, side.parties[0].id, first.reporting) == (
                    Side.SELL,
                    "alpha",
                    Reporting.SINGLE,
                )
                copy.say(request("r9"))
                assert (await copy.hear(BusinessMessageReject)).reason.value == "3"
            await desk.until(lambda: not desk.side.gateway.links["COPY"].is_up, "it is gone")
            package: dict[str, Any] = {"symbol": "[N/A]", "security_type": "MLEG", "qty": Decimal(25)}
            alpha.say(hit(await quoted(alpha, "r2", legs=SPREAD, **package), "a2"))
            await alpha.hear(ExecutionReport, 2)
            alpha.say(hit(alpha.of(Quote)[-1], "a2"), again=True)
            await alpha.hear(ExecutionReport, 3)
            async with calling(desk, "COPY", memory) as copy:
                missed = await copy.hear(TradeCaptureReport)
                assert missed.exec_id == alpha.of(ExecutionReport)[1].exec_id
                assert missed.reporting is Reporting.STRUCTURE and len(missed.legs) == 2
                await copy.settled()
                assert len(copy.of(TradeCaptureReport)) == 1
        async with desk_on_wire(tmp_path, ALPHA, copies) as desk, calling(desk, "COPY", memory) as copy:
            await copy.settled()
            assert not copy.of(TradeCaptureReport), "its journal says what it was told"

    play(story())
