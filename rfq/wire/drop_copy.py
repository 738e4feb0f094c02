"""Drop copies: every fill of ours, as maker and as taker, reported (AE) to the sessions that are configured for it.

A fill is reported once its record is durable. What a session missed while it was down, or while we were, it gets when
it is up again, in the order of the log: its journal says how far it was told. A report is named by the fill's place in
the log, so one that comes twice is seen to be the same.
"""

from collections.abc import Callable, Iterable
from typing import Final

from fix_gateway.codec.values import stamp
from fix_gateway.errors import LocalProtocolError
from fix_gateway.messages.parts import Party, TradeLeg, TradeSide
from fix_gateway.messages.trading import TradeCaptureReport
from fix_gateway.messages.words import ExecType, Reporting
from fix_gateway.messages.words import Side as FixSide
from fix_gateway.shell.connection import Link
from rfq.domain.effects import Booked, ConfirmFill
from rfq.domain.ids import ChainId
from rfq.domain.request import Side
from rfq.wire.book import Book
from rfq.wire.counter import Line
from rfq.wire.departures import copy_id, effect_id
from rfq.wire.outbound_fix import BLOCK_TRADE
from rfq.wire.packages import PACKAGE, is_package, legs_of, security_type

CONTRA_FIRM: Final = "17"
Place = tuple[int, int]
FillEffect = ConfirmFill | Booked
FillsAfter = Callable[[Place], Iterable[tuple[int, int, FillEffect]]]
"""The fills in the log behind a place (record, index), in order; no confirmation that only says one again."""


class DropCopies:
    """Follows the fills of one loop."""

    def __init__(self, chain: ChainId, book: Book, fills_after: FillsAfter) -> None:
        self._chain = chain
        self._book = book
        self._fills_after = fills_after
        self._told: dict[str, Place] = {}
        self._lines: dict[str, Line] = {}
        self._newest: Place | None = None

    def add(self, line: Line, told: Place) -> None:
        """A session that gets them; it knows of all fills up to `told`."""
        self._lines[line.peer.name] = line
        self._told[line.peer.name] = told

    def follow(self, number: int, index: int, effect: FillEffect) -> None:
        """A fill is durable: a follower of the loop."""
        if isinstance(effect, ConfirmFill) and effect.again:
            return
        self._newest = (number, index)
        for name, line in self._lines.items():
            if line.link is not None and line.link.is_up:
                self._tell(name, line, number, index, effect)

    def on_up(self, link: Link) -> None:
        """A session is up: what it missed."""
        told = self._told[link.name]
        if self._newest is not None and self._newest <= told:
            return
        for number, index, effect in self._fills_after(told):
            self._tell(link.name, self._lines[link.name], number, index, effect)

    def _tell(self, name: str, line: Line, number: int, index: int, effect: FillEffect) -> None:
        """Once, and only while it can be reached."""
        if (number, index) <= self._told[name] or line.link is None:
            return
        msg_type, body = line.speech.write(self._report(line, number, index, effect))
        try:
            line.link.send(msg_type, body, tag=copy_id(self._chain, number, index).encode())
        except LocalProtocolError:
            return
        self._told[name] = (number, index)

    def _report(self, line: Line, number: int, index: int, effect: FillEffect) -> TradeCaptureReport:
        fill, symbols = effect.fill, line.peer.symbols
        asked = self._book.request(fill.rfq)
        ask = asked.ask if asked is not None else None
        whole = ask is not None and not is_package(ask)
        side = TradeSide(
            side=FixSide.BUY if fill.sign > 0 else FixSide.SELL,
            order_id=fill.accept,
            cl_ord_id=fill.reference,
            parties=(Party(id=fill.counterparty, role=CONTRA_FIRM),),
        )
        ours = Side.BUY if fill.sign > 0 else Side.SELL
        parts = legs_of(ask, symbols, fill.amount, ours) if ask is not None and not whole else ()
        legs = tuple(
            TradeLeg(
                symbol=one.symbol, ratio=one.ratio, side=one.side, qty=one.qty, last_price=one.last_price
            )
            for one in parts
        )
        return TradeCaptureReport(
            report_id=effect_id(self._chain, number, index),
            exec_id=fill.id,
            exec_type=ExecType.TRADE,
            trade_type=BLOCK_TRADE,
            symbol=symbols.theirs(ask.structure.legs[0].instrument) if ask is not None and whole else PACKAGE,
            security_type=security_type(ask) if ask is not None else "",
            last_qty=fill.amount,
            last_price=fill.price,
            trade_date=stamp(fill.at, 3)[:8].decode(),
            at=fill.at,
            reporting=Reporting.SINGLE if whole else Reporting.STRUCTURE,
            sides=(side,),
            legs=legs,
        )
