"""Scoring what we are offered: what each quote costs against our fair, how that lies in the modelled distribution of
cost, what the dealer's record adds, and how long it still stands.

score_bps = cost + record penalty + urgency; lower is better. The record penalty is what an acceptance that is not
honoured would cost on average (the median cost of trading this size otherwise), plus what trades with this dealer
moved against us afterwards. Urgency breaks ties only: a quote about to expire is worth slightly less.
"""

from decimal import Decimal

from pricing.estimates import Estimates, median_cost, percentile
from pricing.valuation import Valuation
from rfq.desk.card import Card
from rfq.desk.scorecards import Scorecard
from rfq.desk.turn import MS, Turn, exact
from rfq.domain.effects import Ranked, RankRow
from rfq.domain.lifecycle import QuoteState
from rfq.domain.quote import Quote
from rfq.domain.request import Side

URGENCY_BPS = 0.01
_URGENT_MS = 2_000


def rank(turn: Turn, card: Card, valuation: Valuation, estimates: Estimates) -> Ranked:
    """The standing quotes on our Rfq, best first: score, then all-or-none first, then time."""
    side = card.rfq.ask.side
    scored = []
    for quote in card.quotes:
        price = quote.price_for(side)
        if quote.state is not QuoteState.ACTIVE or price is None or quote.expires_at <= turn.received_at:
            continue
        record = turn.draft.scorecard(quote.maker)
        row = _score(turn, side, quote, price, valuation, estimates, record)
        scored.append((row.score_bps, not quote.all_or_none, quote.received_at, row))
    scored.sort(key=lambda one: one[:3])
    return Ranked(
        rfq=card.rfq.id,
        fair=exact(valuation.fair),
        model=card.model,
        policy=turn.state.policy_hash,
        rows=tuple(one[3] for one in scored),
    )


def _score(
    turn: Turn,
    side: Side,
    quote: Quote,
    price: Decimal,
    valuation: Valuation,
    estimates: Estimates,
    record: Scorecard,
) -> RankRow:
    sign = 1.0 if side is Side.BUY else -1.0
    cost = sign * (float(price) - valuation.fair) / valuation.bp
    dear = percentile(estimates, cost)
    fade = (1.0 - record.honour_ratio) * max(median_cost(estimates), 0.0)
    penalty = fade + max(-record.markout_bps, 0.0)
    left_ms = (quote.expires_at - turn.received_at) // MS
    urgency = URGENCY_BPS if left_ms < _URGENT_MS else 0.0
    amount = quote.amount_for(side)
    assert amount is not None
    return RankRow(
        quote=quote.id,
        dealer=quote.maker,
        price=price,
        amount=amount,
        cost_bps=cost,
        percentile=dear,
        record_bps=penalty,
        score_bps=cost + penalty + urgency,
        left_ms=left_ms,
        why=_why(dear, record, quote),
    )


def _why(dear: float, record: Scorecard, quote: Quote) -> str:
    """One short phrase for people."""
    if dear <= 0.35:
        word = "cheap"
    elif dear <= 0.65:
        word = "fair"
    elif dear <= 0.9:
        word = "dear"
    else:
        word = "very dear"
    if record.refused:
        word += ", has refused"
    elif record.markout_bps < -1.0:
        word += ", moves after"
    return word + (", all or none" if quote.all_or_none else "")
