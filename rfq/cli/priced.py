"""What `rfq price` works out: a valuation, all greeks of each option, and the price that the desk would quote."""

import math
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, NamedTuple

from pricing import black
from pricing.curves import discount
from pricing.fact import Fault
from pricing.instruments import Option
from pricing.quoting import QuotePrice, quote
from pricing.recognition import Recognised, recognise
from pricing.structures import Hedge, Leg, check_structure, steps_of
from pricing.units import NS_PER_S, YEAR_NS, plain
from pricing.valuation import Unpriceable, Valuation, value
from pricing.worth import LegWorth
from rfq.cli.exits import Ended, Exit
from rfq.cli.price_market import Scene
from rfq.cli.wanted import Wanted, refuse
from rfq.desk import outlays, response
from rfq.desk.features import builder
from rfq.desk.intake import AMOUNT_MAX, smallest_step
from rfq.desk.scorecards import Scorecard
from rfq.desk.state import DeskState
from rfq.domain.fact import check_number
from rfq.domain.ids import ChainId, PartyId, RfqId
from rfq.domain.lifecycle import RfqState
from rfq.domain.policy import Policy
from rfq.domain.request import Ask, Rfq, Role, Side

_NOBODY = PartyId("nobody")
_WORDS = {
    "no_market": "is not in this market",
    "no_index": "has no index in this market",
    "no_rate": "has no rate in USD in this market",
    "no_book": "has no book in this market",
    "no_forward": "has no forward in this market",
    "no_slice": "has no volatility in this market",
    "no_fixing": "is in its settlement window, of which the average so far is not told",
    "expired": "has expired by then",
    "mixed_underlyings": "is on another underlying",
}
_MONEY = tuple([name for name in black.OptionGreeks._fields if "_usd" in name and "coin" not in name])
_OF_DELTA = "gamma_usd_per_pct"
"""USD of delta counts coins at the forward, as valuations do; money is what it is worth at the index."""
_PREMIUM_FREE = {
    "delta_net_coin": "delta_forward_coin",
    "delta_premium_adjusted_coin": "delta_spot_coin",
    "gamma_net_coin_per_usd": "gamma_forward_coin_per_usd",
    "vanna_net_coin_per_vol_point": "vanna_forward_coin_per_vol_point",
    "charm_net_coin_per_calendar_day": "charm_forward_coin_per_calendar_day",
    "speed_net_coin_per_usd_squared": "speed_forward_coin_per_usd_squared",
}
"""No coin is paid for an option in dollars, so nothing comes off its deltas."""


_HELD = (
    "delta_forward_coin",
    "delta_net_usd",
    "gamma_usd_per_pct",
    "vega_usd_per_vol_point",
    "theta_usd_per_calendar_day",
    "vanna_usd_per_vol_point",
    "volga_usd_per_vol_point_squared",
)


class LegPriced(NamedTuple):
    """One leg: its part in the valuation, years to expiry (0: none), and all greeks of one unit ({}: not an option)."""

    worth: LegWorth
    years: float
    greeks: dict[str, float]

    @property
    def held(self) -> dict[str, float]:
        """What the valuation itself says of one unit, for what Black's greeks do not tell of."""
        return {name: getattr(self.worth, name) / self.worth.ratio + 0.0 for name in _HELD}


class Priced(NamedTuple):
    """Everything about one unit of a structure."""

    scene: Scene
    said: Recognised
    valuation: Valuation
    index_usd: float
    legs: tuple[LegPriced, ...]

    @property
    def unit_usd(self) -> float:
        """USD for one unit of the currency that fair is in; it has been converted, so there is a rate."""
        return self.scene.market.usd(self.valuation.currency) or 1.0

    @property
    def greeks(self) -> dict[str, float]:
        """All greeks of the package: sums over its legs, where all are options that have them."""
        found: dict[str, float] = {}
        if all(leg.greeks for leg in self.legs):
            for name in black.OptionGreeks._fields:
                found[name] = sum(leg.worth.ratio * leg.greeks[name] for leg in self.legs)
        return found

    @property
    def deltas_coin(self) -> dict[str, float]:
        """Of any package: coins of forwards that hedge its legs, and those with the coin premiums taken off."""
        net = 0.0
        for leg in self.legs:
            instrument = self.scene.wanted.instruments[leg.worth.instrument]
            rate = 1.0 if instrument.inverse else self.scene.market.usd(instrument.quote_currency) or 1.0
            if leg.worth.delta_net_usd:
                net += leg.worth.delta_net_usd / (leg.worth.forward * rate)
        forward = math.fsum(leg.worth.delta_forward_coin for leg in self.legs)
        return {"delta_forward_coin": forward, "delta_net_coin": net}


def work_out(scene: Scene, currency: str) -> Priced:
    """The value of what is wanted in its market; raises Ended with what is missing."""
    structure, instruments = scene.wanted
    said = recognise(structure, instruments)
    valuation = value(structure, instruments, scene.market, scene.now, currency)
    if isinstance(said, Fault):
        raise refuse(said.field, said.problem)
    if isinstance(valuation, Unpriceable):
        raise refuse(valuation.field, _WORDS.get(valuation.reason, valuation.reason))
    under = scene.market.underlying(valuation.underlying)
    assert under is not None
    legs = tuple([_leg(scene, one, under.index) for one in valuation.legs])
    return Priced(scene, said, valuation, under.index, legs)


