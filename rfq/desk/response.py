"""Pricing what we are asked: estimates in, an approved quote out, or the Reason why there is none."""

from decimal import Decimal

from models.baselines import Arithmetic, predict
from models.prediction import Prediction
from pricing.estimates import Estimates
from pricing.fact import Fault
from pricing.market import MarketSnapshot
from pricing.numeric import elementary
from pricing.quoting import QuotePrice, quote
from pricing.structures import steps_of
from pricing.units import NS_PER_S
from pricing.valuation import Valuation
from rfq.desk import limits, outlays
from rfq.desk.card import Card
from rfq.desk.turn import MS, Turn
from rfq.domain.effects import SendQuote
from rfq.domain.ids import QuoteId
from rfq.domain.lifecycle import QuoteState
from rfq.domain.parties import DESK
from rfq.domain.quote import Quote
from rfq.domain.reasons import Code, Reason
from rfq.domain.row import FeatureRow

BASELINE = "baseline"
ARITHMETIC = Arithmetic(elementary.exp, elementary.log)
"""What the desk works out itself must not depend on the machine's own exp and log."""


def fall_back(row: FeatureRow) -> Estimates:
    """The closed-form estimates, for when the oracle did not answer in time or not with sense."""
    return estimates_of(predict(row, ARITHMETIC))


def estimates_of(prediction: Prediction) -> Estimates:
    """A model's numbers in the words of pricing."""
    return Estimates(
        half_spread_bps=prediction.half_spread_bps,
        win=prediction.win,
        markout_bps=prediction.markout_bps,
        temporary_bps=prediction.temporary_bps,
        permanent_bps=prediction.permanent_bps,
        source=prediction.source,
    )


def make_quote(
    turn: Turn, card: Card, valuation: Valuation, estimates: Estimates, replaces: str = ""
) -> limits.Approved[SendQuote] | Reason:
    """Price the card's request from `valuation` and `estimates`, and have the limits approve the quote."""
    state, ask = turn.state, card.rfq.ask
    facts = turn.facts(card, valuation, card.rfq.party, ask.amount)
    reason = limits.refusal(facts)
    if reason is not None:
        return reason
    bid_wanted = ask.side.wants_bid and limits.may_buy(facts)
    offer_wanted = ask.side.wants_offer and limits.may_sell(facts)
    if not (bid_wanted or offer_wanted):
        return Reason(code=Code.LIMIT_POSITION, field="amount", detail="the exposure would pass its limit")
    market = turn.stamped.market
    assert market is not None
    guarded = _guarded(market, valuation.underlying, turn.now)
    if guarded is not None:
        return guarded
    found = outlays.of(valuation, market, state)
    if isinstance(found, Fault):
        return Reason(code=Code.PRICE, field=found.field, detail=found.problem)
    steps = steps_of(ask.structure, state.instruments)
    price = quote(
        valuation,
        estimates,
        bid=bid_wanted,
        offer=offer_wanted,
        amount=float(ask.amount),
        inventory_usd=facts.exposure,
        age_ms=market.age_ms(turn.now),
        fallback=card.fallback,
        terms=state.policy.terms,
        tick=steps.tick,
        bands=steps.bands,
        fees_usd=found.fees_usd,
        carry_usd=found.carry_usd,
        risk_bps=found.risk_bps,
    )
    free_until = (
        None if market.calendar is None else market.calendar.free_until(turn.now, valuation.underlying)
    )
    return _approve(turn, card, price, facts, replaces, free_until)


def _guarded(market: MarketSnapshot, underlying: str, now: int) -> Reason | None:
    """Why nothing is quoted right now: something scheduled is about to come, or has just come."""
    event = None if market.calendar is None else market.calendar.guarding(now, underlying)
    if event is None:
        return None
    left_s = (event.guard_until_at - now) / NS_PER_S
    detail = f"{event.name or event.kind.lower()}: nothing is quoted for {left_s:.0f} s"
    return Reason(code=Code.SCHEDULED, detail=detail)


def _approve(
    turn: Turn,
    card: Card,
    price: QuotePrice,
    facts: limits.Facts,
    replaces: str,
    free_until: int | None,
) -> limits.Approved[SendQuote] | Reason:
    """Wrap a price in a quote that ends no later than the request, and before the next guard of the calendar; have the
    limits look at it.
    """
    state, rfq = turn.state, card.rfq
    if price.bid is None and price.offer is None:
        return Reason(code=Code.PRICE, detail="no side can be priced above zero")
    expires_at = min(turn.now + state.policy.quote_ttl_ms * MS, rfq.expires_at)
    if free_until is not None:
        expires_at = min(expires_at, free_until)
    amount: Decimal = rfq.ask.amount
    made = Quote(
        id=QuoteId(turn.ids.make("q")),
        rfq=rfq.id,
        maker=DESK,
        reference=rfq.reference,
        state=QuoteState.PENDING,
        received_at=turn.now,
        expires_at=expires_at,
        bid=price.bid,
        offer=price.offer,
        bid_amount=None if price.bid is None else amount,
        offer_amount=None if price.offer is None else amount,
        replaces=replaces,
    )
    effect = SendQuote(
        to=rfq.party,
        reference=rfq.reference,
        quote=made,
        price=price,
        model=card.model,
        policy=state.policy_hash,
        not_after_at=expires_at,
        fallback=card.fallback,
    )
    return limits.approve(effect, facts)
