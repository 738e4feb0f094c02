"""What people ask for: perpetuals, futures, options and the usual packages of them, in sizes that make sense."""

from decimal import Decimal
from typing import Final

from pricing.instruments import Future, Instrument, Option
from pricing.structures import Hedge, Leg, Structure, steps_of
from pricing.units import HOUR_NS, Steps
from pricing.valuation import Unpriceable, Valuation
from rfq.sim.dice import Dice
from rfq.sim.market import SimMarket
from rfq.sim.prices import ADV_USD

_ONE: Final = Decimal(1)
_HEDGED: Final = 0.06
"""How many of the packages come with their delta hedge."""
_IMPACT: Final = 0.6
_SHARE_OF_IMPACT: Final = 0.5


class Catalogue:
    """Makes structures and amounts from what is listed."""

    def __init__(self, market: SimMarket, instruments: dict[str, Instrument]) -> None:
        self._market = market
        self._instruments = instruments
        self._linear = [one for one in instruments.values() if not isinstance(one, Option)]
        self._chains: dict[tuple[str, int], list[tuple[Option, Option]]] = {}
        options = [one for one in instruments.values() if isinstance(one, Option)]
        for call, put in zip(options[::2], options[1::2], strict=True):
            self._chains.setdefault((call.underlying, call.expiry_at), []).append((call, put))

    def future(self, dice: Dice, now: int) -> Structure:
        """One perpetual (mostly) or dated future that has not expired."""
        while True:
            found = dice.pick(self._linear)
            if not isinstance(found, Future) or found.expiry_at > now + HOUR_NS:
                return Structure(legs=(_leg(found, 1),))

    def perpetual(self, underlying: str) -> Structure:
        """The inverse perpetual."""
        return Structure(legs=(Leg(instrument=f"{underlying}-PERPETUAL", ratio=_ONE),))

    def package(self, dice: Dice, now: int) -> Structure:
        """Options: a spread, straddle, strangle, risk reversal, butterfly or one alone; now and then with its hedge."""
        chains = [chain for (_, at), chain in self._chains.items() if at > now + HOUR_NS]
        chain = dice.pick(chains)
        low = dice.below(len(chain) - 2)
        (low_call, low_put), (mid_call, mid_put), (high_call, _) = chain[low : low + 3]
        shape = dice.below(6)
        if shape == 0:
            legs: tuple[Leg, ...] = (_leg(low_call, 1), _leg(mid_call, -1))
        elif shape == 1:
            legs = (_leg(mid_put, 1), _leg(low_put, -1))
        elif shape == 2:
            legs = (_leg(mid_call, 1), _leg(mid_put, 1))
        elif shape == 3:
            legs = (_leg(high_call, 1), _leg(low_put, -1))
        elif shape == 4:
            legs = (_leg(low_call, 1), _leg(mid_call, -2), _leg(high_call, 1))
        else:
            legs = (_leg(dice.pick((mid_call, high_call, mid_put, low_put)), 1),)
        structure = Structure(legs=legs)
        return self._hedged(structure) if dice.chance(_HEDGED) else structure

    def _hedged(self, structure: Structure) -> Structure:
        """With the perpetual that takes its delta off, at the book's price."""
        found = self._market.value(structure)
        if isinstance(found, Unpriceable):
            return structure
        perpetual = self._instruments[f"{found.underlying}-PERPETUAL"]
        under = self._market.look().underlying(found.underlying)
        book = under.book(perpetual.name) if under is not None else None
        coarse = perpetual.lot / self.step(structure)  # times any whole amount it is whole lots
        ratio = round(-found.delta_net_usd / float(coarse)) * coarse
        if book is None or not book.bids or not ratio:
            return structure
        hedge = Hedge(instrument=perpetual.name, ratio=ratio, price=Decimal(str(book.bids[0][0])))
        return Structure(legs=structure.legs, hedges=(hedge,))

    def amount(self, structure: Structure, usd: float) -> Decimal:
        """About `usd` of it, in whole steps, at least one."""
        step = self.step(structure)
        found = self._market.value(structure)
        unit = 1.0 if isinstance(found, Unpriceable) else found.notional_usd
        return max(1, round(usd / (unit * float(step)))) * step

    def step(self, structure: Structure) -> Decimal:
        """The smallest step of its amount."""
        return max(self._instruments[leg.instrument].lot / abs(leg.ratio) for leg in structure.legs)

    def steps(self, structure: Structure) -> Steps:
        """The steps of its price."""
        return steps_of(structure, self._instruments)

    def part(self, structure: Structure, amount: Decimal, share: float) -> Decimal:
        """A share of an amount in whole steps: at least one, at most all."""
        step = self.step(structure)
        return min(amount, max(1, int(float(amount) * share / float(step))) * step)

    def is_option(self, structure: Structure) -> bool:
        """True if a leg is an option."""
        return isinstance(self._instruments[structure.legs[0].instrument], Option)


def _leg(instrument: Instrument, ratio: int) -> Leg:
    return Leg(instrument=instrument.name, ratio=Decimal(ratio))


def impact_bps(valuation: Valuation, usd: float) -> float:
    """What trading this much of it moves the underlying, bps, signed as its delta (square-root law)."""
    delta = usd * valuation.delta_net_usd / valuation.notional_usd
    daily_bps = 250.0
    moved = _IMPACT * daily_bps * float((abs(delta) / ADV_USD) ** 0.5)
    return moved if delta > 0.0 else -moved


def usual_bps(valuation: Valuation, usd: float) -> float:
    """How far from fair a usual price stands, in bps of notional: the screen, impact and doubt."""
    impact = abs(impact_bps(valuation, usd) * valuation.delta_net_usd / valuation.notional_usd)
    return valuation.width_bps + _SHARE_OF_IMPACT * impact + valuation.uncertainty_bps
