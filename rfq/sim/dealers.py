"""Whom we ask. Each dealer has a style: how wide, how slow, how much of the size, and whether it stands by its word.

A dealer prices off the true market with its own error, in its own time; it may pass, say nothing, replace its quote,
take it back, offer a part or all-or-none, or quote for an instant only. An acceptance is honoured if the quote still
stands in the dealer's own book; a fading one also refuses when the market has moved against it. The informed dealer is
sharp only when it knows that the market is about to move against us.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from pricing.units import round_bid, round_offer
from pricing.valuation import Unpriceable, Valuation
from rfq.domain.effects import AcceptQuote, AskDealer, Outward, TellOutcome, WithdrawRfq
from rfq.domain.events import (
    AcceptRefused,
    DealerPassed,
    Event,
    FillReported,
    QuoteReceived,
    QuoteWithdrawn,
)
from rfq.domain.ids import PartyId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Side
from rfq.sim.catalogue import Catalogue, impact_bps, usual_bps
from rfq.sim.dice import Dice
from rfq.sim.market import SimMarket
from rfq.sim.street import Street

_SECOND: Final = 1_000_000_000
_NEWS_MIN_BPS: Final = 2.0
_TOLD_MAX: Final = 2_000
_INSIDE_SCREEN: Final = 0.45
"""Blocks of options trade well inside the screen's spread."""


class Style(NamedTuple):
    """One dealer: width over the usual one, its error (bps, one deviation), median answer and life of a quote (s), and
    how often it passes, says nothing, offers a part, replaces, withdraws, refuses an acceptance."""

    width: float
    error_bps: float
    answer_s: float
    life_s: float
    passes: float = 0.04
    silent: float = 0.02
    parts: float = 0.25
    replaces: float = 0.08
    withdraws: float = 0.03
    refuses: float = 0.005
    fades: bool = False
    informed: bool = False


COMPETENT: Final = Style(width=1.0, error_bps=0.2, answer_s=0.35, life_s=10.0)
WIDE: Final = Style(width=2.2, error_bps=0.5, answer_s=0.5, life_s=15.0, passes=0.15)
SLOW: Final = Style(width=1.1, error_bps=0.3, answer_s=2.6, life_s=20.0, silent=0.1, replaces=0.02)
FADING: Final = Style(width=0.7, error_bps=0.3, answer_s=0.3, life_s=6.0, refuses=0.15, fades=True)
HASTY: Final = Style(width=0.9, error_bps=0.2, answer_s=0.25, life_s=3.2, replaces=0.3, withdraws=0.1)
PARTIAL: Final = Style(width=0.85, error_bps=0.2, answer_s=0.4, life_s=10.0, parts=0.9)
INFORMED: Final = Style(width=1.6, error_bps=0.1, answer_s=0.3, life_s=8.0, passes=0.1, informed=True)
STYLES: Final = (
    *(COMPETENT, WIDE, PARTIAL, FADING, COMPETENT, SLOW, HASTY, INFORMED, COMPETENT, WIDE),
    *(PARTIAL, COMPETENT, SLOW, FADING, COMPETENT, HASTY, WIDE, COMPETENT, PARTIAL, SLOW),
)


class Made:
    """A quote in a dealer's own book."""

    __slots__ = ("amount", "expires_at", "fair", "gone", "rfq")

    def __init__(self, rfq: str, fair: float, amount: Decimal, expires_at: int) -> None:
        self.rfq = rfq
        self.fair = fair
        self.amount = amount
        self.expires_at = expires_at
        self.gone = False


