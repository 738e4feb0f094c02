"""A desk on real time that kills itself: the child process of the crash journeys.

    python crash_desk.py LOG OUT FAILPOINT COUNT

It opens the log (new or not) with the real writer, oracle and loop, and deals with counterparties that answer at once:
a client that accepts every quote, five dealers that quote on every request. At the COUNT-th pass of FAILPOINT it sends
itself SIGKILL; with FAILPOINT "none" it stops cleanly after COUNT records. A fifth argument "hasty" makes it the mutant
that acknowledges before it commits. Everything that leaves is first written to OUT/wire (one JSON line: hash of the
bytes, kind, to), every durable record number to OUT/durable.
"""

import asyncio
import json
import os
import signal
import sys
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from benchmarks.lives import (
    CLIENT,
    DEALERS,
    HIGH,
    LOW,
    OPERATOR,
    OUTRIGHT,
    PERPETUAL,
    SIZES,
    SPREAD,
    market,
    policy,
)
from models.infer import open_model
from pricing.market import MarketSnapshot
from rfq.audit.chain import Entry
from rfq.audit.log import AuditLog
from rfq.audit.writer import Done, GroupWriter
from rfq.domain import canon
from rfq.domain import events as ev
from rfq.domain.effects import AcceptQuote, AskDealer, Outward, SendQuote
from rfq.domain.ids import ChainId
from rfq.domain.parties import Party
from rfq.domain.request import Ask, Side
from rfq.live.assembly import open_live
from rfq.live.loop import Live
from rfq.ops.clock import SystemClock
from rfq.ops.schedule import RealSchedule
from rfq.oracle import ThreadedOracle

S = 1_000_000_000
EVERY_S = 0.004
DAY = 86_400 * S
EXPIRY_AT = (SystemClock().now() // DAY + 200) * DAY
PARTIES = (
    Party(id=CLIENT, may_ask=True),
    Party(id=OPERATOR, may_operate=True),
    *(Party(id=dealer, may_quote=True) for dealer in DEALERS),
)


class Killer:
    """Counts the passes of one failpoint, and ends the process at the chosen one."""

    def __init__(self, place: str, count: int) -> None:
        self._place, self._left = place, count

    def __call__(self, place: str) -> None:
        if place == self._place:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class TellingWriter(GroupWriter):
    """The real writer; each durable record's number goes to a file before anybody else hears of it."""

    durable = -1
    hasty = False

    def submit(self, entry: Entry, done: Done) -> None:
        if self.hasty:  # the mutant: acknowledged before it is committed
            os.write(self.durable, f"{entry.number}\n".encode())
            done(None)
            super().submit(entry, lambda error: None)
            return

        def told(error: Exception | None) -> None:
            if error is None:
                os.write(self.durable, f"{entry.number}\n".encode())
            done(error)

        super().submit(entry, told)


class Street:
    """The market, the wire and everybody on it: answers at once, on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: SystemClock, wire: int) -> None:
        self._loop, self._clock, self._wire = loop, clock, wire
        self._count = 0
        self.live: Live | None = None

    def offer(self, event: ev.Event) -> None:
        assert self.live is not None
        self.live.offer(event)

    def snapshot(self, underlying: str) -> tuple[MarketSnapshot, str, bytes]:
        now = self._clock.now()
        found = market(now - now % S, 60_000.0, EXPIRY_AT)
        raw = canon.encode(found)
        return found, canon.digest(raw), raw

    def watch(self, underlying: str, move_bps: float) -> None:
        """Prices stand still here."""

    def unwatch(self, underlying: str) -> None:
        """Prices stand still here."""

    def send(self, effect: Outward, tag: str) -> str:
        raw = canon.digest(canon.encode(effect))
        line = {"raw": raw, "kind": type(effect).__name__, "to": effect.to}
        os.write(self._wire, (json.dumps(line) + "\n").encode())
        answer = self._answer(effect)
        if answer is not None:
            self._loop.call_soon(self.offer, answer)
        return raw

    def _answer(self, effect: Outward) -> ev.Event | None:
        if isinstance(effect, SendQuote):
            quote = effect.quote
            side = Side.SELL if quote.offer is None else Side.BUY
            amount = quote.amount_for(side)
            assert amount is not None
            return ev.AcceptReceived(
                party=CLIENT, quote=quote.id, reference=f"a{quote.id}", side=side, amount=amount
            )
        if isinstance(effect, AskDealer):
            fair = Decimal("60000") if effect.ask.structure == OUTRIGHT else Decimal("0.03")
            price = fair + DEALERS.index(effect.to) * Decimal("0.5")
            return ev.QuoteReceived(
                dealer=effect.to,
                rfq=effect.rfq,
                reference=f"d{effect.rfq}{effect.to}",
                expires_at=effect.expires_at,
                offer=price,
                offer_amount=effect.ask.amount,
            )
        if isinstance(effect, AcceptQuote):
            return ev.FillReported(
                dealer=effect.to,
                accept=effect.accept,
                reference=f"x{effect.accept}",
                amount=effect.amount,
                price=effect.price,
            )
        return None

    def deal(self) -> None:
        """One more request of the client, or one more need of ours."""
        self._count += 1
        name = f"{self._clock.now()}-{self._count}"
        structure = SPREAD if self._count % 4 == 0 else OUTRIGHT
        ask = Ask(structure=structure, amount=SIZES[structure], side=Side.BUY)
        if self._count % 2:
            self.offer(ev.RfqReceived(party=CLIENT, reference=name, ask=ask))
        else:
            self.offer(ev.NeedPosted(party=OPERATOR, reference=name, ask=ask))
        self._loop.call_later(EVERY_S, self.deal)


async def main(log_path: Path, out: Path, failpoint: str, count: int, hasty: bool) -> None:
    loop, clock = asyncio.get_running_loop(), SystemClock()
    killer = Killer(failpoint, count)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    wire, durable = os.open(out / "wire", flags), os.open(out / "durable", flags)
    log = AuditLog.open(log_path, writable=True)
    writer = TellingWriter(log, clock.now, failpoint=killer)
    writer.durable, writer.hasty = durable, hasty
    schedule = RealSchedule(loop, clock)
    street = Street(loop, clock, wire)
    oracle = ThreadedOracle(open_model(), schedule, street.offer)
    opening = ev.ChainOpened(
        chain=ChainId("crash"),
        build="crash",
        policy=policy(),
        instruments=(PERPETUAL, replace(LOW, expiry_at=EXPIRY_AT), replace(HIGH, expiry_at=EXPIRY_AT)),
        parties=PARTIES,
    )
    live = open_live(
        log,
        opening,
        writer=writer,
        schedule=schedule,
        wire=street,
        market=street,
        oracle=oracle,
        segment_records=200,
        failpoint=killer,
    )
    street.live = live
    for party in PARTIES:
        live.offer(ev.SessionUp(party=party.id))
    street.deal()
    end = live.chain.next_number + (count if failpoint == "none" else 100_000)
    while live.chain.next_number < end and live.failure is None:
        await asyncio.sleep(0.01)
    live.finish()
    oracle.close()
    writer.close()
    log.close()


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5:] == ["hasty"])
    )
