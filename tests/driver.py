"""A desk and a very small world around it for scenarios and laws: numbers events, attaches the market, keeps timers and
records, and can replay everything that it has fed."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from pricing.calendar import Calendar
from pricing.instruments import Instrument, Option, Perpetual
from pricing.market import Curve, MarketSnapshot, Pillar, Surface, UnderlyingMarket, one_level
from pricing.structures import Leg, Structure
from pricing.surface.at_money import smile_at_money
from pricing.units import YEAR_NS
from rfq.desk.engine import Desk
from rfq.desk.response import fall_back
from rfq.domain import canon
from rfq.domain import effects as fx
from rfq.domain import events as ev
from rfq.domain.ids import ChainId, PartyId, RfqId
from rfq.domain.parties import Party
from rfq.domain.policy import Policy
from rfq.domain.record import decode_record, encode_record, record_of
from rfq.domain.request import Ask, Side
from rfq.ops.standard import STANDARD_POLICY

E = TypeVar("E")
D = Decimal
MS = 1_000_000
S = 1_000_000_000
START_AT = 1_750_000_000 * S
EXPIRY_AT = START_AT + 30 * 86_400 * S
CHAIN = ChainId("c1")
PERP = Perpetual(
    name="BTC-PERPETUAL",
    underlying="BTC",
    quote_currency="USD",
    settle_currency="BTC",
    inverse=True,
    contract_size=D(10),
    tick=D("0.5"),
    lot=D(10),
)


def option(strike: int, expiry_at: int = EXPIRY_AT, underlying: str = "BTC") -> Option:
    """A call."""
    return Option(
        name=f"{underlying}-{strike}-C-{expiry_at // S}",
        underlying=underlying,
        quote_currency="BTC",
        settle_currency="BTC",
        inverse=True,
        contract_size=D(1),
        tick=D("0.0001"),
        lot=D("0.1"),
        expiry_at=expiry_at,
        strike=D(strike),
        call=True,
    )


C60, C65 = option(60_000), option(65_000)
SHORT = option(60_000, START_AT + 3600 * S)
INSTRUMENTS: tuple[Instrument, ...] = (PERP, C60, C65, SHORT)
CLIENT, RIVAL, LOYAL = PartyId("client"), PartyId("rival"), PartyId("loyal")
OPERATOR, SECOND = PartyId("olga"), PartyId("otto")
DEALERS = tuple(PartyId(f"d{index}") for index in range(4))
PARTIES = (
    Party(id=CLIENT, may_ask=True),
    Party(id=RIVAL, may_ask=True),
    Party(id=LOYAL, may_ask=True, cancel_on_disconnect=False),
    *(Party(id=dealer, may_quote=True) for dealer in DEALERS),
    Party(id=OPERATOR, may_operate=True),
    Party(id=SECOND, may_operate=True),
)
ONE = Structure(legs=(Leg(instrument=PERP.name, ratio=D(1)),))
SPREAD = Structure(legs=(Leg(instrument=C60.name, ratio=D(1)), Leg(instrument=C65.name, ratio=D(-1))))
POLICY = msgspec.structs.replace(
    STANDARD_POLICY,
    accept_percentile_max=D(1),
    panel_size=4,
    markout_horizons_s=(1, 10),
    price_band_bps=D(10) ** 9,  # the protocol's examples have prices of 10 and 11
)


def policy(**changed: Any) -> Policy:
    """The test's policy with some numbers changed."""
    return msgspec.structs.replace(POLICY, **changed)


def market(
    at: int, index: float = 60_000.0, listed: tuple[int, ...] = (SHORT.expiry_at, EXPIRY_AT)
) -> MarketSnapshot:
    """BTC alone: the perpetual's book around the index, and the expiries that are still to come."""
    expiries = [expiry_at for expiry_at in listed if expiry_at > at]
    smiles = [
        smile_at_money(
            expiry_at,
            (expiry_at - at) / YEAR_NS,
            0.55,
            -0.05,
            half_spread=0.006,
            doubts=(0.001, 0.0003, 0.0003, 0.0005),
        )
        for expiry_at in expiries
    ]
    pillars = [Pillar(expiry_at=expiry_at, forward=index + 100.0) for expiry_at in expiries]
    btc = UnderlyingMarket(
        name="BTC",
        index=index,
        index_at=at,
        sigma=0.5,
        adv_usd=1e10,
        depth_usd_10bps=5e6,
        books=(one_level(PERP.name, at, index - 0.5, index + 0.5, 1e5, 1e5),),
        curve=Curve(at=at, pillars=tuple(pillars)),
        surface=Surface(at=at, smiles=tuple(smiles)),
    )
    return MarketSnapshot(at=at, underlyings=(btc,))


