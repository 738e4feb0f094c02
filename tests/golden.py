"""The golden log: a small chain of both lives, and what handling its events again gives.

Run as a script it replays the golden log of the released version and prints one JSON line: how many records differ, and
the head hash. `--mutant NAME` breaks the desk on purpose first, so that a test can see the difference being caught.
"""

import argparse
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from driver import (
    CLIENT,
    DEALERS,
    LOYAL,
    ONE,
    OPERATOR,
    RIVAL,
    SECOND,
    SPREAD,
    Driver,
    ask,
    picked,
    policy,
    the,
)
from msgspec.structs import replace

import rfq.desk.panel
import rfq.desk.turn
from pricing.market import MarketSnapshot
from pricing.numeric import engine
from pricing.numeric.fingerprint import fingerprint
from rfq.desk.engine import Desk, pending_of
from rfq.desk.state import DeskState
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.outcome import Outcome
from rfq.domain.policy import Allocation
from rfq.domain.reasons import Code, Reason
from rfq.domain.record import GENESIS, chain_hash, decode_record, encode_record, record_of
from rfq.domain.request import Side

FILE = Path(__file__).resolve().parent / "replays" / "golden-0.2.0.jsonl"
SCHEMA = FILE.with_name("schema.json")
D = Decimal
REFUSED = Reason(code=Code.USER, detail="not today")


class Line(NamedTuple):
    """One record as the file has it."""

    number: int
    hash: str
    body: bytes


def play() -> Driver:
    """Both lives, with what can go wrong in them."""
    world = Driver(policy(panel_size=3, closed_memory=50), numerics=fingerprint())
    _play_maker(world)
    for side, structure, size, mode in (
        (Side.BUY, ONE, 100_000, Allocation.MULTI_UNIFORM_LAST),
        (Side.SELL, ONE, 50_000, Allocation.MULTI_PAY_AS_QUOTED),
        (Side.BUY, SPREAD, 25, Allocation.PRO_RATA),
        (Side.SELL, SPREAD, 10, Allocation.SINGLE_AON),
    ):
        _play_taker(world, side, structure, size, mode)
    world(ev.SegmentOpened(segment=1))
    _play_trouble(world)
    return world


def _play_maker(world: Driver) -> None:
    world.accept(world.quoted(), reference="a1")
    world.sent()
    world.accept(world.quoted(ask(Side.SELL, 25, SPREAD), LOYAL), Side.SELL, reference="a2")
    world.sent()
    world.wait(1_500)
    made = world.quoted(ask(Side.TWO_WAY, 25, SPREAD))
    world.index = 60_300.0
    moved = the(world(ev.MarketMoved(underlying="BTC"), after_ms=50), fx.SendQuote)
    world.sent()
    world.accept(made, reference="a3")
    world.accept(moved, Side.SELL, D(5), reference="a4")
    world.sent()
    lost = world.quoted(party=RIVAL)
    world(ev.OutcomeHeard(party=RIVAL, quote=lost.quote.id, outcome=Outcome.COVER, cover=D(60_310)))
    world.ask_us(ask(Side.BUY, "1E+4"))
    world.wait(12_000)
    for terms in (ask(Side.BUY, 0), ask(Side.BUY, "15.0"), ask(expires_at=5)):
        world(ev.RfqReceived(party=CLIENT, reference="bad", ask=terms))
    world.wait(30_000)


def _play_taker(world: Driver, side: Side, structure: Any, size: int, mode: Allocation) -> None:
    buys = side is Side.BUY
    rfq = world.need(terms=ask(side, size, structure), allocation=mode)
    card = world.desk.state.cards[rfq]
    tick = D("0.5") if structure is ONE else D("0.0001")
    middle = (card.fair / tick).to_integral_value() * tick
    effects: Any = ()
    for place, dealer in enumerate(card.panel):
        price = middle + (1 if buys else -1) * (place + 1) * tick
        amount = size if mode is Allocation.SINGLE_AON or place == 2 else D(size) * 6 / 10
        effects = world.offer(dealer, rfq, price, amount, bid=not buys)
    accepted = picked(effects, fx.AcceptQuote)
    world.sent()
    refused = accepted[0] if len(accepted) == 1 else None
    if refused is not None:
        effects = world(ev.AcceptRefused(dealer=refused.to, accept=refused.accept, reason=REFUSED))
        accepted = picked(effects, fx.AcceptQuote)
        world.sent()
    for one in accepted:
        world.fill(one)
        world.sent()
    world.wait(11_000)


