"""A client of a desk in another process: asks over FIX, takes every quote, and keeps what it is told."""

from decimal import Decimal
from typing import Any

from fix_links import Lines
from wire_desk import PERPETUAL

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.dialect import FIX50SP2
from fix_gateway.messages.quoting import (
    Quote,
    QuoteCancel,
    QuoteRequest,
    QuoteRequestReject,
    QuoteResponse,
    QuoteStatusReport,
)
from fix_gateway.messages.trading import ExecutionReport
from fix_gateway.messages.words import Answer, OrderStatus, Side
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore
from fix_gateway.shell.connection import Link
from fix_gateway.shell.initiator import Backoff, Initiator, Place
from rfq.ops.clock import SystemClock

D = Decimal


class Client:
    """Asks, takes every quote, and keeps what it is told. Its engine outlives the desk."""

    def __init__(self, port: int, **logon: Any) -> None:
        settings = SessionSettings(
            name="alpha",
            begin="FIXT.1.1",
            appl="9",
            sender="ALPHA",
            target="DESK",
            initiator=True,
            replay=None,
            tolerance_ms=600_000,
            **logon,
        )
        clock = SystemClock()
        self.lines = Lines()
        self.link = Link(
            Session(settings, MemoryStore(), Decoder(FIX50SP2.dictionary)), self, clock.now, self.lines
        )
        place = Place(addresses=(("127.0.0.1", port),), backoff=Backoff(first_s=0.05, most_s=0.2))
        self.initiator = Initiator(self.link, place, clock.now, Lines())
        self.asked: list[str] = []
        self.open: dict[str, Quote] = {}
        self.accepted: list[str] = []
        self.ended: set[str] = set()
        self.fills: dict[str, set[str]] = {}
        self.refused: set[str] = set()
        self.rejects: list[QuoteRequestReject] = []

    def on_up(self, link: Link) -> None:
        """Nothing to do."""

    def on_down(self, link: Link, reason: str) -> None:
        """Nothing to do."""

    def on_message(self, link: Link, message: Decoded) -> bool:
        found: Any = FIX50SP2.speech.read(message)
        match found:
            case Quote():
                self.ended.add(found.rfq_id)
                self.open[found.quote_id] = found
                self.take(found)
            case QuoteRequestReject():
                self.ended.add(found.rfq_id)
                self.rejects.append(found)
            case QuoteCancel():
                self.open.pop(found.quote_id, None)
            case ExecutionReport() if found.status is OrderStatus.FILLED:
                self.fills.setdefault(found.answer_id, set()).add(found.exec_id)
            case ExecutionReport():
                self.refused.add(found.answer_id)
            case QuoteStatusReport():
                self.refused.add(found.answer_id)
        return True

    def say(self, message: Any) -> bool:
        if not self.link.is_up:
            return False
        self.link.send(*FIX50SP2.speech.write(message))
        return True

    def ask(self) -> None:
        rfq_id = f"r{len(self.asked)}"
        request = QuoteRequest(rfq_id=rfq_id, symbol=PERPETUAL.name, qty=D(1_000), side=Side.BUY)
        if self.say(request):
            self.asked.append(rfq_id)

    def take(self, quote: Quote) -> None:
        answer_id = f"a-{quote.quote_id}"
        answer = QuoteResponse(
            answer_id=answer_id,
            answer=Answer.HIT,
            symbol=PERPETUAL.name,
            quote_id=quote.quote_id,
            side=Side.BUY,
            qty=D(1_000),
            price=quote.offer,
        )
        if self.say(answer):
            self.accepted.append(answer_id)

    @property
    def answered(self) -> bool:
        """Each acceptance has its answer."""
        return all(one in self.fills or one in self.refused for one in self.accepted)
