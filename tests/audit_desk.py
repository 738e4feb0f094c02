"""A desk, a chain and a very small world around them: requests asked, priced, accepted and marked out."""

import sqlite3
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from pricing_cases import logistic

from pricing.instruments import Perpetual
from pricing.market import MarketSnapshot, UnderlyingMarket, one_level
from pricing.structures import Leg, Structure
from rfq.audit.chain import Chain, Entry
from rfq.audit.log import AuditLog
from rfq.audit.verify import verify
from rfq.desk.engine import Desk
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import ChainId, PartyId
from rfq.domain.parties import Party
from rfq.domain.record import GENESIS, chain_hash, decode_record
from rfq.domain.request import Ask, Side
from rfq.ops.standard import STANDARD_POLICY

BUILD = "test-build"
CHAIN = ChainId("d1")
START_AT = 1_700_000_000_000_000_000
MS = 1_000_000
BTC = Perpetual(
    name="BTC-PERPETUAL",
    underlying="BTC",
    quote_currency="USD",
    settle_currency="BTC",
    inverse=True,
    contract_size=Decimal(10),
    tick=Decimal("0.5"),
    lot=Decimal(10),
)
CLIENT, OPERATOR = PartyId("alpha"), PartyId("olga")
PARTIES = (Party(id=CLIENT, may_ask=True), Party(id=OPERATOR, may_operate=True))
ASK = Ask(
    structure=Structure(legs=(Leg(instrument="BTC-PERPETUAL", ratio=Decimal(1)),)),
    amount=Decimal(10_000),
    side=Side.BUY,
)
ESTIMATES = logistic(
    -1.0, 0.5, theta=0.5, beta=0.2, half=2.0, costs=(0.1, 0.2, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 3.0)
)