def _play_trouble(world: Driver) -> None:
    rfq = world.need()
    world.offer(DEALERS[0], rfq, world.desk.state.cards[rfq].fair.to_integral_value())
    world.wait(6_000)
    given_up = world.need()
    world(ev.DealerPassed(dealer=world.desk.state.cards[given_up].panel[0], rfq=given_up, reason=REFUSED))
    world.offer(world.desk.state.cards[given_up].panel[1], given_up, 60_400, 50_000, reference="w")
    world(ev.QuoteWithdrawn(dealer=world.desk.state.cards[given_up].panel[1], rfq=given_up, reference="w"))
    world(ev.NeedCancelled(party=OPERATOR, rfq=given_up))
    world.ask_us(reference="cancelled")
    world(ev.RfqCancelled(party=CLIENT, reference="cancelled"))
    world(ev.MessageUnreadable(party=CLIENT, kind="quote", reference="u", reason=REFUSED))
    world(ev.PolicyChanged(policy=policy(panel_size=2, version=2), by=OPERATOR))
    world.need()
    world.answer(world.ask_us(party=LOYAL))
    world.not_sent(fx.SendQuote, Reason(code=Code.TOO_LATE))
    made = world.quoted(party=LOYAL)
    world(ev.SessionDown(party=DEALERS[1]))
    world.desk = Desk.restore(world.desk.image(), "test")
    world(ev.Started(build="test", unclean=True, unsent=pending_of(world.desk)))
    world.sent()
    world(ev.SessionUp(party=LOYAL))
    world.accept(made, reference="a9")
    world(ev.InboxOverflowed(requests=((CLIENT, "o1"), (RIVAL, "o2"))))
    world(ev.KillPressed(by=OPERATOR))
    world(ev.ArmAsked(by=OPERATOR))
    world(ev.ArmAsked(by=SECOND))
    world.wait(40_000)


def lines_of(world: Driver) -> Iterator[str]:
    """The file, line by line: snapshots first, then records with their hashes."""
    for name, shown in world.snapshots.items():
        yield json.dumps({"snapshot": name, "body": canon.encode(shown).decode()}, ensure_ascii=False)
    head = GENESIS
    for place, body in enumerate(world.bodies, 1):
        head = chain_hash(head, body)
        yield json.dumps({"number": place, "hash": head, "body": body.decode()}, ensure_ascii=False)


def read(path: Path = FILE) -> tuple[dict[str, MarketSnapshot], list[Line]]:
    """The stored golden log."""
    snapshots, records = {}, []
    for text in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(text)
        body = row["body"].encode()
        if "snapshot" in row:
            snapshots[row["snapshot"]] = canon.decode(body, MarketSnapshot)
        else:
            records.append(Line(row["number"], row["hash"], body))
    return snapshots, records


def replay(change: Any = lambda event: event) -> tuple[list[int], str]:
    """Handle the logged events again: the numbers of the records that differ, and the new head hash."""
    snapshots, records = read()
    desk, head, different = Desk("test"), GENESIS, []
    for line in records:
        record = decode_record(line.body)
        stamped = ev.Stamped(
            number=record.number,
            at=record.at,
            received_at=record.received_at,
            event=record.event,
            market=snapshots.get(record.market),
            market_hash=record.market,
        )
        try:
            effects = desk.handle(replace_event(stamped, change(record.event)))
        except AssertionError:
            different.append(line.number)
            break
        head = chain_hash(head, encode_record(record_of(record.chain, stamped, effects)))
        if head != line.hash and effects != record.effects:
            different.append(line.number)
    return different, head


def replace_event(stamped: ev.Stamped, event: ev.Event) -> ev.Stamped:
    """The same stamps around another event."""
    return replace(stamped, event=event)


# --- mutants: desks broken on purpose ------------------------------------------------------------------------------


def _reads_the_clock() -> None:
    first = rfq.desk.turn.Turn.__init__

    def broken(self: Any, state: DeskState, stamped: ev.Stamped) -> None:
        first(self, state, stamped)
        self.now = max(self.now, self.now + time.perf_counter_ns() % 1_000)

    rfq.desk.turn.Turn.__init__ = broken  # type: ignore[method-assign]


def _iterates_a_set() -> None:
    first = rfq.desk.panel.choose

    def broken(state: DeskState, size: int, wanted: Any = ()) -> Any:
        return tuple({str(dealer) for dealer in first(state, size, wanted)})

    rfq.desk.panel.choose = broken


def _changes_a_number(event: ev.Event) -> ev.Event:
    if type(event) is ev.ChainOpened:
        terms = replace(event.policy.terms, edge_bps_min=event.policy.terms.edge_bps_min + 1e-9)
        return replace(event, policy=replace(event.policy, terms=terms))
    return event


def main() -> None:
    """Replay, perhaps as a mutant, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutant", choices=("none", "clock", "set", "number"), default="none")
    parser.add_argument("--compiled", metavar="CACHE", help="with compiled kernels, kept in this folder")
    asked = parser.parse_args()
    mutant, kernels = asked.mutant, "plain"
    if asked.compiled:
        kernels = engine.warm(asked.compiled)
    if mutant == "clock":
        _reads_the_clock()
    elif mutant == "set":
        _iterates_a_set()
    different, head = replay(_changes_a_number) if mutant == "number" else replay()
    print(json.dumps({"records": len(read()[1]), "different": different, "head": head, "kernels": kernels}))


if __name__ == "__main__":
    main()
