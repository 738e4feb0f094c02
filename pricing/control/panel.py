"""How many dealers to ask: order statistics, the winner's curse, private costs, and leakage."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pricing.control.gaussian import Array, cdf, nodes, pdf
from pricing.control.ranges import finite, not_negative, positive


def expected_best(count: int) -> float:
    """E[max of `count` draws from N(0, 1)]."""
    _dealers(count, 1)
    x, weight = nodes()
    return float(count * np.sum(weight * x * cdf(x) ** (count - 1)))


def _dealers(count: int, least: int) -> None:
    if count < least:
        raise ValueError(f"count: {count} dealers; {least} or more are needed")


def shading(count: int) -> float:
    """a(n): by how many standard deviations of its error each of n dealers bids below its own estimate.

    One value for all, normal errors, nothing known beforehand, the best price wins and is paid. Bidding x − a is an
    equilibrium where 1/n = (n − 1)(a E[φ Φ^(n−2)] − E[Z φ Φ^(n−2)]).
    """
    _dealers(count, 2)
    x, weight = nodes()
    near = weight * pdf(x) * cdf(x) ** (count - 2)
    return (1.0 / (count * (count - 1.0)) + float(np.sum(near * x))) / float(np.sum(near))


def winner_profit(count: int) -> float:
    """What the winner expects to earn, and the client to pay, in standard deviations of the dealers' errors: a(n) less
    the best of n errors.
    """
    return shading(count) - expected_best(count)


def client_cost(count: int, error: float, leakage: float) -> float:
    """[a(n) − Eₙ] s + l (n − 1): the winner's profit, and what each further dealer's knowledge costs."""
    not_negative(error=error)
    finite(leakage=leakage)
    return winner_profit(count) * error + leakage * (count - 1)


class Panel(NamedTuple):
    """The best number of dealers, and the client's cost there."""

    dealers: int
    cost: float


def best_panel(error: float, leakage: float, largest: int = 50) -> Panel:
    """The number of dealers from 2 to `largest` at which the client's cost is least."""
    _dealers(largest, 2)
    costs = [Panel(count, client_cost(count, error, leakage)) for count in range(2, largest + 1)]
    return min(costs, key=lambda panel: panel.cost)


class PrivateQuote(NamedTuple):
    """The best quote against others, how often it wins, and what it earns on average."""

    quote: float
    win: float
    profit: float


def private_quote(count: int, mean: float, sd: float, cost: float = 0.0) -> PrivateQuote:
    """One of `count` dealers, the others' quotes drawn from N(mean, sd²); the lowest wins. Maximises
    (d − cost)·P(other > d)^(n−1).
    """
    _dealers(count, 2)
    positive(sd=sd)
    finite(mean=mean, cost=cost)

    def win(quote: float) -> float:
        return float(cdf((mean - quote) / sd)) ** (count - 1)

    def slope(quote: float) -> float:
        """Falls through zero at the best quote."""
        at = (mean - quote) / sd
        hazard = float(pdf(at) / cdf(at)) if at > -30.0 else -at
        return 1.0 - (quote - cost) * (count - 1) * hazard / sd

    low, high = cost, cost + sd
    while slope(high) > 0.0:
        high = cost + 2.0 * (high - cost)
    best = _crossing(slope, low, high)
    return PrivateQuote(best, win(best), (best - cost) * win(best))


def _crossing(falling: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if falling(middle) > 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def trade_probability(reserve: float | Array, other: float | Array, count: int, answering: float) -> Array:
    """P(we deal at d) = S_V(d) (1 − r + r S_W(d))ⁿ (Fermanian, Guéant and Pu).

    `reserve` is S_V(d), how often the client would deal at d at all; `other` is S_W(d), how often one competitor's
    quote is worse; n competitors answer with probability r each.
    """
    if not 0.0 <= answering <= 1.0 or count < 0:
        raise ValueError(f"answering: {answering} of {count} competitors is not a share of a number")
    return np.asarray(
        np.asarray(reserve) * (1.0 - answering + answering * np.asarray(other)) ** count, np.float64
    )


def dealt_loss(count: int, edge: float, error: float) -> float:
    """The winner's curse: what is left, on deals won, of an edge quoted to all by dealers with errors N(0, error²)."""
    finite(edge=edge)
    not_negative(error=error)
    return edge - error * expected_best(count)
