"""What a client says in the stories of the wire: a request, an acceptance."""

from decimal import Decimal
from typing import Any

from wire_desk import HIGH, LOW, PERPETUAL, Caller, session

from fix_gateway.messages.parts import Leg
from fix_gateway.messages.quoting import Quote, QuoteRequest, QuoteResponse
from fix_gateway.messages.words import Answer, Side

D = Decimal
NAME = PERPETUAL.name
ALPHA = session("ALPHA", party="alpha")
BETA = session("BETA", party="beta")
SPREAD = (
    Leg(symbol=LOW.name, ratio=D(1), side=Side.BUY),
    Leg(symbol=HIGH.name, ratio=D(1), side=Side.SELL),
)


def request(rfq_id: str, **more: Any) -> QuoteRequest:
    return QuoteRequest(**{"rfq_id": rfq_id, "symbol": NAME, "qty": D(100_000), "side": Side.BUY, **more})


def hit(quote: Quote, answer_id: str = "a1", **more: Any) -> QuoteResponse:
    price, qty = (quote.bid, quote.bid_qty) if quote.offer is None else (quote.offer, quote.offer_qty)
    side = Side.SELL if quote.offer is None else Side.BUY
    said = {
        "symbol": quote.symbol,
        "quote_id": quote.quote_id,
        "side": side,
        "qty": qty,
        "price": price,
        **more,
    }
    return QuoteResponse(**{"answer_id": answer_id, "answer": Answer.HIT, **said})


async def quoted(caller: Caller, rfq_id: str = "r1", **more: Any) -> Quote:
    caller.say(request(rfq_id, **more))
    return await caller.hear(Quote, len(caller.of(Quote)) + 1)
