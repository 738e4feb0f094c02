"""From a value to a price on the wire, in named lines that add up.

fair -> fees -> funding -> (margin) -> hedge -> doubt -> skew -> edge -> tick. All but the first and the last are bps of
notional until the end. Fees, margin, hedge and doubt are what the trade costs us, whoever buys (`pricing.costs`);
funding, what the hedge earns or costs while it is held, and skew, the price of inventory (`pricing.inventory`), move
both prices the same way; skew takes what we hold plus half of what the trade adds, so bids fall and offers rise with
size. Edge is what the best distance from fair earns beyond them (`pricing.spread`), within the policy's floors. Tick
is the remainder of rounding away from the client, onto the grid of the band in which the price ends. Lines are whole
quanta (a hundredth of a tick), so they sum exactly.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from pricing.costs import Charges, charges
from pricing.estimates import Estimates
from pricing.fact import Fact
from pricing.inventory import skew_bps
from pricing.spread import Curves, curves_of, quoted_distance
from pricing.terms import QuoteTerms
from pricing.units import Bands, Grid, ceil_on, floor_on, grid, quanta_of, spell
from pricing.worth import Valuation

LINES: Final = ("fair", "fees", "funding", "margin", "hedge", "doubt", "skew", "edge", "tick")
"""All lines in their order; where margin costs nothing there is no such line."""
_STEPS: Final = LINES[1:]
_BARE: Final = tuple([name for name in _STEPS if name != "margin"])


class Line(Fact, frozen=True, kw_only=True, tag="Line.2"):
    """One step of the waterfall: its name and what it adds to the price, in so many `unit` for one unit of amount."""

    name: str
    amount: Decimal
    unit: str


class QuotePrice(Fact, frozen=True, kw_only=True, tag="QuotePrice.1"):
    """The wire prices with their waterfalls; a side that is not quoted is None and has no lines."""

    bid: Decimal | None = None
    offer: Decimal | None = None
    bid_lines: tuple[Line, ...] = ()
    offer_lines: tuple[Line, ...] = ()
    fair: Decimal


class _Case(NamedTuple):
    """What both sides of one quote have in common."""

    valuation: Valuation
    curves: Curves
    cost: Charges
    carry_bps: float
    risk_bps: float
    terms: QuoteTerms
    lattice: Grid


def quote(
    valuation: Valuation,
    estimates: Estimates,
    *,
    bid: bool,
    offer: bool,
    amount: float,
    inventory_usd: float,
    age_ms: float,
    fallback: bool,
    terms: QuoteTerms,
    tick: Decimal,
    bands: Bands = (),
    fees_usd: float = 0.0,
    carry_usd: float = 0.0,
    risk_bps: float = 0.0,
) -> QuotePrice:
    """The prices for `amount` units with `inventory_usd` of delta held (signed), each with its waterfall.

    For one unit: `fees_usd` is what venues charge, `carry_usd` what holding it hedged earns (bought; + = to us),
    `risk_bps` one standard deviation of fair over the quote's life. Prices stand on `tick`, within `bands` on the
    band's that they end in (`pricing.units.Steps`). A price that may not be negative (one instrument) and would not be
    above zero is not quoted.
    """
    lattice = grid(tick, bands)
    cost = charges(
        valuation, estimates, amount=amount, fees_usd=fees_usd, age_ms=age_ms, fallback=fallback, terms=terms
    )
    carry = 1e4 * carry_usd / valuation.notional_usd
    case = _Case(valuation, curves_of(estimates), cost, carry, risk_bps, terms, lattice)
    added = 0.5 * amount * valuation.delta_net_usd
    low = _side(case, -1.0, inventory_usd + added) if bid else None
    high = _side(case, 1.0, inventory_usd - added) if offer else None
    if low and high and low[-1] >= high[-1]:
        high = _lifted(high, ceil_on(low[-1] + 1, lattice))
    fair = Line(
        name="fair", amount=spell(quanta_of(valuation.fair, lattice), lattice), unit=valuation.currency
    )
    return QuotePrice(
        bid=spell(low[-1], lattice) if low else None,
        offer=spell(high[-1], lattice) if high else None,
        bid_lines=_lines(fair, low, case) if low else (),
        offer_lines=_lines(fair, high, case) if high else (),
        fair=fair.amount,
    )


def _side(case: _Case, sign: float, held_usd: float) -> list[int] | None:
    """The lines of one side (sign -1 our bid, +1 our offer) in quanta, and behind them the wire price; None where it
    may not be quoted.

    The running price is rounded after each step and the lines are its differences, so rounding does not pile up
    and a price moves as its steps do.
    """
    valuation, cost, lattice = case.valuation, case.cost, case.lattice
    skew = skew_bps(valuation, held_usd, case.terms)
    distance = quoted_distance(
        case.curves, cost.total, sign * (case.carry_bps + skew), case.risk_bps, case.terms
    )
    fair, bp, per_unit = valuation.fair, valuation.bp, lattice.per_unit
    moves = [sign * cost.fees, case.carry_bps, sign * cost.hedge, sign * cost.doubt, skew]
    if cost.margin:
        moves.insert(2, sign * cost.margin)
    moved, before = 0.0, round(fair * per_unit)
    steps = []
    for move in moves:
        moved += move
        after = round((fair + moved * bp) * per_unit)
        steps.append(after - before)
        before = after
    after = round((fair + sign * distance * bp) * per_unit)
    wire = ceil_on(after, lattice) if sign > 0.0 else floor_on(after, lattice)
    if wire <= 0 and not valuation.signed:
        return None
    steps += (after - before, wire - after, wire)
    return steps


def _lifted(steps: list[int], wire: int) -> list[int]:
    """The same offer at another wire price, the difference in its tick line; keeps a locked pair from the
    wire.
    """
    return [*steps[:-2], steps[-2] + wire - steps[-1], wire]


def _lines(fair: Line, steps: list[int], case: _Case) -> tuple[Line, ...]:
    """The named lines of one side, all in the currency of fair."""
    lattice, unit = case.lattice, fair.unit
    names = _STEPS if case.cost.margin else _BARE
    more = [
        Line(name=name, amount=spell(step, lattice), unit=unit)
        for name, step in zip(names, steps, strict=False)
    ]
    return (fair, *more)
