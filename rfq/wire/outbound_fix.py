"""Desk words -> FIX words: what an outward effect is as messages, for both sides of a request.

An effect becomes one message, or, for a refused acceptance, a status and an execution report. Nothing is said that is
not in the effect, but the ids and the instrument, which the book knows. Prices keep their sign. Whatever the version
does not know is the dialect's affair.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeAlias

from fix_gateway.messages.parts import Leg, SymbolRef
from fix_gateway.messages.quoting import (
    Quote,
    QuoteCancel,
    QuoteRequest,
    QuoteRequestReject,
    QuoteResponse,
    QuoteStatusReport,
)
from fix_gateway.messages.trading import ExecutionReport
from fix_gateway.messages.words import (
    Answer,
    CancelType,
    ExecType,
    OrderStatus,
    OrderType,
    QuoteStatus,
    QuoteType,
    Reporting,
    RequestType,
)
from fix_gateway.messages.words import Side as FixSide
from rfq.domain import effects as fx
from rfq.domain.events import RfqReceived
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Side
from rfq.wire.book import Book
from rfq.wire.codes import CODES, text_of
from rfq.wire.departures import parse_effect_id
from rfq.wire.packages import PACKAGE, is_package, legs_of, security_type, symbol_of
from rfq.wire.refusals import order_of, refuse_accept
from rfq.wire.symbols import Symbols

Message: TypeAlias = (
    Quote
    | QuoteCancel
    | QuoteRequest
    | QuoteRequestReject
    | QuoteResponse
    | QuoteStatusReport
    | ExecutionReport
)
BLOCK_TRADE: Final = "1"
_ZERO: Final = Decimal(0)
ANSWERS: Final[dict[Outcome, Answer]] = {
    Outcome.DONE: Answer.END_TRADE,
    Outcome.COVER: Answer.COVER,
    Outcome.TIED: Answer.TIED,
    Outcome.TIED_COVER: Answer.TIED_COVER,
    Outcome.DONE_AWAY: Answer.DONE_AWAY,
    Outcome.PASSED: Answer.PASS,
    Outcome.EXPIRED: Answer.EXPIRED,
    Outcome.TIMED_OUT: Answer.TIMED_OUT,
    Outcome.CANCELLED: Answer.END_TRADE,
    Outcome.REJECTED: Answer.END_TRADE,
}
"""694 for each outcome. Who traded is told the end of the trade, with the cover price if there was one."""
_FIX_SIDE: Final = {Side.BUY: FixSide.BUY, Side.SELL: FixSide.SELL, Side.TWO_WAY: None}


class Speaker:
    """Spells effects for one party: its names of instruments, and the book of all ids. `no_quote` is what stands for
    the quote in a status that is about none, where the version wants one."""

    __slots__ = ("_book", "_no_quote", "_says_end", "_symbols")

    def __init__(self, book: Book, symbols: Symbols, no_quote: str = "", says_end: bool = True) -> None:
        """`says_end`: the version has a word (694=7) for the end of a trade."""
        self._book = book
        self._symbols = symbols
        self._no_quote = no_quote
        self._says_end = says_end

    def say(self, effect: fx.Outward, tag: str, now: int) -> tuple[Message, ...]:
        """The messages of an effect; `tag` is its id, which also serves where a message needs an id of its own."""
        return _SAY[type(effect)](self, effect, tag, now)

    # --- as maker ----------------------------------------------------------------------------------------------

    def _refuse_rfq(self, effect: fx.RefuseRfq, tag: str, now: int) -> tuple[Message, ...]:
        ask = self._ask_of(effect, tag)
        symbol, side = (self._symbol(ask), _FIX_SIDE[ask.side]) if ask is not None else (PACKAGE, None)
        reject = QuoteRequestReject(
            rfq_id=effect.reference,
            reason=CODES[effect.reason.code].request,
            symbol=symbol,
            side=side,
            at=now,
            text=text_of(effect.reason),
        )
        return (reject,)

    def _ask_of(self, effect: fx.RefuseRfq, tag: str) -> Ask | None:
        """What was asked for in a request that is refused."""
        asked = self._book.request(effect.rfq) if effect.rfq else None
        if asked is not None:
            return asked.ask
        found = parse_effect_id(tag)
        cause = self._book.cause(found[1]) if found is not None else None
        same = isinstance(cause, RfqReceived) and cause.reference == effect.reference
        return cause.ask if isinstance(cause, RfqReceived) and same else None

    def _send_quote(self, effect: fx.SendQuote, tag: str, now: int) -> tuple[Message, ...]:
        quote = effect.quote
        asked = self._book.request(quote.rfq)
        assert asked is not None, f"a quote on {quote.rfq}, which nobody asked for"
        said = Quote(
            quote_id=quote.id,
            rfq_id=effect.reference,
            message_id=tag,
            quote_type=QuoteType.TRADEABLE if quote.firm else QuoteType.INDICATIVE,
            all_or_none=quote.all_or_none,
            symbol=self._symbol(asked.ask),
            security_type=security_type(asked.ask),
            bid=quote.bid,
            offer=quote.offer,
            bid_qty=quote.bid_amount,
            offer_qty=quote.offer_amount,
            valid_until=quote.expires_at,
            at=now,
            legs=self._legs(asked.ask),
        )
        return (said,)

    def _withdraw_quote(self, effect: fx.WithdrawQuote, tag: str, now: int) -> tuple[Message, ...]:
        asked = self._book.request(effect.rfq)
        cancel = QuoteCancel(
            cancel_type=CancelType.ONE,
            quote_id=effect.quote,
            rfq_id=asked.reference if asked is not None else "",
            message_id=tag,
            symbols=(SymbolRef(symbol=self._symbol(asked.ask)),) if asked is not None else (),
        )
        return (cancel,)

    def _confirm(self, effect: fx.ConfirmFill, tag: str, now: int) -> tuple[Message, ...]:
        fill = effect.fill
        asked = self._book.request(fill.rfq)
        assert asked is not None, f"a fill of {fill.rfq}, which nobody asked for"
        accepted = self._book.accepted(effect.to, effect.reference, fill.accept)
        ask = asked.ask
        report = ExecutionReport(
            order_id=fill.accept,
            exec_id=fill.id,
            exec_type=ExecType.TRADE,
            status=OrderStatus.FILLED,
            cl_ord_id=order_of(accepted, effect.reference),
            answer_id=effect.reference,
            symbol=self._symbol(ask),
            security_type=security_type(ask),
            side=FixSide.BUY if fill.side is Side.BUY else FixSide.SELL,
            qty=fill.amount,
            order_type=OrderType.PREVIOUSLY_QUOTED,
            price=fill.price,
            last_qty=fill.amount,
            last_price=fill.price,
            leaves=_ZERO,
            filled=fill.amount,
            average=fill.price,
            reporting=Reporting.STRUCTURE if is_package(ask) else Reporting.SINGLE,
            trade_type=BLOCK_TRADE,
            at=fill.at,
            legs=self._legs(ask, fill.amount, fill.side, fill.id),
        )
        return (report,)

    def _refuse_accept(self, effect: fx.RefuseAccept, tag: str, now: int) -> tuple[Message, ...]:
        return refuse_accept(self._book, self._symbols, effect, tag, now)

    # --- as taker ----------------------------------------------------------------------------------------------

    def _ask(self, effect: fx.AskDealer, tag: str, now: int) -> tuple[Message, ...]:
        ask = effect.ask
        request = QuoteRequest(
            rfq_id=effect.rfq,
            symbol=self._symbol(ask),
            security_type=security_type(ask),
            side=_FIX_SIDE[ask.side],
            qty=ask.amount,
            request_type=RequestType.AUTOMATIC,
            quote_type=QuoteType.TRADEABLE,
            price=ask.bid_limit,
            price2=ask.offer_limit,
            expires_at=effect.expires_at or None,
            at=now,
            competitors=effect.competitors,
            anonymous=True if ask.anonymous else None,
            legs=self._legs(ask),
        )
        return (request,)

    def _withdraw_rfq(self, effect: fx.WithdrawRfq, tag: str, now: int) -> tuple[Message, ...]:
        asked = self._book.request(effect.rfq)
        expired = effect.reason.code in (Code.EXPIRED, Code.NO_QUOTE)
        report = QuoteStatusReport(
            status=QuoteStatus.EXPIRED if expired else QuoteStatus.CANCELED,
            symbol=self._symbol(asked.ask) if asked is not None else PACKAGE,
            rfq_id=effect.rfq,
            quote_id=self._no_quote,
            at=now,
            text=text_of(Reason(code=effect.reason.code)),
        )
        return (report,)

    def _accept(self, effect: fx.AcceptQuote, tag: str, now: int) -> tuple[Message, ...]:
        asked = self._book.request(effect.rfq)
        assert asked is not None, f"an acceptance on {effect.rfq}, which nobody asked"
        answer = QuoteResponse(
            answer_id=effect.accept,
            answer=Answer.HIT,
            quote_id=effect.reference,
            rfq_id=effect.rfq,
            cl_ord_id=effect.accept,
            symbol=self._symbol(asked.ask),
            security_type=security_type(asked.ask),
            side=_FIX_SIDE[effect.side],
            qty=effect.amount,
            price=effect.price,
            valid_until=effect.not_after_at,
            order_type=OrderType.LIMIT,
            at=now,
            legs=self._legs(asked.ask),
        )
        return (answer,)

    def _refuse_quote(self, effect: fx.RefuseQuote, tag: str, now: int) -> tuple[Message, ...]:
        """A dealer that was not asked is told that there is no such request: an id of a rival's says nothing to it."""
        reason = effect.reason
        if reason.code is Code.NOT_AUTHORISED:
            reason = Reason(code=Code.UNKNOWN_RFQ, field="rfq")
        own = bool(effect.rfq) and self._book.was_asked(effect.to, effect.rfq)
        asked = self._book.request(effect.rfq) if own else None
        report = QuoteStatusReport(
            status=QuoteStatus.REJECTED,
            symbol=self._symbol(asked.ask) if asked is not None else PACKAGE,
            rfq_id=effect.rfq,
            quote_id=effect.reference,
            reject=CODES[reason.code].quote,
            at=now,
            text=text_of(reason),
        )
        return (report,)

    def _tell(self, effect: fx.TellOutcome, tag: str, now: int) -> tuple[Message, ...]:
        asked = self._book.request(effect.rfq)
        symbol = self._symbol(asked.ask) if asked is not None else PACKAGE
        kind = security_type(asked.ask) if asked is not None else ""
        if effect.outcome is Outcome.DONE and not self._says_end:  # the nearest answer, pass, would be wrong
            report = QuoteStatusReport(
                status=QuoteStatus.TRADED_AND_REMOVED,
                symbol=symbol,
                security_type=kind,
                rfq_id=effect.rfq,
                quote_id=effect.reference,
                at=now,
                text="traded" if effect.cover is None else f"traded, cover {effect.cover:f}",
            )
            return (report,)
        answer = QuoteResponse(
            answer_id=tag,
            answer=ANSWERS[effect.outcome],
            quote_id=effect.reference,
            rfq_id=effect.rfq,
            symbol=symbol,
            security_type=kind,
            cover=effect.cover if effect.outcome is Outcome.DONE else None,
            at=now,
        )
        return (answer,)

    # --- instruments -------------------------------------------------------------------------------------------

    def _symbol(self, ask: Ask) -> str:
        return symbol_of(ask, self._symbols)

    def _legs(
        self, ask: Ask, amount: Decimal | None = None, side: Side = Side.BUY, ref: str = ""
    ) -> tuple[Leg, ...]:
        """The parts of a package; with an `amount`, what was traded of each when a taker on `side` traded it."""
        return legs_of(ask, self._symbols, amount, side, ref) if is_package(ask) else ()


Say = Callable[[Speaker, Any, str, int], tuple[Message, ...]]
_SAY: Final[dict[type, Say]] = {
    fx.RefuseRfq: Speaker._refuse_rfq,
    fx.SendQuote: Speaker._send_quote,
    fx.WithdrawQuote: Speaker._withdraw_quote,
    fx.ConfirmFill: Speaker._confirm,
    fx.RefuseAccept: Speaker._refuse_accept,
    fx.AskDealer: Speaker._ask,
    fx.WithdrawRfq: Speaker._withdraw_rfq,
    fx.AcceptQuote: Speaker._accept,
    fx.RefuseQuote: Speaker._refuse_quote,
    fx.TellOutcome: Speaker._tell,
}
SAID: Final = frozenset(_SAY)
"""Every kind of effect that has words here; a test holds it against the union."""