class World:
    """Feeds one desk and keeps the entries of its chain."""

    def __init__(self, build: str = BUILD, segment_every: int = 25) -> None:
        self.desk = Desk(build)
        self.chain = Chain(CHAIN)
        self.at = START_AT
        self.entries: list[Entry] = []
        self.timers: dict[str, int] = {}
        self.segment_every = segment_every
        self.segment = 0

    def market(self) -> MarketSnapshot:
        """Moves a little every ten milliseconds."""
        index = 60_000.0 + (self.at // (10 * MS)) % 50
        at = self.at - self.at % (10 * MS)
        one = UnderlyingMarket(
            name="BTC",
            index=index,
            index_at=at,
            sigma=0.5,
            adv_usd=1e9,
            depth_usd_10bps=1e7,
            books=(one_level("BTC-PERPETUAL", at, index, index + 0.5, 1e5, 1e5),),
        )
        return MarketSnapshot(at=at, underlyings=(one,))

    def feed(self, event: ev.Event) -> tuple[fx.Effect, ...]:
        """One event, one millisecond on."""
        self.at += MS
        shown = self.market() if type(event) in ev.NEEDS_MARKET else None
        image = self.desk.image() if type(event) is ev.SegmentOpened else None
        stamped = ev.Stamped(
            number=self.chain.next_number,
            at=self.at,
            received_at=self.at - 1_000,
            event=event,
            market=shown,
            market_hash=canon.hash_of(shown) if shown is not None else "",
        )
        effects = self.desk.handle(stamped)
        self.entries.append(self.chain.entry(stamped, effects, image=image))
        for effect in effects:
            if type(effect) is fx.SetTimer:
                self.timers[effect.rfq] = effect.at
        if stamped.number % self.segment_every == 0 and stamped.number > 1:
            self.segment += 1
            self.feed(ev.SegmentOpened(segment=self.segment))
        return effects

    def tell(self, effects: tuple[fx.Effect, ...]) -> None:
        """Everything outward of the last record left."""
        number = self.entries[-1].number
        while self.entries[number - 1].kind == "SegmentOpened":
            number -= 1
        marks = tuple(
            ev.SentMark(number=number, index=index, at=self.at, raw="ab" * 32)
            for index, effect in enumerate(effects)
            if fx.is_outward(effect)
        )
        if marks:
            self.feed(ev.Sent(marks=marks))

    def open(self, numerics: str = "") -> None:
        """The first records."""
        opened = ev.ChainOpened(
            chain=CHAIN,
            build=self.desk.build,
            policy=STANDARD_POLICY,
            instruments=(BTC,),
            parties=PARTIES,
            numerics=numerics,
        )
        self.feed(opened)
        self.feed(ev.SessionUp(party=CLIENT))

    def live(self, name: str, accept: bool = True) -> str:
        """One whole life of a request; returns its id."""
        asked = self.feed(ev.RfqReceived(party=CLIENT, reference=name, ask=ASK))
        rfq = next(effect.rfq for effect in asked if type(effect) is fx.Estimate)
        quoted = self.feed(ev.Estimated(rfq=rfq, model="test", estimates=ESTIMATES))
        self.tell(quoted)
        quote = next(effect.quote for effect in quoted if type(effect) is fx.SendQuote)
        if accept:
            event = ev.AcceptReceived(
                party=CLIENT, quote=quote.id, reference=f"{name}-a", side=Side.BUY, amount=Decimal(10_000)
            )
            self.tell(self.feed(event))
        else:
            self.tell(self.feed(ev.RfqCancelled(party=CLIENT, reference=name)))
        while self.timers.get(rfq, 0):
            self.at = max(self.at, self.timers.pop(rfq))
            self.tell(self.feed(ev.TimerFired(rfq=rfq)))
        return rfq

    def store(self, path: Path | str) -> AuditLog:
        """The log of it all, open for writing."""
        log = AuditLog.open(path, writable=True, fsync=False)
        log.append(self.entries)
        return log


def lived(lives: int, build: str = BUILD) -> tuple[World, list[str]]:
    """A world in which so many requests lived, every third one cancelled; and their ids."""
    world = World(build)
    world.open()
    return world, [world.live(f"c{i}", accept=i % 3 != 2) for i in range(lives)]


def rehash(connection: sqlite3.Connection) -> str:
    """What somebody who can write to all files would do: make all hashes anew, behind whatever was altered."""
    previous = GENESIS
    for number, body in connection.execute("SELECT number, body FROM records ORDER BY number").fetchall():
        previous = chain_hash(previous, body)
        connection.execute("UPDATE records SET hash = ? WHERE number = ?", (bytes.fromhex(previous), number))
    return previous


def rewritten(log: AuditLog, number: int, change: Callable[[bytes], bytes]) -> AuditLog:
    """The log with one record's bytes changed and every hash made anew."""
    body = log.connection.execute("SELECT body FROM records WHERE number = ?", (number,)).fetchone()[0]
    assert change(body) != body
    log.connection.execute("UPDATE records SET body = ? WHERE number = ?", (change(body), number))
    rehash(log.connection)
    return log


def effects_of(entries: list[Entry]) -> Iterator[int]:
    """Numbers of the records that have effects."""
    return (entry.number for entry in entries if b'"effects":[{' in entry.body)


def altered(world: World, number: int) -> AuditLog:
    """A log in which one effect was changed and every hash made anew: verify finds nothing in it."""
    log = AuditLog.open(":memory:", writable=True)
    chain = Chain(CHAIN)
    for entry in world.entries:
        record = decode_record(entry.body)
        effects = record.effects
        if entry.number == number:
            effects = tuple(_turned(effect) for effect in effects)
            assert effects != record.effects
        raw = None if not record.market else _snapshot(world, record.market)
        stamped = ev.Stamped(
            number=record.number,
            at=record.at,
            received_at=record.received_at,
            event=record.event,
            market_hash=record.market,
        )
        image = None if entry.segment is None else entry.segment.state
        log.append([chain.entry(stamped, effects, snapshot=raw, image=image)])
    assert verify(log, deep=True).ok
    return log


def _turned(effect: fx.Effect) -> fx.Effect:
    if type(effect) is fx.Marked:
        return fx.Marked(
            rfq=effect.rfq,
            fill=effect.fill,
            counterparty=effect.counterparty,
            horizon_s=effect.horizon_s,
            markout_bps=effect.markout_bps + 1.0,
            edge_bps=effect.edge_bps,
        )
    return effect


def _snapshot(world: World, digest: str) -> bytes:
    return next(
        e.snapshot.body for e in world.entries if e.snapshot is not None and e.snapshot.hash == digest
    )
