"""Our acceptor, as the desk runs it: real sessions, full validation, a journal, typed messages in and out.

python -m benchmarks.fix_peers.gateway_acceptor '{"port": 9878, "folder": "…", "sessions": ["BENCH01"],
"durability": "os"}'

With "by_text" the application puts its quotes together by hand, as the quicker QuickFIX acceptor does. It prints
one line when it listens, and ends when its input does. With "profile" it writes a cProfile of its life there.
"""

import asyncio
import cProfile
import gc
import json
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.fix_peers.by_hand import answer
from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.dialect import FIX44, read, write
from fix_gateway.dictionary.standard import load
from fix_gateway.errors import Fault
from fix_gateway.journal.commit import Committer
from fix_gateway.journal.journal import Journal
from fix_gateway.messages.parts import Leg, Party
from fix_gateway.messages.quoting import Quote, QuoteRequest
from fix_gateway.messages.words import OrderType, QuoteType, Side
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.shell.acceptor import Acceptor, Door, Seat
from fix_gateway.shell.connection import Link
from fix_gateway.shell.ports import Silent
from fix_gateway.shell.wire import new_loop

TEXT = "good for the size of each of its legs now"
DESK = Party(id="DESK-MAKER", role="35")
LIVES_NS = 10_000_000_000
TICK = Decimal("0.0001")


class Quoter:
    """Answers each quote request with a quote."""

    def __init__(self, now: Callable[[], int], by_text: bool = False) -> None:
        self._now, self._by_text = now, by_text
        self._made = 0

    def on_up(self, link: Link) -> None:
        """Nothing to do."""

    def on_down(self, link: Link, reason: str) -> None:
        """Nothing to do."""

    def on_message(self, link: Link, message: Decoded) -> bool:
        """Read the request and answer it."""
        if self._by_text:
            self._made += 1
            link.send("S", answer(message, self._made, self._now(), LIVES_NS, TEXT.encode()))
            return True
        request = read(message, FIX44)
        if isinstance(request, Fault) or not isinstance(request, QuoteRequest):
            raise ValueError(f"{message.msg_type} is no request that can be quoted: {request}")
        link.send(*write(self.quote(request), FIX44))
        return True

    def quote(self, request: QuoteRequest) -> Quote:
        """Some sum of what was asked, so that no two quotes are alike."""
        self._made += 1
        name, now = f"QT{self._made:010}", self._now()
        bid = offer = 0
        legs = []
        for leg in request.legs:
            low = 195 + int(leg.security_id) % 400
            high = low + 10
            if leg.side is Side.BUY:
                bid, offer = bid + low, offer + high
            else:
                bid, offer = bid - high, offer - low
            legs.append(
                Leg(
                    symbol=leg.symbol,
                    security_id=leg.security_id,
                    security_id_source=leg.security_id_source,
                    security_type=leg.security_type,
                    ratio=leg.ratio,
                    side=leg.side,
                    qty=leg.qty,
                    bid=low * TICK,
                    offer=high * TICK,
                )
            )
        return Quote(
            quote_id=name,
            rfq_id=request.rfq_id,
            quote_type=QuoteType.TRADEABLE,
            symbol=request.symbol,
            security_id=f"{request.symbol}-STRUCTURE-{request.currency}",
            security_id_source="8",
            security_type=request.security_type,
            qty=request.qty,
            currency=request.currency,
            account=request.account,
            bid=bid * TICK,
            offer=offer * TICK,
            bid_qty=request.qty,
            offer_qty=request.qty,
            valid_until=now + LIVES_NS,
            at=now,
            order_type=OrderType.LIMIT,
            text=TEXT,
            makers=(*request.dealers, DESK),
            legs=tuple(legs),
        )


def seats(asked: dict[str, Any], now: Callable[[], int]) -> dict[tuple[str, str, str], Seat]:
    """A session for each counterparty, with a journal each."""
    decoder, quoter = Decoder(load("FIX.4.4")), Quoter(now, bool(asked.get("by_text")))
    committer = Committer() if asked["durability"] == "fsync" else None
    found = {}
    for name in asked["sessions"]:
        settings = SessionSettings(
            name=name, begin="FIX.4.4", sender="DESK", target=name, tolerance_ms=30_000
        )
        path = Path(asked["folder"]) / f"{name}.journal"
        journal = Journal.open(path, durability=asked["durability"], now=now(), committer=committer)
        link = Link(Session(settings, journal, decoder), quoter, now, Silent(), committer=committer)
        found["FIX.4.4", name, "DESK"] = Seat(link=link)
    return found


async def serve(asked: dict[str, Any]) -> None:
    """Listen until the input ends."""
    anchor = time.time_ns() - time.monotonic_ns()

    def now() -> int:
        return anchor + time.monotonic_ns()

    known = seats(asked, now)
    acceptor = Acceptor(Door(port=asked["port"]), lambda *key: known.get(key), now, Silent())
    await acceptor.open()
    gc.collect()  # as the service does: what is loaded now stays
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    print(
        json.dumps({"listening": asked["port"], "loop": type(asyncio.get_running_loop()).__module__}),
        flush=True,
    )
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await acceptor.close("the bench is over", drain_s=1.0)
    for seat in known.values():
        seat.link.session.store.close()


def main(asked: dict[str, Any]) -> None:
    """Serve, on uvloop if it is here."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        if path := asked.get("profile"):
            profile = cProfile.Profile()
            profile.runcall(runner.run, serve(asked))
            profile.dump_stats(path)
        else:
            runner.run(serve(asked))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
