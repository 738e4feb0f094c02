"""Who asks us. Each client has tastes; behind each request stand rivals' prices that we never see.

A client decides some seconds after our first price: it takes ours if that is the best it has and not dearer than its
patience allows; else it says how it ended (cover, tied, done away, with a cover price), cancels, or says nothing. Some
acceptances are for a part, come too late, twice under one reference, or twice under two. The toxic client asks when it
knows of a move to come, and takes any price that leaves it something.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from pricing.structures import Structure
from pricing.units import round_near
from pricing.valuation import Unpriceable
from rfq.domain.effects import ConfirmFill, Outward, RefuseAccept, RefuseRfq, SendQuote, WithdrawQuote
from rfq.domain.events import AcceptReceived, OutcomeHeard, RfqCancelled, RfqReceived
from rfq.domain.ids import PartyId
from rfq.domain.outcome import Outcome
from rfq.domain.quote import Quote
from rfq.domain.request import Ask, Side
from rfq.sim.catalogue import Catalogue, impact_bps, usual_bps
from rfq.sim.dice import Dice
from rfq.sim.market import SimMarket
from rfq.sim.street import Street

_NEWS_MIN_BPS: Final = 3.0
_SECOND: Final = 1_000_000_000


class Tastes(NamedTuple):
    """One client: how often it asks (weight), what, how much (median USD), of how many rivals, how sharp they are
    (their median distance over the usual one), how often both ways, and how patient it is (over the usual one)."""

    weight: float
    options: float
    size_usd: float
    rivals: int
    sharpness: float
    two_way: float
    patience: float
    toxic: bool = False


TASTES: Final = (
    Tastes(weight=1.5, options=0.3, size_usd=250e3, rivals=3, sharpness=2.9, two_way=0.3, patience=9.0),
    Tastes(weight=1.2, options=0.8, size_usd=400e3, rivals=4, sharpness=3.2, two_way=0.5, patience=9.0),
    Tastes(weight=1.0, options=0.5, size_usd=150e3, rivals=2, sharpness=2.9, two_way=0.2, patience=12.0),
    Tastes(weight=1.0, options=0.2, size_usd=800e3, rivals=4, sharpness=3.2, two_way=0.6, patience=7.0),
    Tastes(weight=0.8, options=0.9, size_usd=300e3, rivals=3, sharpness=2.9, two_way=0.4, patience=10.0),
    Tastes(weight=1.0, options=0.5, size_usd=100e3, rivals=1, sharpness=2.5, two_way=0.1, patience=15.0),
    Tastes(weight=0.8, options=0.6, size_usd=500e3, rivals=5, sharpness=3.2, two_way=0.5, patience=8.0),
    Tastes(
        weight=0.7,
        options=0.0,
        size_usd=600e3,
        rivals=2,
        sharpness=2.5,
        two_way=0.3,
        patience=8.0,
        toxic=True,
    ),
    Tastes(weight=1.0, options=0.7, size_usd=200e3, rivals=2, sharpness=2.9, two_way=0.3, patience=12.0),
    Tastes(weight=1.0, options=0.4, size_usd=300e3, rivals=3, sharpness=2.9, two_way=0.4, patience=10.0),
)


class Wish:
    """One request as its client knows it. `best_bps` and `cover_bps` are what the rivals would cost, from fair."""

    __slots__ = (
        "amount",
        "best_bps",
        "cover_bps",
        "deciding",
        "patience_bps",
        "quote",
        "reference",
        "sign",
        "structure",
    )

    def __init__(self, reference: str, structure: Structure, amount: Decimal, sign: int) -> None:
        self.reference = reference
        self.structure = structure
        self.amount = amount
        self.sign = sign
        self.best_bps = self.cover_bps = self.patience_bps = 0.0
        self.quote: Quote | None = None
        self.deciding = False

    @property
    def side(self) -> Side:
        """What it really wants to do."""
        return Side.BUY if self.sign > 0 else Side.SELL


class Client:
    """One client."""

    def __init__(
        self,
        party: PartyId,
        tastes: Tastes,
        *,
        street: Street,
        market: SimMarket,
        catalogue: Catalogue,
        dice: Dice,
        stem: str = "",
    ) -> None:
        """`stem` keeps its references apart from those of an earlier run on the same chain."""
        self.party = party
        self._stem = f"{party}-{stem}"
        self.tastes = tastes
        self._street = street
        self._market = market
        self._catalogue = catalogue
        self._dice = dice
        self._wishes: dict[str, Wish] = {}
        self._asked = 0

    # --- asking ------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask for something now."""
        dice, tastes = self._dice, self.tastes
        now = self._street.now()
        if tastes.toxic and self._ask_on_news():
            return
        if dice.chance(tastes.options):
            structure = self._catalogue.package(dice, now)
        else:
            structure = self._catalogue.future(dice, now)
        sign = 1 if dice.chance(0.5) else -1
        amount = self._catalogue.amount(structure, dice.lognormal(tastes.size_usd, 0.8))
        self._post(structure, amount, sign, two_way=dice.chance(tastes.two_way))

    def _ask_on_news(self) -> bool:
        """Ask in the direction of what is coming, if enough is coming."""
        for underlying in ("BTC", "ETH"):
            news = self._market.news_bps(underlying)
            if abs(news) >= _NEWS_MIN_BPS:
                structure = self._catalogue.perpetual(underlying)
                amount = self._catalogue.amount(structure, self._dice.lognormal(self.tastes.size_usd, 0.4))
                wish = self._post(structure, amount, 1 if news > 0.0 else -1, two_way=self._dice.chance(0.5))
                wish.patience_bps = wish.best_bps = abs(news)
                return True
        return False

    def _post(self, structure: Structure, amount: Decimal, sign: int, *, two_way: bool) -> Wish:
        """Send the request, and remember what the rivals would do."""
        dice = self._dice
        self._asked += 1
        wish = Wish(f"{self._stem}{self._asked}", structure, amount, sign)
        found = self._market.value(structure)
        if not isinstance(found, Unpriceable):
            usual = usual_bps(found, float(amount) * found.notional_usd)
            rivals = sorted(
                dice.lognormal(self.tastes.sharpness, 0.45) * usual for _ in range(self.tastes.rivals)
            )
            wish.best_bps = rivals[0]
            wish.cover_bps = rivals[1] if len(rivals) > 1 else rivals[0] * 1.5
            wish.patience_bps = self.tastes.patience * usual
        self._wishes[wish.reference] = wish
        now = self._street.now()
        ask = Ask(
            structure=structure,
            amount=amount,
            side=Side.TWO_WAY if two_way else wish.side,
            expires_at=0 if dice.chance(0.7) else now + int(dice.between(5.0, 60.0)) * _SECOND,
            anonymous=dice.chance(0.2),
        )
        self._street.say(self.party, RfqReceived(party=self.party, reference=wish.reference, ask=ask))
        return wish

    # --- hearing -----------------------------------------------------------------------------------------------

    def hear(self, effect: Outward) -> None:
        """The desk's word."""
        if type(effect) is SendQuote:
            self._on_quote(effect)
        elif type(effect) is WithdrawQuote:
            self._on_withdrawn(effect)
        elif type(effect) is RefuseRfq:
            self._wishes.pop(effect.reference, None)
        elif type(effect) is ConfirmFill:
            self._on_fill(effect)
        elif type(effect) is RefuseAccept:
            pass

    def _on_quote(self, effect: SendQuote) -> None:
        wish = self._wishes.get(effect.reference)
        if wish is None:
            return
        wish.quote = effect.quote
        if not wish.deciding:
            wish.deciding = True
            self._street.later(0.2 + self._dice.lognormal(0.9, 0.6), lambda: self._decide(wish))

    def _on_withdrawn(self, effect: WithdrawQuote) -> None:
        for wish in self._wishes.values():
            if wish.quote is not None and wish.quote.id == effect.quote and self._dice.chance(0.9):
                wish.quote = None

    def _on_fill(self, effect: ConfirmFill) -> None:
        """Done: the trade, and what its client knew, stay in the price; sometimes we are told the cover."""
        if effect.again:
            return
        fill = effect.fill
        wish = self._wishes.pop(effect.reference.rpartition("/")[0], None)
        if wish is None:
            return
        found = self._market.value(wish.structure)
        if not isinstance(found, Unpriceable):
            weight = 1.0 if self.tastes.toxic else 0.3
            usd = float(fill.amount) * found.notional_usd
            self._market.push(found.underlying, wish.sign * weight * impact_bps(found, usd))
        if self._dice.chance(0.3):
            self._say(OutcomeHeard(party=self.party, quote=fill.quote, outcome=Outcome.DONE, cover=None), 0.1)

    # --- deciding ----------------------------------------------------------------------------------------------

    def _decide(self, wish: Wish) -> None:
        """Take our price, or say how it ended."""
        if self._wishes.get(wish.reference) is not wish:
            return
        quote = wish.quote
        price = quote.price_for(wish.side) if quote is not None else None
        found = self._market.value(wish.structure)
        if quote is None or price is None or isinstance(found, Unpriceable):
            self._drop(wish)
            return
        cost = wish.sign * (float(price) - found.fair) / found.bp
        if cost <= wish.best_bps and cost <= wish.patience_bps:
            self._accept(wish, quote)
            return
        del self._wishes[wish.reference]
        self._tell(wish, quote, price, cost, found.fair, found.bp)

    def _drop(self, wish: Wish) -> None:
        """No price, no interest."""
        del self._wishes[wish.reference]
        if self._dice.chance(0.5):
            self._say(RfqCancelled(party=self.party, reference=wish.reference))

    def _tell(self, wish: Wish, quote: Quote, price: Decimal, cost: float, fair: float, bp: float) -> None:
        """Say how it ended for our quote, or cancel, or say nothing."""
        dice = self._dice
        roll = dice.uniform()
        if roll > 0.8:
            return
        if roll > 0.7:
            self._say(RfqCancelled(party=self.party, reference=wish.reference))
            return
        steps = self._catalogue.steps(wish.structure)
        if cost > wish.patience_bps >= wish.best_bps and dice.chance(0.3):
            outcome, cover = Outcome.EXPIRED, None
        elif dice.chance(0.04):
            outcome, cover = (Outcome.TIED if dice.chance(0.7) else Outcome.TIED_COVER), price
        elif cost <= wish.cover_bps:
            outcome, cover = Outcome.COVER, price
        else:
            outcome, cover = Outcome.DONE_AWAY, round_near(fair + wish.sign * wish.cover_bps * bp, *steps)
        self._say(OutcomeHeard(party=self.party, quote=quote.id, outcome=outcome, cover=cover))

    def _accept(self, wish: Wish, quote: Quote) -> None:
        """Trade, in one of the ways that clients trade."""
        dice, street = self._dice, self._street
        amount = wish.amount
        if dice.chance(0.1):
            amount = self._catalogue.part(wish.structure, amount, dice.between(0.3, 0.9))
        event = AcceptReceived(
            party=self.party,
            quote=quote.id,
            reference=f"{wish.reference}/1",
            side=wish.side,
            amount=amount,
        )
        roll = dice.uniform()
        late_s = 0.0
        if roll < 0.03:
            late_s = max(0.0, (quote.expires_at - street.now()) / _SECOND)
        self._say(event, late_s)
        if 0.03 <= roll < 0.06:
            self._say(event, late_s + 0.05)
        elif 0.06 <= roll < 0.08:
            second = AcceptReceived(
                party=self.party,
                quote=quote.id,
                reference=f"{wish.reference}/2",
                side=wish.side,
                amount=amount,
            )
            self._say(second, late_s + 0.05)
        street.later(late_s + 30.0, lambda: self._forget(wish))

    def _forget(self, wish: Wish) -> None:
        self._wishes.pop(wish.reference, None)

    def _say(self, event: AcceptReceived | OutcomeHeard | RfqCancelled, after_s: float = 0.0) -> None:
        self._street.say(self.party, event, after_s)