def ask(side: Side = Side.TWO_WAY, amount: Any = 100_000, structure: Structure = ONE, **more: Any) -> Ask:
    """A request for the perpetual, unless told otherwise."""
    return Ask(structure=structure, amount=D(amount), side=side, **more)


def picked(effects: Iterable[Any], kind: type[E]) -> list[E]:
    """The effects of one kind."""
    return [effect for effect in effects if type(effect) is kind]


def the(effects: Iterable[Any], kind: type[E]) -> E:
    """The only effect of its kind."""
    found = picked(effects, kind)
    assert len(found) == 1, (kind.__name__, found, effects)
    return found[0]


class Driver:
    """Feeds one desk. `at` is now; `index` the market's level, None for no market at all."""

    def __init__(
        self,
        numbers: Policy = POLICY,
        *,
        sessions: bool = True,
        desk: Desk | None = None,
        numerics: str = "",
    ) -> None:
        self.desk = desk or Desk("test")
        self.at = START_AT
        self.index: float | None = 60_000.0
        self.market_age_ns = 0
        self.calendar: Calendar | None = None
        self.timers: dict[RfqId, int] = {}
        self.bodies: list[bytes] = []
        self.snapshots: dict[str, MarketSnapshot] = {}
        self.number = 0
        self.last: tuple[fx.Effect, ...] = ()
        opening = ev.ChainOpened(
            chain=CHAIN,
            build="test",
            policy=numbers,
            instruments=INSTRUMENTS,
            parties=PARTIES,
            numerics=numerics,
        )
        self(opening)
        for party in PARTIES if sessions else ():
            self(ev.SessionUp(party=party.id))

    def __call__(self, event: ev.Event, after_ms: int = 0, received_at: int | None = None) -> Any:
        """Handle one event; what the desk returned."""
        self.at += after_ms * MS
        self.number += 1
        stamped = self._stamp(event, self.at if received_at is None else received_at)
        self.last = self.desk.handle(stamped)
        self.bodies.append(encode_record(record_of(CHAIN, stamped, self.last)))
        for timer in picked(self.last, fx.SetTimer):
            self.timers.pop(timer.rfq, None)
            if timer.at:
                self.timers[timer.rfq] = timer.at
        return self.last

    def _stamp(self, event: ev.Event, received_at: int) -> ev.Stamped:
        shown = None
        if type(event) in ev.NEEDS_MARKET and self.index is not None:
            shown = market(self.at - self.market_age_ns, self.index)
            shown = msgspec.structs.replace(shown, calendar=self.calendar)
        name = canon.hash_of(shown) if shown is not None else ""
        if shown is not None:
            self.snapshots[name] = shown
        return ev.Stamped(
            number=self.number,
            at=self.at,
            received_at=received_at,
            event=event,
            market=shown,
            market_hash=name,
        )

    def sent(self) -> Any:
        """Everything outward of the last event has left."""
        number = self.number
        marks = tuple(
            ev.SentMark(number=number, index=index, at=self.at, raw="ab" * 32)
            for index, _ in fx.outward_of(self.last)
        )
        return self(ev.Sent(marks=marks)) if marks else ()

    def not_sent(self, kind: type[Any], reason: Any) -> Any:
        """The one outward effect of that kind of the last event did not leave."""
        number = self.number
        index = next(index for index, effect in fx.outward_of(self.last) if type(effect) is kind)
        return self(ev.NotSent(number=number, index=index, reason=reason))

    def wait(self, ms: int) -> tuple[fx.Effect, ...]:
        """Let time pass, firing timers in their order; all effects of them."""
        end, effects = self.at + ms * MS, []
        for _ in range(10_000):
            due = min(((at, rfq) for rfq, at in self.timers.items() if at <= end), default=None)
            if due is None:
                self.at = end
                return tuple(effects)
            at, rfq = due
            del self.timers[rfq]
            self.at = max(self.at, at)
            effects += self(ev.TimerFired(rfq=rfq))
        raise AssertionError("a timer that never stops firing")

    # --- shortcuts -------------------------------------------------------------------------------------------------

    def ask_us(self, terms: Ask | None = None, party: PartyId = CLIENT, reference: str = "") -> fx.Estimate:
        """A client asks; the desk's question to the oracle."""
        reference = reference or f"r{self.number}"
        return the(self(ev.RfqReceived(party=party, reference=reference, ask=terms or ask())), fx.Estimate)

    def answer(self, estimate: fx.Estimate, after_ms: int = 1) -> Any:
        """The oracle answers with the closed form's numbers."""
        return self(
            ev.Estimated(rfq=estimate.rfq, model="m1", estimates=fall_back(estimate.row)), after_ms=after_ms
        )

    def quoted(self, terms: Ask | None = None, party: PartyId = CLIENT) -> fx.SendQuote:
        """Asked, estimated, quoted and sent."""
        effect = the(self.answer(self.ask_us(terms, party)), fx.SendQuote)
        self.sent()
        return effect

    def accept(
        self,
        effect: fx.SendQuote,
        side: Side = Side.BUY,
        amount: Decimal | None = None,
        reference: str = "a1",
        **more: Any,
    ) -> Any:
        """The client takes our quote."""
        size = effect.quote.amount_for(side) if amount is None else amount
        event = ev.AcceptReceived(
            party=effect.to, quote=effect.quote.id, reference=reference, side=side, amount=size or D(0)
        )
        return self(event, **more)

    def need(self, side: Side = Side.BUY, terms: Ask | None = None, **more: Any) -> RfqId:
        """One of ours wants a size done: dealers asked, the oracle has answered, all sent."""
        event = ev.NeedPosted(
            party=OPERATOR, reference=f"n{self.number}", ask=terms or ask(side, structure=ONE), **more
        )
        effects = self(event)
        estimate = the(effects, fx.Estimate)
        self.sent()
        self.answer(estimate)
        return estimate.rfq

    def offer(
        self,
        dealer: PartyId,
        rfq: RfqId,
        price: Any,
        amount: Any = 100_000,
        *,
        bid: bool = False,
        life_ms: int = 20_000,
        reference: str = "",
        **more: Any,
    ) -> Any:
        """A dealer quotes one side."""
        sides = (
            {"bid": D(price), "bid_amount": D(amount)}
            if bid
            else {"offer": D(price), "offer_amount": D(amount)}
        )
        event = ev.QuoteReceived(
            dealer=dealer,
            rfq=rfq,
            reference=reference or f"q{self.number}",
            expires_at=self.at + life_ms * MS,
            **sides,
            **more,
        )
        return self(event)

    def fill(self, accept: fx.AcceptQuote, amount: Any = None, price: Any = None, reference: str = "") -> Any:
        """A dealer reports a trade on our acceptance."""
        return self(
            ev.FillReported(
                dealer=accept.to,
                accept=accept.accept,
                reference=reference or f"x{self.number}",
                amount=accept.amount if amount is None else D(amount),
                price=accept.price if price is None else D(price),
            )
        )

    # --- proofs ----------------------------------------------------------------------------------------------------

    def check_replay(self) -> None:
        """The log alone gives the same bytes again: nothing depends on how a number was spelled when it came in."""
        desk = Desk("test")
        for body in self.bodies:
            record = decode_record(body)
            stamped = ev.Stamped(
                number=record.number,
                at=record.at,
                received_at=record.received_at,
                event=record.event,
                market=self.snapshots.get(record.market),
                market_hash=record.market,
            )
            again = encode_record(record_of(CHAIN, stamped, desk.handle(stamped)))
            assert again == body, f"record {record.number} ({type(record.event).__name__}) differs in replay"
        assert desk.image() == self.desk.image()
