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
from itertools import accumulate
from operator import sub
from typing import Final

from pricing.costs import Charges, charges
from pricing.estimates import Estimates
from pricing.fact import Fact
from pricing.inventory import skew_bps
from pricing.spread import quoted_distances
from pricing.terms import QuoteTerms
from pricing.units import Bands, Grid, ceil_on, floor_on, grid, quanta_of, spell
from pricing.worth import Valuation

LINES: Final = ("fair", "fees", "funding", "margin", "hedge", "doubt", "skew", "edge", "tick")
"""All lines in their order; where margin costs nothing there is no such line."""
_STEPS: Final = LINES[1:]
_BARE: Final = tuple([name for name in _STEPS if name != "margin"])
_SIDES: Final = {(True, True): (-1.0, 1.0), (True, False): (-1.0,), (False, True): (1.0,), (False, False): ()}
"""By whether a bid and an offer are wanted: their signs."""


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
    added = 0.5 * amount * valuation.delta_net_usd
    signs = _SIDES[bid, offer]
    skews = [skew_bps(valuation, inventory_usd - sign * added, terms) for sign in signs]
    against = [sign * (carry + skew) for sign, skew in zip(signs, skews, strict=True)]
    distances = quoted_distances(estimates, cost.total, against, risk_bps, terms)
    paths = [
        _path(valuation, cost, carry, sign, skew, distance, lattice)
        for sign, skew, distance in zip(signs, skews, distances, strict=True)
    ]
    low, high = paths[0] if bid else None, paths[-1] if offer else None
    if low and high and low[-1] >= high[-1]:
        high[-1] = ceil_on(low[-1] + 1, lattice)  # a locked pair is kept from the wire
    names = _STEPS if cost.margin else _BARE
    fair = Line(
        name="fair", amount=spell(quanta_of(valuation.fair, lattice), lattice), unit=valuation.currency
    )
    return QuotePrice(
        bid=spell(low[-1], lattice) if low else None,
        offer=spell(high[-1], lattice) if high else None,
        bid_lines=_lines(fair, names, low, lattice) if low else (),
        offer_lines=_lines(fair, names, high, lattice) if high else (),
        fair=fair.amount,
    )


def _path(
    valuation: Valuation,
    cost: Charges,
    carry_bps: float,
    sign: float,
    skew: float,
    distance: float,
    lattice: Grid,
) -> list[int] | None:
    """From fair to the wire in quanta, the price after each line (sign -1 our bid, +1 our offer); None where it may
    not be quoted.

    The running price is rounded after each step and the lines are its differences, so rounding does not pile up
    and a price moves as its steps do.
    """
    fair, bp, per_unit = valuation.fair, valuation.bp, lattice.per_unit
    moves = [0.0, sign * cost.fees, carry_bps, sign * cost.hedge, sign * cost.doubt, skew]
    if cost.margin:
        moves.insert(3, sign * cost.margin)
    path = [round((fair + moved * bp) * per_unit) for moved in accumulate(moves)]
    exact = round((fair + sign * distance * bp) * per_unit)
    wire = ceil_on(exact, lattice) if sign > 0.0 else floor_on(exact, lattice)
    if wire <= 0 and not valuation.signed:
        return None
    path += (exact, wire)
    return path


def _lines(fair: Line, names: tuple[str, ...], path: list[int], lattice: Grid) -> tuple[Line, ...]:
    """The named lines of one side, all in the currency of fair."""
    unit, quantum = fair.unit, lattice.quantum
    more = [
        Line(name=name, amount=step * quantum if step % 10 else spell(step, lattice), unit=unit)
        for name, step in zip(names, map(sub, path[1:], path), strict=True)
    ]
    return (fair, *more)