def _leg(scene: Scene, worth: LegWorth, index: float) -> LegPriced:
    """All greeks of an option, unless its settlement average has begun: then Black's alone do not tell them."""
    instrument = scene.wanted.instruments[worth.instrument]
    expiry_at = getattr(instrument, "expiry_at", 0)
    years = (expiry_at - scene.now) / YEAR_NS if expiry_at else 0.0
    if not isinstance(instrument, Option):
        return LegPriced(worth, years, {})
    if scene.now > expiry_at - instrument.averaging_s * NS_PER_S:
        return LegPriced(worth, years, {})
    return LegPriced(worth, years, option_greeks(instrument, worth, years, index, scene))


def option_greeks(
    option: Option, worth: LegWorth, years: float, index: float, scene: Scene
) -> dict[str, float]:
    """Black's, of one unit. In coin: at its forward, as it settles; in dollars: discounted and at their rate in USD."""
    flat = scene.flat
    vol = worth.vol if flat is None or flat.vol is None else flat.vol
    strike = float(option.strike)
    if flat is not None and flat.years is not None and len(scene.wanted.instruments) == 1:
        years = flat.years
    factor = discount(scene.market, option.settle_currency, option.expiry_at, scene.now)
    if option.inverse:
        found = black.full(worth.forward, strike, years, vol, option.call, factor, worth.forward)._asdict()
        for name in _MONEY:
            if name != _OF_DELTA:
                found[name] *= index / worth.forward
        return found
    rate = scene.market.usd(option.quote_currency) or 1.0
    found = black.full(worth.forward * rate, strike * rate, years, vol, option.call, factor, index)._asdict()
    return {**found, **{name: found[plain] for name, plain in _PREMIUM_FREE.items()}}


class Request(NamedTuple):
    """What a quote is asked for: how many units, which side the taker is on, what we hold (USD of delta)."""

    amount: Decimal
    side: str
    held_usd: float


def quote_of(priced: Priced, request: Request, policy: Policy) -> tuple[QuotePrice, dict[str, Any]]:
    """The price that the desk would give under a policy with the baseline's estimates; raises Ended.

    As the desk does it: the same features, outlays and terms, for a party of which nothing is known.
    """
    scene, valuation = priced.scene, priced.valuation
    structure, instruments = scene.wanted
    mixed = check_structure(structure, instruments)
    if mixed is not None:
        raise refuse(mixed.field, f"{mixed.problem}: no one price can be quoted")
    side = _side(request)
    state = DeskState(ChainId("price"), policy)
    state.instruments = dict(instruments)
    state.exposures[valuation.underlying] = Decimal(repr(request.held_usd))
    under = scene.market.underlying(valuation.underlying)
    assert under is not None
    rfq = Rfq(
        id=RfqId("price"),
        role=Role.MAKER,
        party=_NOBODY,
        reference="price",
        ask=Ask(structure=structure, amount=request.amount, side=side),
        state=RfqState.OPEN,
        opened_at=scene.now,
        expires_at=scene.now + policy.rfq_ttl_ms * 1_000_000,
    )
    empty = Scorecard.empty(_NOBODY)
    row = builder.build(rfq, valuation, scene.market, under, state, empty, scene.now, 0)
    estimates = response.fall_back(row)
    paid = outlays.of(valuation, scene.market, state)
    if isinstance(paid, Fault):
        raise Ended(Exit.USAGE, f"{paid.field}: {paid.problem}")
    steps = steps_of(structure, instruments)
    price = quote(
        valuation,
        estimates,
        bid=side.wants_bid,
        offer=side.wants_offer,
        amount=float(request.amount),
        inventory_usd=request.held_usd,
        age_ms=scene.market.age_ms(scene.now),
        fallback=False,
        terms=policy.terms,
        tick=steps.tick,
        bands=steps.bands,
        fees_usd=paid.fees_usd,
        carry_usd=paid.carry_usd,
        risk_bps=paid.risk_bps,
    )
    return price, {"source": estimates.source, "policy": state.policy_hash}


def amount_of(wanted: Wanted, text: str) -> Decimal:
    """How many units: whole lots of every leg and hedge. "" is one, or the next size that is. Raises Ended."""
    structure, instruments = wanted
    parts: tuple[Leg | Hedge, ...] = (*structure.legs, *structure.hedges)
    step = smallest_step(tuple([(instruments[part.instrument].lot, part.ratio) for part in parts]))
    found = decimal_of("--amount", text) if text else plain(step * -(-1 // Fraction(step)))
    text = text or f"{found:f}"
    if not 0 < found <= AMOUNT_MAX:
        raise refuse("--amount", f"{text} is not above zero, or more than {AMOUNT_MAX}")
    try:
        check_number("--amount", found)
    except ValueError as error:
        raise refuse("", str(error)) from None
    if Fraction(found) % Fraction(step):
        problem = f"{text} is not a multiple of {plain(step):f}: whole lots of each leg and hedge"
        raise refuse("--amount", problem)
    return plain(found)


def _side(request: Request) -> Side:
    """The side as the desk says it."""
    if not abs(request.held_usd) <= float(AMOUNT_MAX):
        raise refuse("--held-usd", f"{request.held_usd:g} is more than {AMOUNT_MAX}")
    try:
        return Side(request.side.replace("-", "_"))
    except ValueError:
        raise refuse("--side", f"{request.side!a} is none of buy, sell, two-way") from None


def decimal_of(option: str, text: str) -> Decimal:
    """A number of the command line, exactly; raises Ended."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise refuse(option, f"{text!a} is no number")
    return found