class Dealer:
    """One dealer."""

    def __init__(
        self,
        party: PartyId,
        style: Style,
        *,
        street: Street,
        market: SimMarket,
        catalogue: Catalogue,
        dice: Dice,
    ) -> None:
        self.party = party
        self.style = style
        self._street = street
        self._market = market
        self._catalogue = catalogue
        self._dice = dice
        self._asks: dict[str, AskDealer] = {}
        self._book: dict[str, Made] = {}
        self._answered: dict[str, tuple[Event, ...]] = {}
        self._made = self._traded = 0
        self._width = style.width

    def hear(self, effect: Outward) -> None:
        """The desk's word."""
        if type(effect) is AskDealer:
            self._on_ask(effect)
        elif type(effect) is AcceptQuote:
            self._on_accept(effect)
        elif type(effect) is TellOutcome:
            self._learn(effect)
            self._end(effect.rfq)
        elif type(effect) is WithdrawRfq:
            self._end(effect.rfq)

    # --- quoting -----------------------------------------------------------------------------------------------

    def _on_ask(self, ask: AskDealer) -> None:
        dice, style = self._dice, self.style
        self._asks[ask.rfq] = ask
        after_s = 0.05 + dice.lognormal(style.answer_s, 0.5)
        roll = dice.uniform()
        if roll < style.silent:
            return
        if roll < style.silent + style.passes:
            self._pass(ask, after_s)
            return
        self._street.later(after_s, lambda: self._quote(ask))

    def _pass(self, ask: AskDealer, after_s: float) -> None:
        reason = Reason(code=Code.PASSED, detail="no interest")
        self._say(DealerPassed(dealer=self.party, rfq=ask.rfq, reason=reason), after_s)

    def _quote(self, ask: AskDealer, again: bool = False) -> None:
        """Make a price now and send it."""
        dice, style = self._dice, self.style
        if self._asks.get(ask.rfq) is not ask:
            return
        structure = ask.ask.structure
        found = self._market.value(structure)
        if isinstance(found, Unpriceable):
            self._pass(ask, 0.0)
            return
        half_bps, lean_bps = self._distance(found, ask)
        middle = found.fair + lean_bps * found.bp
        steps = self._catalogue.steps(structure)
        bid = round_bid(middle - half_bps * found.bp, *steps)
        offer = round_offer(middle + half_bps * found.bp, *steps)
        if not found.signed:
            bid, offer = max(bid, steps.tick), max(offer, steps.tick)
        amount = ask.ask.amount
        if dice.chance(style.parts):
            amount = self._catalogue.part(structure, amount, dice.between(0.3, 0.9))
        whole = amount == ask.ask.amount
        both, side = dice.chance(0.3), ask.ask.side
        bids, offers = both or side is not Side.BUY, both or side is not Side.SELL
        self._made += 1
        reference = f"{self.party}-{self._made}"
        expires_at = self._street.now() + int(style.life_s * dice.between(0.8, 1.2) * _SECOND)
        self._book[reference] = Made(ask.rfq, found.fair, amount, expires_at)
        self._say(
            QuoteReceived(
                dealer=self.party,
                rfq=ask.rfq,
                reference=reference,
                expires_at=expires_at,
                bid=bid if bids else None,
                offer=offer if offers else None,
                bid_amount=amount if bids else None,
                offer_amount=amount if offers else None,
                firm=not dice.chance(0.01),
                all_or_none=whole and dice.chance(0.25),
            )
        )
        self._afterwards(ask, reference, again)

    def _distance(self, found: Valuation, ask: AskDealer) -> tuple[float, float]:
        """Half the width and the lean of the middle, both in bps."""
        dice, style = self._dice, self.style
        usual = usual_bps(found, float(ask.ask.amount) * found.notional_usd)
        if self._catalogue.is_option(ask.ask.structure):
            usual *= _INSIDE_SCREEN
        half_bps = self._width * usual * (0.8 + 0.4 * dice.uniform()) + 0.2
        lean_bps = style.error_bps * dice.normal()
        if style.informed:
            coming = self._market.news_bps(found.underlying) * found.delta_net_usd / found.notional_usd
            gain = -coming if ask.ask.side is Side.BUY else coming
            if gain > _NEWS_MIN_BPS:
                half_bps, lean_bps = 0.2 * half_bps, 0.3 * coming
        return half_bps, lean_bps

    def _afterwards(self, ask: AskDealer, reference: str, again: bool) -> None:
        """Replace it, or take it back, some time later."""
        roll = self._dice.uniform()
        if roll < self.style.withdraws:
            after_s = self._dice.between(0.3, 3.0)
            self._street.later(after_s, lambda: self._withdraw(ask, reference))
        elif roll < self.style.withdraws + self.style.replaces and not again:
            after_s = self._dice.between(0.3, 2.0)
            self._street.later(after_s, lambda: self._replace(ask, reference))

    def _replace(self, ask: AskDealer, reference: str) -> None:
        made = self._book.get(reference)
        if made is not None and self._asks.get(ask.rfq) is ask:
            made.gone = True
            self._quote(ask, again=True)

    def _withdraw(self, ask: AskDealer, reference: str) -> None:
        made = self._book.get(reference)
        if made is not None and not made.gone:
            made.gone = True
            self._say(QuoteWithdrawn(dealer=self.party, rfq=ask.rfq, reference=reference))

    # --- trading -----------------------------------------------------------------------------------------------

    def _on_accept(self, effect: AcceptQuote) -> None:
        """Honour it, refuse it, or (rarely) do not answer at all; the same acceptance twice gets the same answer."""
        told = self._answered.get(effect.accept)
        if told is not None:
            for event in told:
                self._say(event, 0.02)
            return
        dice = self._dice
        roll = dice.uniform()
        if roll < 0.004:
            if dice.chance(0.5):
                self._street.later(5.0, lambda: self._answer(effect))
            return
        self._street.later(0.01 + dice.lognormal(0.06, 0.7), lambda: self._answer(effect))

    def _answer(self, effect: AcceptQuote) -> None:
        reason = self._refusal(effect)
        if reason is not None:
            events: tuple[Event, ...] = (
                AcceptRefused(dealer=self.party, accept=effect.accept, reason=reason),
            )
        else:
            self._book[effect.reference].gone = True
            events = self._fills(effect)
            self._hedge(effect)
        if len(self._answered) >= _TOLD_MAX:
            del self._answered[next(iter(self._answered))]
        self._answered[effect.accept] = events
        for place, event in enumerate(events):
            self._say(event, 0.03 * place)
        if self._dice.chance(0.02):
            self._say(events[-1], 0.2)

    def _refusal(self, effect: AcceptQuote) -> Reason | None:
        """Why it is not honoured, or None. Judged by the dealer's own book and clock."""
        made = self._book.get(effect.reference)
        if made is None or made.gone:
            return Reason(code=Code.QUOTE_GONE)
        if self._street.now() >= made.expires_at:
            return Reason(code=Code.QUOTE_EXPIRED)
        if self._dice.chance(self.style.refuses):
            return Reason(code=Code.LAST_LOOK)
        ask = self._asks.get(effect.rfq)
        if self.style.fades and ask is not None:
            found = self._market.value(ask.ask.structure)
            sign = 1.0 if effect.side is Side.BUY else -1.0
            if not isinstance(found, Unpriceable) and sign * (found.fair - made.fair) > 0.5 * found.bp:
                return Reason(code=Code.LAST_LOOK, detail="the market moved")
        return None

    def _fills(self, effect: AcceptQuote) -> tuple[Event, ...]:
        """One report, or two that add up."""
        ask = self._asks.get(effect.rfq)
        parts = [effect.amount]
        if ask is not None and self._dice.chance(0.08):
            first = self._catalogue.part(ask.ask.structure, effect.amount, 0.5)
            parts = [first, effect.amount - first] if first < effect.amount else parts
        reports: list[Event] = []
        for amount in parts:
            self._traded += 1
            reports.append(
                FillReported(
                    dealer=self.party,
                    accept=effect.accept,
                    reference=f"{self.party}-t{self._traded}",
                    amount=amount,
                    price=effect.price,
                )
            )
        return tuple(reports)

    def _hedge(self, effect: AcceptQuote) -> None:
        """What it hedges in the open market moves the price."""
        ask = self._asks.get(effect.rfq)
        found = self._market.value(ask.ask.structure) if ask is not None else None
        if found is not None and not isinstance(found, Unpriceable):
            sign = 1.0 if effect.side is Side.BUY else -1.0
            usd = float(effect.amount) * found.notional_usd
            self._market.push(found.underlying, 0.3 * sign * impact_bps(found, usd))

    def _learn(self, effect: TellOutcome) -> None:
        """Sharper after losing, wider after winning, within bounds."""
        step = 1.02 if effect.outcome is Outcome.DONE else 0.995
        self._width = max(0.7 * self.style.width, min(1.5 * self.style.width, self._width * step))

    def _end(self, rfq: str) -> None:
        """The request is over: the book keeps nothing of it."""
        self._asks.pop(rfq, None)
        for reference in [name for name, made in self._book.items() if made.rfq == rfq]:
            del self._book[reference]

    def _say(self, event: Event, after_s: float = 0.0) -> None:
        self._street.say(self.party, event, after_s)
