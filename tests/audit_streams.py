"""A small stream of events and effects made by hand, for tests of the log that must not depend on the desk."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from pricing.market import MarketSnapshot, UnderlyingMarket, one_level
from pricing.structures import Leg, Structure
from rfq.audit.chain import Chain, Entry
from rfq.audit.log import AuditLog
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.fills import Fill
from rfq.domain.ids import AcceptId, ChainId, FillId, PartyId, QuoteId, RfqId
from rfq.domain.outcome import Outcome
from rfq.domain.reasons import Code, Reason
from rfq.domain.request import Ask, Role, Side

CHAIN = ChainId("t1")
START_AT = 1_700_000_000_000_000_000
STEP_NS = 1_000_000
IMAGE = b'{"_":"Image.1","positions":[]}'
ASK = Ask(
    structure=Structure(
        legs=(
            Leg(instrument="BTC-PERPETUAL", ratio=Decimal(1)),
            Leg(instrument="BTC-27DEC24-65000-C", ratio=Decimal(-2)),
        )
    ),
    amount=Decimal(10),
    side=Side.BUY,
)


def market(at: int) -> MarketSnapshot:
    """A market whose index moves with time."""
    index = 60_000.0 + at % 1_000
    return MarketSnapshot(
        at=at,
        underlyings=(
            UnderlyingMarket(
                name="BTC",
                index=index,
                index_at=at,
                sigma=0.5,
                adv_usd=1e9,
                depth_usd_10bps=1e6,
                books=(one_level("BTC-PERPETUAL", at, index, index + 1, 5.0, 5.0),),
            ),
        ),
    )


def turn(number: int, segment_every: int = 50) -> tuple[ev.Event, tuple[fx.Effect, ...]]:
    """The event and effects of record `number`: eight kinds in turn, and a segment now and then."""
    if number % segment_every == 0:
        taken = fx.StateTaken(state=canon.digest(IMAGE), size=len(IMAGE))
        return ev.SegmentOpened(segment=number // segment_every), (taken,)
    life = number // 8
    rfq, quote = RfqId(f"t1-r{life:x}-0"), QuoteId(f"t1-q{life:x}-1")
    client, dealer = PartyId(f"client{life % 3}"), PartyId(f"dealer{life % 2}")
    reason = Reason(code=Code.AMOUNT, field="amount", detail="zero")
    stage = number % 8
    if stage == 0:
        event: ev.Event = ev.RfqReceived(party=client, reference=f"c{life}", ask=ASK)
        return event, (fx.SetTimer(rfq=rfq, at=START_AT + number),)
    if stage == 1:
        return ev.TimerFired(rfq=rfq), (fx.Watch(underlying="BTC", move_bps=Decimal("0.5")),)
    if stage == 2:
        accept = ev.AcceptReceived(
            party=client, quote=quote, reference=f"a{life}", side=Side.BUY, amount=Decimal(10)
        )
        return accept, (fx.ConfirmFill(to=client, reference=f"a{life}", fill=fill(life, rfq, quote, client)),)
    if stage == 3:
        return ev.Sent(marks=(ev.SentMark(number=number - 1, index=0, at=START_AT, raw="ab" * 32),)), ()
    if stage == 4:
        unreadable = ev.MessageUnreadable(party=client, kind="R", reference=f"x{life}", reason=reason)
        return unreadable, (fx.RefuseRfq(to=client, reference=f"x{life}", reason=reason),)
    if stage == 5:
        closed = fx.Closed(rfq=rfq, party=client, outcome=Outcome.DONE, reason=Reason(code=Code.TRADED))
        return ev.MarketMoved(underlying="BTC"), (closed,)
    if stage == 6:
        return ev.SessionUp(party=dealer), ()
    return ev.InboxOverflowed(requests=((client, f"o{life}"), (dealer, f"p{life}"))), ()


def fill(life: int, rfq: RfqId, quote: QuoteId, client: PartyId) -> Fill:
    """A fill of ours as maker."""
    return Fill(
        id=FillId(f"t1-f{life:x}-0"),
        rfq=rfq,
        quote=quote,
        accept=AcceptId(f"t1-a{life:x}-0"),
        role=Role.MAKER,
        counterparty=client,
        side=Side.BUY,
        amount=Decimal(10),
        price=Decimal("60001.5"),
        fair=Decimal(60000),
        reference=f"a{life}",
        at=START_AT,
    )


def stamp(number: int, event: ev.Event) -> ev.Stamped:
    """The event as the inbox would stamp it; the market changes every eight records."""
    at = START_AT + number * STEP_NS
    shown = market(START_AT + number // 8) if type(event) in ev.NEEDS_MARKET else None
    return ev.Stamped(
        number=number,
        at=at,
        received_at=at - 1_000,
        event=event,
        offset_ns=-5,
        error_ns=2,
        market=shown,
        market_hash=canon.hash_of(shown) if shown is not None else "",
    )


def grow(chain: Chain, count: int, segment_every: int = 50) -> Iterator[Entry]:
    """The next `count` entries of a chain."""
    for number in range(chain.next_number, chain.next_number + count):
        event, effects = turn(number, segment_every)
        image = IMAGE if type(event) is ev.SegmentOpened else None
        yield chain.entry(stamp(number, event), effects, image=image)


def write_log(path: Path | str, count: int, *, batch: int = 10, segment_every: int = 50) -> None:
    """A finished log of `count` records at `path`, not synced."""
    with AuditLog.open(path, writable=True, fsync=False) as log:
        entries = list(grow(log.chain(CHAIN), count, segment_every))
        for start in range(0, count, batch):
            log.append(entries[start : start + batch])
