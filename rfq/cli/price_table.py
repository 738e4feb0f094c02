"""A valuation for people: what it is worth in coin and USD, its greeks, its legs, and the price step by step."""

import math
from collections.abc import Iterator

from pricing.quoting import QuotePrice
from rfq.audit.export import instant_text
from rfq.cli.narrative import waterfall
from rfq.cli.priced import LegPriced, Priced, Request
from rfq.cli.printer import table

_DIGITS = 7
_PAIRS = (
    ("value", "value_coin", "value_usd"),
    ("vega / vol point", "vega_coin_per_vol_point", "vega_usd_per_vol_point"),
    ("volga / vol point squared", "volga_coin_per_vol_point_squared", "volga_usd_per_vol_point_squared"),
    ("theta / calendar day", "theta_coin_per_calendar_day", "theta_usd_per_calendar_day"),
)
"""Money: (words, field in coin, field in USD)."""
_COINS = (
    ("delta: forward, net", "coin", "delta_forward_coin", "delta_net_coin"),
    ("delta: spot, premium-adjusted", "coin", "delta_spot_coin", "delta_premium_adjusted_coin"),
    ("gamma", "coin per USD", "gamma_forward_coin_per_usd", "gamma_net_coin_per_usd"),
    ("vanna", "coin per vol point", "vanna_forward_coin_per_vol_point", "vanna_net_coin_per_vol_point"),
    (
        "charm",
        "coin per calendar day",
        "charm_forward_coin_per_calendar_day",
        "charm_net_coin_per_calendar_day",
    ),
    (
        "speed",
        "coin per USD squared",
        "speed_forward_coin_per_usd_squared",
        "speed_net_coin_per_usd_squared",
    ),
)
"""Deltas and what is derived from them: (words, unit, of the forward delta, with the premium taken off)."""
_TOTALS = (
    ("net delta", "USD", "delta_net_usd"),
    ("gamma", "USD of forward delta per 1 %", "gamma_usd_per_pct"),
    ("vega", "USD per vol point", "vega_usd_per_vol_point"),
    ("theta", "USD per calendar day", "theta_usd_per_calendar_day"),
    ("vanna", "USD of net delta per vol point", "vanna_usd_per_vol_point"),
    ("volga", "USD per vol point squared", "volga_usd_per_vol_point_squared"),
)


def lines(priced: Priced, request: Request | None, price: QuotePrice | None) -> Iterator[str]:
    """All of it, line by line."""
    yield from _head(priced)
    greeks = priced.greeks
    if greeks:
        yield ""
        yield from _greeks(greeks, priced.valuation.underlying)
    if not greeks or len(priced.legs) > 1:
        yield ""
        yield from _totals(priced)
    if len(priced.legs) > 1:
        yield ""
        yield from _legs(priced)
    if request is not None and price is not None:
        yield ""
        yield from _quote(request, price)


def _head(priced: Priced) -> Iterator[str]:
    valuation, first = priced.valuation, priced.legs[0]
    yield priced.said.name
    rows = [["  fair", f"{amount(valuation.fair)} {valuation.currency}"]]
    if valuation.currency != "USD":
        rows[0].append(f"{amount(valuation.fair * priced.unit_usd)} USD")
    doubt = f"one standard error {valuation.uncertainty_bps:.2f} bps, "
    doubt += f"screen's half spread {valuation.width_bps:.2f} bps"
    rows.append(["  doubt", doubt])
    market = f"index {amount(priced.index_usd)} USD"
    if len(priced.legs) == 1:
        market += f", forward {amount(first.worth.forward)}"
        market += f", volatility {100.0 * first.worth.vol:.4g} %" if first.worth.vol else ""
        market += f", {365.0 * first.years:.4g} days" if first.years else ""
    rows.append(["  market", market])
    rows.append(["  at", f"{instant_text(priced.scene.now)[:19]} UTC, inputs {valuation.age_ms:.0f} ms old"])
    width = max(len(row[0]) for row in rows)
    for head, *words in rows:
        yield f"{head.ljust(width)}  {' = '.join(words)}"


def _greeks(greeks: dict[str, float], coin: str) -> Iterator[str]:
    """All greeks of options: money in coin and USD, then what is derived from delta, by both conventions."""
    money = [["money", coin, "USD"]]
    money += [[words, amount(greeks[one]), amount(greeks[other])] for words, one, other in _PAIRS]
    yield from table(money, right=(1, 2), indent=2)
    yield ""
    rows = [["sensitivity", "forward", "premium off", "unit"]]
    for words, unit, plain, net in _COINS:
        rows.append([words, amount(greeks[plain]), amount(greeks[net]), unit.replace("coin", coin)])
    rows.append(["gamma", amount(greeks["gamma_usd_per_pct"]), "", "USD of forward delta per 1 %"])
    yield from table(rows, right=(1, 2), indent=2)


def _totals(priced: Priced) -> Iterator[str]:
    """The package as the desk counts it."""
    rows = [["package", "", "unit"]]
    for words, unit, name in _TOTALS:
        found = getattr(priced.valuation, name)
        if found or name == "delta_net_usd":
            rows.append([words, amount(found), unit])
    rows.append(["notional", amount(priced.valuation.notional_usd), "USD"])
    yield from table(rows, right=(1,), indent=2)


def _legs(priced: Priced) -> Iterator[str]:
    """One row a leg; greeks are those of the package's part in it, ratio and sign included."""
    rows = [["leg", "ratio", "fair", "", "vol %", "net delta USD", "vega USD", "theta USD"]]
    rows += [_leg_row(leg) for leg in priced.legs]
    yield from table(rows, right=(1, 2, 4, 5, 6, 7), indent=2)


def _leg_row(leg: LegPriced) -> list[str]:
    worth = leg.worth
    return [
        f"{worth.instrument} (hedge)" if worth.hedge else worth.instrument,
        f"{worth.ratio:g}",
        amount(worth.fair),
        worth.currency,
        f"{100.0 * worth.vol:.2f}" if worth.vol else "",
        amount(worth.delta_net_usd),
        amount(worth.vega_usd_per_vol_point),
        amount(worth.theta_usd_per_calendar_day),
    ]


def _quote(request: Request, price: QuotePrice) -> Iterator[str]:
    """The waterfall."""
    held = f", {request.held_usd:+,.0f} USD of net delta held" if request.held_usd else ""
    yield f"  quote for {request.amount:f} ({request.side}{held})"
    found = waterfall(price)
    for line in found:
        yield f"  {line}"
    if not found:
        yield "  no side can be priced above zero"


def amount(number: float) -> str:
    """A number with so many digits that count, thousands apart, no exponent unless it is tiny."""
    if number == 0.0 or not math.isfinite(number):
        return "0" if number == 0.0 else "-"
    size = math.floor(math.log10(abs(number)))
    if size < -6:
        return f"{number:.4e}"
    return f"{number:,.{max(2 if size >= 3 else _DIGITS - 1 - size, 0)}f}"
