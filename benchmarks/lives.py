"""Whole lives of Rfqs fed straight to a desk, timed: what the desk alone can do, and what encoding adds."""

import time
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from pricing.flow import Flow
from pricing.instruments import Option, Perpetual, option_name
from pricing.market import (
    Curve,
    Funding,
    MarketSnapshot,
    Pillar,
    Surface,
    UnderlyingMarket,
    one_level,
)
from pricing.structures import Leg, Structure
from pricing.surface.at_money import smile_at_money
from pricing.units import YEAR_NS
from rfq.desk.engine import Desk
from rfq.desk.response import fall_back
from rfq.domain import canon
from rfq.domain import events as ev
from rfq.domain.effects import AcceptQuote, AskDealer, Effect, Estimate, SendQuote, outward_of
from rfq.domain.ids import ChainId, PartyId
from rfq.domain.parties import Party
from rfq.domain.policy import Policy
from rfq.domain.record import encode_record, record_of
from rfq.domain.request import Ask, Side
from rfq.ops.standard import STANDARD_POLICY

S = 1_000_000_000
START_AT = 1_750_000_000 * S
EXPIRY_AT = 1_752_825_600 * S  # 08:00 UTC, about a month on
CLIENT, OPERATOR = PartyId("client"), PartyId("operator")
DEALERS = tuple(PartyId(f"dealer{n}") for n in range(5))
MARKOUT_GAPS_S = (1, 9, 50, 240)

PERPETUAL = Perpetual(
    name="BTC-PERPETUAL",
    underlying="BTC",
    quote_currency="USD",
    settle_currency="BTC",
    inverse=True,
    contract_size=Decimal(10),
    tick=Decimal("0.5"),
    lot=Decimal(10),
)


def _call(strike: int) -> Option:
    return Option(
        name=option_name("BTC", EXPIRY_AT, Decimal(strike), True),
        underlying="BTC",
        quote_currency="BTC",
        settle_currency="BTC",
        inverse=True,
        contract_size=Decimal(1),
        tick=Decimal("0.0001"),
        lot=Decimal("0.1"),
        expiry_at=EXPIRY_AT,
        strike=Decimal(strike),
        call=True,
    )


LOW, HIGH = _call(60_000), _call(65_000)
OUTRIGHT = Structure(legs=(Leg(instrument=PERPETUAL.name, ratio=Decimal(1)),))
SPREAD = Structure(
    legs=(Leg(instrument=LOW.name, ratio=Decimal(1)), Leg(instrument=HIGH.name, ratio=Decimal(-1)))
)
SIZES = {OUTRIGHT: Decimal(100_000), SPREAD: Decimal(25)}


def policy() -> Policy:
    """The standard policy without inventory effects: thousands of one-sided lives must not meet a limit."""
    terms = msgspec.structs.replace(STANDARD_POLICY.terms, risk_aversion_bps_per_usd=0.0)
    return msgspec.structs.replace(
        STANDARD_POLICY,
        terms=terms,
        position_usd_max=Decimal(10**15),
        accept_percentile_max=Decimal(1),
    )


def market(at: int, index: float, expiry_at: int = EXPIRY_AT) -> MarketSnapshot:
    """A snapshot with one book and one expiry."""
    term = (expiry_at - at) / YEAR_NS
    smile = smile_at_money(
        expiry_at, term, 0.55, -0.05, 0.1, half_spread=0.006, doubts=(1e-3, 3e-4, 3e-4, 5e-4)
    )
    flow = Flow(
        book_imbalance_ratio=0.1,
        ofi_ratio_1s=0.2,
        ofi_ratio_10s=-0.1,
        realised_vol_1m=0.5,
        realised_vol_10m=0.52,
    )
    under = UnderlyingMarket(
        name="BTC",
        index=index,
        index_at=at,
        sigma=0.5,
        adv_usd=1e10,
        depth_usd_10bps=5e6,
        books=(one_level(PERPETUAL.name, at, index - 0.5, index + 0.5, 1e5, 1.2e5),),
        curve=Curve(at=at, pillars=(Pillar(expiry_at=expiry_at, forward=index * 1.002),)),
        funding=(Funding(instrument=PERPETUAL.name, at=at, rate_8h=0.0001),),
        surface=Surface(at=at, smiles=(smile,)),
        flow=flow,
    )
    return MarketSnapshot(at=at, underlyings=(under,))


