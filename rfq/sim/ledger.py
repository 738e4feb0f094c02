"""The ledger: what was really traded, from events and effects alone, and whether that was allowed.

A fill needs a quote that was sent, still stood, had not expired when the acceptance was read, and had that much left.
Positions are the sum of fills; the desk's are compared with them after each fill.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from rfq.desk.engine import Desk
from rfq.domain.effects import AcceptQuote, ConfirmFill, Effect, Estimate, Ignored, SendQuote, WithdrawQuote
from rfq.domain.events import (
    AcceptReceived,
    FillReported,
    NeedPosted,
    QuoteReceived,
    RfqReceived,
    Stamped,
)
from rfq.domain.reasons import Code
from rfq.domain.request import Ask, Side

Complain = Callable[[int, str], None]
_ZERO = Decimal(0)


class Shown(NamedTuple):
    """A quote as it was shown: by us to a client, or by a dealer to us."""

    rfq: str
    bid: Decimal | None
    offer: Decimal | None
    bid_amount: Decimal | None
    offer_amount: Decimal | None
    expires_at: int


class Ledger:
    """Own books."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._desk: Desk | None = None
        self._asks: dict[str, Ask] = {}
        self._ours: dict[str, Shown] = {}
        self._gone: dict[str, int] = {}
        self._theirs: dict[tuple[str, str], Shown] = {}
        self._accepts: dict[str, AcceptQuote] = {}
        self._taken: dict[str, Decimal] = {}
        self._reports: dict[tuple[str, str], int] = {}
        self.positions: dict[str, Decimal] = {}
        self._known_from = 1
        self.on_event: dict[type, Callable[[Stamped, tuple[Effect, ...]], None]] = {
            QuoteReceived: self._on_shown_to_us,
            FillReported: self._on_reported,
        }
        self.on_effect: dict[type, Callable[[Stamped, Any], None]] = {
            Estimate: self._on_born,
            SendQuote: self._on_shown,
            WithdrawQuote: self._on_withdrawn,
            ConfirmFill: self._on_confirmed,
            AcceptQuote: self._on_accept,
        }

    def begin(self, desk: Desk) -> None:
        """Take the positions that there are; what was asked and shown before this record is not known."""
        self._desk = desk
        self.positions = dict(desk.state.positions)
        self._known_from = desk.state.number

    def _on_shown_to_us(self, stamped: Stamped, _effects: tuple[Effect, ...]) -> None:
        event = stamped.event
        assert isinstance(event, QuoteReceived)
        self._theirs[(event.dealer, event.reference)] = Shown(
            event.rfq, event.bid, event.offer, event.bid_amount, event.offer_amount, event.expires_at
        )

    def _on_born(self, stamped: Stamped, effect: Estimate) -> None:
        if isinstance(stamped.event, (RfqReceived, NeedPosted)):
            self._asks[effect.rfq] = stamped.event.ask

    def _on_withdrawn(self, stamped: Stamped, effect: WithdrawQuote) -> None:
        self._gone[effect.quote] = stamped.number

    def finish(self, number: int) -> None:
        """All positions, once more."""
        self._compare(number, tuple(self.positions))

    # --- as maker ----------------------------------------------------------------------------------------------

    def _on_shown(self, stamped: Stamped, effect: SendQuote) -> None:
        number, quote = stamped.number, effect.quote
        if quote.id in self._ours:
            self._complain(number, f"quote {quote.id} is made twice")
        if quote.replaces:
            self._gone[quote.replaces] = number
        self._ours[quote.id] = Shown(
            quote.rfq, quote.bid, quote.offer, quote.bid_amount, quote.offer_amount, quote.expires_at
        )

    def _on_confirmed(self, stamped: Stamped, effect: ConfirmFill) -> None:
        """A fill of ours as maker; said again it is no new one."""
        number, fill = stamped.number, effect.fill
        if effect.again:
            if fill.quote not in self._taken and self._known_from <= 1:
                self._complain(number, f"fill {fill.id} is said again, and was never said")
            return
        shown = self._ours.get(fill.quote)
        if shown is None:
            if self._known_from <= 1:
                self._complain(number, f"fill {fill.id} on quote {fill.quote}, which was never made")
            return
        event = stamped.event
        if type(event) is not AcceptReceived or event.quote != fill.quote:
            self._complain(number, f"fill {fill.id} without an acceptance of its quote")
        if stamped.received_at >= shown.expires_at:
            self._complain(number, f"fill {fill.id} on quote {fill.quote}, which had expired")
        gone = self._gone.get(fill.quote)
        if gone is not None and gone < number:
            self._complain(
                number, f"fill {fill.id} on quote {fill.quote}, which was gone since record {gone}"
            )
        buys = fill.side is Side.BUY
        if fill.price != (shown.offer if buys else shown.bid):
            self._complain(number, f"fill {fill.id} at {fill.price}, which was not the quoted price")
        self._take(
            number, f"quote {fill.quote}", fill.amount, shown.offer_amount if buys else shown.bid_amount
        )
        self._taken[fill.quote] = fill.amount
        ask = self._asks.get(shown.rfq)
        if ask is None:
            return
        self._take(number, f"rfq {shown.rfq}", fill.amount, ask.amount)
        self._book(number, ask, -1 if buys else 1, fill.amount)

    # --- as taker ----------------------------------------------------------------------------------------------

    def _on_accept(self, stamped: Stamped, effect: AcceptQuote) -> None:
        """Our acceptance must fit the quote that the dealer showed."""
        number = stamped.number
        if effect.again:
            return
        self._accepts[effect.accept] = effect
        shown = self._theirs.get((effect.to, effect.reference))
        if shown is None:
            if self._known_from <= 1:
                self._complain(number, f"accepts {effect.reference} of {effect.to}, which was never shown")
            return
        if stamped.received_at >= shown.expires_at:
            self._complain(number, f"accepts {effect.reference} of {effect.to}, which had expired")
        buys = effect.side is Side.BUY
        offered = shown.offer_amount if buys else shown.bid_amount
        self._take(number, f"quote {effect.reference} of {effect.to}", effect.amount, offered)

    def _on_reported(self, stamped: Stamped, effects: tuple[Effect, ...]) -> None:
        """A dealer's report: a fill if it fits the acceptance and is new."""
        number, event = stamped.number, stamped.event
        assert isinstance(event, FillReported)
        accept = self._accepts.get(event.accept)
        if accept is None or accept.to != event.dealer or (event.dealer, event.reference) in self._reports:
            return
        if any(type(one) is Ignored and one.reason.code is Code.UNKNOWN_QUOTE for one in effects):
            return
        name = f"accept {event.accept}"
        left = accept.amount - self._taken.get(name, _ZERO)
        if not 0 < event.amount <= left or event.price != accept.price:
            return
        self._reports[(event.dealer, event.reference)] = number
        self._take(number, name, event.amount, accept.amount)
        ask = self._asks.get(accept.rfq)
        if ask is None:
            return
        self._take(number, f"rfq {accept.rfq}", event.amount, ask.amount)
        self._book(number, ask, 1 if accept.side is Side.BUY else -1, event.amount)

    # --- both --------------------------------------------------------------------------------------------------

    def _take(self, number: int, name: str, amount: Decimal, offered: Decimal | None) -> None:
        """Count so much of it as traded; more than was there is a violation."""
        taken = self._taken.get(name, _ZERO) + amount
        self._taken[name] = taken
        if offered is None or taken > offered:
            self._complain(number, f"{name} is taken for {taken}, and held {offered}")

    def _book(self, number: int, ask: Ask, sign: int, amount: Decimal) -> None:
        """Move the positions (`sign` +1 if we bought), and compare."""
        structure = ask.structure
        moves = [(leg.instrument, leg.ratio) for leg in structure.legs]
        moves += [(hedge.instrument, hedge.ratio) for hedge in structure.hedges]
        for name, ratio in moves:
            self.positions[name] = self.positions.get(name, _ZERO) + sign * ratio * amount
        self._compare(number, tuple(name for name, _ in moves))

    def _compare(self, number: int, instruments: tuple[str, ...]) -> None:
        assert self._desk is not None, "begin first"
        held = self._desk.state.positions
        for name in instruments:
            if held.get(name, _ZERO) != self.positions.get(name, _ZERO):
                own = self.positions.get(name, _ZERO)
                self._complain(
                    number, f"position in {name} is {held.get(name, _ZERO)}, the fills add up to {own}"
                )
                self.positions[name] = held.get(name, _ZERO)  # complain once
