"""Scoring what we are offered: what each quote costs against our fair, how that lies in the modelled distribution of
cost, what the dealer's record adds, and how long it still stands.

score_bps = cost + record penalty + urgency; lower is better. The record penalty is what an acceptance that is not
honoured would cost on average (the median cost of trading this size otherwise), plus what trades with this dealer
moved against us afterwards. Urgency breaks ties only: a quote about to expire is worth slightly less.
"""

from decimal import Decimal

from pricing.estimates import Estimates, costs_bps, median_cost, percentile_among
from pricing.valuation import Valuation
from rfq.desk.card import Card
from rfq.desk.scorecards import Scorecard
from rfq.desk.turn import MS, Turn, exact
from rfq.domain.effects import Ranked, RankRow
from rfq.domain.lifecycle import QuoteState
from rfq.domain.quote import Quote
from rfq.domain.request import Side

_BUY = Side.BUY
_ACTIVE = QuoteState.ACTIVE
URGENCY_BPS = 0.01
_URGENT_MS = 2_000


def rank(turn: Turn, card: Card, valuation: Valuation, estimates: Estimates) -> Ranked:
    """The standing quotes on our Rfq, best first: score, then all-or-none first, then time."""
    side, now = card.rfq.ask.side, turn.received_at
    sign = 1.0 if side is _BUY else -1.0
    fair, bp = valuation.fair, valuation.bp
    again = max(median_cost(estimates), 0.0)  # what it costs to trade elsewhere after a refusal
    costs = costs_bps(estimates)
    scored = []
    for place, quote in enumerate(card.quotes):
        price = quote.price_for(side)
        if quote.state is not _ACTIVE or price is None or quote.expires_at <= now:
            continue
        cost = sign * (float(price) - fair) / bp
        record = turn.draft.scorecard(quote.maker)
        row = _score(quote, side, price, cost, percentile_among(costs, cost), record, again, now)
        scored.append((row.score_bps, not quote.all_or_none, quote.received_at, place, row))
    scored.sort()
    return Ranked(
        rfq=card.rfq.id,
        fair=exact(fair),
        model=card.model,
        policy=turn.state.policy_hash,
        rows=tuple([one[4] for one in scored]),
    )


def _score(
    quote: Quote,
    side: Side,
    price: Decimal,
    cost: float,
    dear: float,
    record: Scorecard,
    again: float,
    now: int,
) -> RankRow:
    """One quote's row: `cost` and `again` in bps, `dear` where the cost lies in its distribution."""
    fade = (1.0 - record.honour_ratio) * again
    penalty = fade + max(-record.markout_bps, 0.0)
    left_ms = (quote.expires_at - now) // MS
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