class Runner:
    """Feeds events to a desk and keeps the time it takes: in `handle`, and in encoding the record."""

    def __init__(self) -> None:
        self.desk = Desk("bench")
        self.number, self.at = 0, START_AT
        self.handled_s = self.encoded_s = 0.0
        self.events = self.bytes = 0
        self.by_kind: dict[str, tuple[int, float, int]] = {}
        self._index = 60_000.0
        self._move()
        parties = (
            Party(id=CLIENT, may_ask=True),
            Party(id=OPERATOR, may_operate=True),
            *(Party(id=dealer, may_quote=True) for dealer in DEALERS),
        )
        self.feed(
            ev.ChainOpened(
                chain=ChainId("bench"),
                build="bench",
                policy=policy(),
                instruments=(PERPETUAL, LOW, HIGH),
                parties=parties,
            )
        )
        for party in parties:
            self.feed(ev.SessionUp(party=party.id))

    def _move(self) -> None:
        """The market moves a little, every simulated second that it is looked at."""
        self._index *= 1.0 + 1e-5 * ((self.number * 7919) % 21 - 10)
        self._market = market(self.at, self._index)
        self._hash = canon.hash_of(self._market)

    def reset(self) -> None:
        """Begin counting anew."""
        self.handled_s = self.encoded_s = 0.0
        self.events = self.bytes = 0
        self.by_kind = {}

    def feed(self, event: ev.Event, after_ns: int = 1_000_000) -> tuple[Effect, ...]:
        """One event, `after_ns` later."""
        self.at += after_ns
        self.number += 1
        needs = type(event) in ev.NEEDS_MARKET
        if needs and self.at - self._market.at >= S:
            self._move()
        stamped = ev.Stamped(
            number=self.number,
            at=self.at,
            received_at=self.at,
            event=event,
            market=self._market if needs else None,
            market_hash=self._hash if needs else "",
        )
        begun = time.perf_counter()
        effects = self.desk.handle(stamped)
        handled = time.perf_counter()
        body = encode_record(record_of(ChainId("bench"), stamped, effects))
        encoded = time.perf_counter()
        self.handled_s += handled - begun
        self.encoded_s += encoded - handled
        self.events += 1
        self.bytes += len(body)
        count, spent, size = self.by_kind.get(type(event).__name__, (0, 0.0, 0))
        self.by_kind[type(event).__name__] = (count + 1, spent + handled - begun, size + len(body))
        return effects

    def sent(self, effects: tuple[Effect, ...]) -> None:
        """Everything outward of these effects left."""
        marks = tuple(
            ev.SentMark(number=self.number, index=index, at=self.at, raw="0" * 64)
            for index, _ in outward_of(effects)
        )
        if marks:
            self.feed(ev.Sent(marks=marks))


def _only(kind: type, effects: tuple[Effect, ...]) -> Iterator[Effect]:
    return (effect for effect in effects if type(effect) is kind)


def maker_life(run: Runner, name: str, structure: Structure, side: Side) -> None:
    """Asked, estimated, quoted, sent, accepted, confirmed, marked out four times."""
    amount = SIZES[structure]
    effects = run.feed(
        ev.RfqReceived(party=CLIENT, reference=name, ask=Ask(structure=structure, amount=amount, side=side))
    )
    question = next(_only(Estimate, effects))
    assert isinstance(question, Estimate)
    effects = run.feed(ev.Estimated(rfq=question.rfq, model="bench", estimates=fall_back(question.row)))
    sending = next(_only(SendQuote, effects))
    assert isinstance(sending, SendQuote)
    run.sent(effects)
    taken = Side.SELL if sending.quote.offer is None else Side.BUY
    accept = ev.AcceptReceived(
        party=CLIENT, quote=sending.quote.id, reference=f"a{name}", side=taken, amount=amount
    )
    run.sent(run.feed(accept))
    for gap in MARKOUT_GAPS_S:
        run.feed(ev.TimerFired(rfq=question.rfq), gap * S)


def taker_life(run: Runner, name: str, structure: Structure, side: Side) -> None:
    """Posted, asked of five dealers, estimated, quoted by all, accepted, filled, told, marked out four times."""
    amount = SIZES[structure]
    need = ev.NeedPosted(
        party=OPERATOR, reference=name, ask=Ask(structure=structure, amount=amount, side=side)
    )
    effects = run.feed(need)
    question = next(_only(Estimate, effects))
    assert isinstance(question, Estimate)
    asked = [effect.to for effect in effects if isinstance(effect, AskDealer)]
    run.sent(effects)
    run.feed(ev.Estimated(rfq=question.rfq, model="bench", estimates=fall_back(question.row)))
    fair = run.desk.state.cards[question.rfq].fair
    step = Decimal("0.5") if structure is OUTRIGHT else Decimal("0.0001")
    for place, dealer in enumerate(asked):
        away = (2 + place) * step if side is Side.BUY else -(2 + place) * step
        price = (fair + away) // step * step
        bought = side is Side.BUY
        effects = run.feed(
            ev.QuoteReceived(
                dealer=dealer,
                rfq=question.rfq,
                reference=f"{name}{place}",
                expires_at=run.at + 20 * S,
                offer=price if bought else None,
                offer_amount=amount if bought else None,
                bid=None if bought else price,
                bid_amount=None if bought else amount,
            )
        )
    run.sent(effects)
    for accepted in [effect for effect in effects if isinstance(effect, AcceptQuote)]:
        filled = ev.FillReported(
            dealer=accepted.to,
            accept=accepted.accept,
            reference=f"x{accepted.accept}",
            amount=accepted.amount,
            price=accepted.price,
        )
        run.sent(run.feed(filled))
    for gap in MARKOUT_GAPS_S:
        run.feed(ev.TimerFired(rfq=question.rfq), gap * S)
