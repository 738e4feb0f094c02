"""Our own side: traders who want sizes done, people who watch over the desk, and sessions that drop.

Traders see their screens, so half of their needs bring the desk's exposure back towards zero.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from pricing.instruments import Instrument
from pricing.structures import Structure
from pricing.units import round_near
from pricing.valuation import Unpriceable
from rfq.domain.effects import Effect, Estimate
from rfq.domain.events import (
    AcceptCommanded,
    ArmAsked,
    InstrumentsListed,
    KillPressed,
    NeedCancelled,
    NeedPosted,
    PartyAdmitted,
    PolicyChanged,
    Stamped,
)
from rfq.domain.ids import PartyId, RfqId
from rfq.domain.parties import Party
from rfq.domain.policy import Allocation, Policy
from rfq.domain.request import Ask, Side
from rfq.sim.catalogue import Catalogue, usual_bps
from rfq.sim.dice import Dice
from rfq.sim.instruments import RISK, TRADERS
from rfq.sim.market import SimMarket
from rfq.sim.street import Street

_SECOND: Final = 1_000_000_000
_FLATTEN_USD_MIN: Final = 300_000.0
_FLATTEN_USD_MAX: Final = 2_000_000.0
_MODES: Final = (None, *Allocation)
"""None leaves the choice to the policy."""


class Traders:
    """Post needs, and now and then change their mind or lose patience."""

    def __init__(
        self,
        *,
        street: Street,
        market: SimMarket,
        catalogue: Catalogue,
        dice: Dice,
        exposure_usd: Callable[[str], float],
        dealers: tuple[PartyId, ...],
        stem: str = "",
    ) -> None:
        """`exposure_usd` says what the desk holds of an underlying."""
        self._stem = stem
        self._street = street
        self._market = market
        self._catalogue = catalogue
        self._dice = dice
        self._exposure_usd = exposure_usd
        self._dealers = dealers
        self._posted = 0

    def post(self) -> None:
        """One need now."""
        dice = self._dice
        structure, amount, side = self._want()
        self._posted += 1
        panel = tuple(dealer for dealer in self._dealers if dice.chance(0.4)) if dice.chance(0.1) else ()
        ask = Ask(
            structure=structure,
            amount=amount,
            side=side,
            expires_at=0 if dice.chance(0.8) else self._street.now() + int(dice.between(4.0, 40.0)) * _SECOND,
        )
        self._street.shout(
            NeedPosted(
                party=dice.pick(TRADERS),
                reference=f"need-{self._stem}{self._posted}",
                ask=ask,
                limit=self._limit(ask) if dice.chance(0.2) else None,
                allocation=dice.pick(_MODES),
                panel=panel,
            )
        )

    def _want(self) -> tuple[Structure, Decimal, Side]:
        """Bring the larger exposure down, or something else."""
        dice, now = self._dice, self._street.now()
        held = max((self._exposure_usd(name), name) for name in ("BTC", "ETH"))
        short = min((self._exposure_usd(name), name) for name in ("BTC", "ETH"))
        usd, underlying = held if held[0] > -short[0] else short
        if abs(usd) > _FLATTEN_USD_MIN and dice.chance(0.5):
            structure = self._catalogue.perpetual(underlying)
            size = min(abs(usd), _FLATTEN_USD_MAX) * dice.between(0.3, 0.9)
            return structure, self._catalogue.amount(structure, size), Side.SELL if usd > 0.0 else Side.BUY
        structure = (
            self._catalogue.package(dice, now) if dice.chance(0.5) else self._catalogue.future(dice, now)
        )
        amount = self._catalogue.amount(structure, dice.lognormal(300e3, 0.8))
        return structure, amount, Side.BUY if dice.chance(0.5) else Side.SELL

    def _limit(self, ask: Ask) -> Decimal | None:
        """A worst price that is now and then too good."""
        found = self._market.value(ask.structure)
        if isinstance(found, Unpriceable):
            return None
        away = self._dice.between(-0.5, 6.0) * usual_bps(found, float(ask.amount) * found.notional_usd)
        sign = 1.0 if ask.side is Side.BUY else -1.0
        return round_near(found.fair + sign * away * found.bp, *self._catalogue.steps(ask.structure))

    def see(self, stamped: Stamped, effects: tuple[Effect, ...]) -> None:
        """An observer: a need was taken in."""
        event = stamped.event
        if type(event) is not NeedPosted or event.party not in TRADERS:
            return
        for effect in effects:
            if type(effect) is Estimate:
                self._follow(event.party, effect.rfq)
                return

    def _follow(self, party: PartyId, rfq: RfqId) -> None:
        dice = self._dice
        roll = dice.uniform()
        if roll < 0.03:
            after_s = dice.between(0.2, 5.0)
            self._street.later(after_s, lambda: self._street.shout(NeedCancelled(party=party, rfq=rfq)))
        elif roll < 0.10:
            after_s = dice.between(1.0, 4.0)
            self._street.later(after_s, lambda: self._street.shout(AcceptCommanded(party=party, rfq=rfq)))


class Watchmen:
    """Press the kill switch, arm again by two, set new numbers, change somebody's rights."""

    def __init__(
        self,
        *,
        street: Street,
        dice: Dice,
        policy: Policy,
        clients: tuple[Party, ...],
        listed: tuple[Instrument, ...],
    ) -> None:
        self._listed = listed
        self._street = street
        self._dice = dice
        self._policy = policy
        self._clients = clients
        self._killed = False

    def kill(self) -> None:
        """Stop the desk; it is armed again within a minute."""
        if self._killed:
            return
        self._killed = True
        shout, dice = self._street.shout, self._dice
        shout(KillPressed(by=RISK[0]))
        first_s = dice.between(5.0, 30.0)
        self._street.later(first_s, lambda: shout(ArmAsked(by=RISK[0])))
        if dice.chance(0.5):
            self._street.later(first_s + 1.0, lambda: shout(ArmAsked(by=RISK[0])))
        self._street.later(first_s + dice.between(2.0, 20.0), self._arm)

    def arm(self) -> None:
        """Come in, find the desk stopped, and arm it: it takes two."""
        self._street.shout(ArmAsked(by=RISK[0]))
        self._arm()

    def _arm(self) -> None:
        self._street.shout(ArmAsked(by=RISK[1]))
        self._killed = False

    def change_policy(self) -> None:
        """Another requote number and another panel size."""
        dice = self._dice
        self._policy = replace(
            self._policy,
            version=self._policy.version + 1,
            requote_move_bps=Decimal(dice.pick(("1.5", "2", "3"))),
            panel_size=dice.pick((4, 5, 6)),
        )
        self._street.shout(PolicyChanged(policy=self._policy, by=RISK[1]))

    def change_party(self) -> None:
        """Somebody's quotes now outlive its session, or no longer do; or something is listed anew, as it was."""
        if self._dice.chance(0.3):
            self._street.shout(InstrumentsListed(instruments=(self._dice.pick(self._listed),)))
            return
        party = self._dice.pick(self._clients)
        keeps = self._dice.chance(0.5)
        self._street.shout(PartyAdmitted(party=replace(party, cancel_on_disconnect=not keeps)))


class Weak:
    """Sessions that drop, and come back."""

    def __init__(self, *, street: Street, dice: Dice) -> None:
        self._street = street
        self._dice = dice

    def drop(self) -> None:
        """One party's session drops now, and is back within half a minute."""
        street = self._street
        if not street.parties():
            return
        party = self._dice.pick(street.parties())
        if street.is_up(party):
            street.disconnect(party)
            street.later(self._dice.between(2.0, 30.0), lambda: street.connect(party))
