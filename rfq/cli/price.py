"""`rfq price`: what an instrument or a structure is worth, with all greeks, and what the desk would quote for it."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfq.cli import printer
from rfq.cli.options import Config, Json, settings_of

if TYPE_CHECKING:
    from rfq.cli.priced import Priced, Request

Word = typer.Option
What = Annotated[
    str,
    typer.Argument(
        metavar="INSTRUMENT-or-JSON",
        help='A name (BTC-27DEC24-65000-C), or JSON: an instrument, legs [{"instrument": ..., "ratio": 1}], FIX tags.',
    ),
]
Snapshot = Annotated[Path | None, Word("--snapshot", metavar="FILE", help="Price in this market snapshot.")]
Forward = Annotated[
    float | None, Word("--forward", metavar="F", help="Or in a flat market: quote currency per coin.")
]
Vol = Annotated[float | None, Word("--vol", metavar="V", help="Its volatility, a decimal a year: 0.6.")]
Years = Annotated[
    float | None, Word("--years", metavar="T", help="Years to the nearest expiry [default: from now].")
]
Index = Annotated[float | None, Word("--index", metavar="S", help="Its index [default: the forward].")]
At = Annotated[str, Word("--at", metavar="TIME", help="When [default: the snapshot's time, or now].")]
Venue = Annotated[str, Word("--venue", help="Whose names: deribit, okx, bybit, binance.")]
Spot = Annotated[bool, Word("--spot", help="A pair's name means spot (Bybit, Binance).")]
Currency = Annotated[str, Word("--currency", help="Value in this currency [default: the first leg's].")]
Quote = Annotated[bool, Word("--quote", help="Also what the desk would quote, step by step.")]
Amount = Annotated[
    str, Word("--amount", metavar="N", help="For how many units [default: 1, or the next size in lots].")
]
Side = Annotated[str, Word("--side", help="The taker's: buy, sell, two-way.")]
Held = Annotated[float, Word("--held-usd", metavar="X", help="USD of net delta that we hold already.")]


def price(
    what: What,
    snapshot: Snapshot = None,
    forward: Forward = None,
    vol: Vol = None,
    years: Years = None,
    index: Index = None,
    at: At = "",
    venue: Venue = "deribit",
    spot: Spot = False,
    currency: Currency = "",
    quote: Quote = False,
    amount: Amount = "",
    side: Side = "two-way",
    held_usd: Held = 0.0,
    config: Config = None,
    json: Json = False,
) -> None:
    """Value an instrument or a structure, with all its greeks.

    In a market snapshot, or in a flat market of one forward and one volatility without rates. --quote adds the price
    that the desk would give under its policy, with the baseline's estimates, for a party that it does not know.
    """
    from rfq.cli.price_market import Flat, scene
    from rfq.cli.price_table import lines
    from rfq.cli.priced import Request, amount_of, work_out
    from rfq.cli.wanted import read, refuse

    wanted = read(what, venue, spot)
    priced = work_out(scene(wanted, snapshot, Flat(forward, vol, years, index), at), currency)
    request = Request(amount_of(wanted, amount), side, held_usd) if quote else None
    if request is None:
        for name, told, usual in (
            ("amount", amount, ""),
            ("side", side, "two-way"),
            ("held-usd", held_usd, 0.0),
        ):
            if told != usual:
                raise refuse(f"--{name}", "counts for a quote only; add --quote")
    answer = answer_of(priced)
    quoted = None
    if request is not None:
        quoted, answer["quote"] = _quoted(priced, request, config)
    if json:
        printer.give(_finite(answer))
        return
    for line in lines(priced, request, quoted):
        printer.show(line)


def answer_of(priced: "Priced") -> dict[str, Any]:
    """Everything as JSON: names carry units, numbers are as worked out."""
    from rfq.audit.export import instant_text

    valuation, said = priced.valuation, priced.said
    answer: dict[str, Any] = {
        "name": said.name,
        "kind": said.kind,
        "words": said.words,
        "at": instant_text(priced.scene.now),
        "underlying": valuation.underlying,
        "index_usd": priced.index_usd,
        "fair": valuation.fair,
        "currency": valuation.currency,
        "fair_usd": valuation.fair * priced.unit_usd,
        "fair_coin": valuation.fair * priced.unit_usd / priced.index_usd,
    }
    for name in valuation.__struct_fields__:
        if name not in ("fair", "currency", "underlying", "legs", "buckets"):
            answer[name] = getattr(valuation, name)
    answer |= priced.greeks or priced.deltas_coin
    answer["legs"] = [
        {
            "instrument": leg.worth.instrument,
            "ratio": leg.worth.ratio,
            "hedge": leg.worth.hedge,
            "fair": leg.worth.fair,
            "currency": leg.worth.currency,
            "forward": leg.worth.forward,
            "vol": leg.worth.vol,
            "years": leg.years,
            **(leg.greeks or leg.held),
        }
        for leg in priced.legs
    ]
    answer["buckets"] = [
        {name: getattr(bucket, name) for name in bucket.__struct_fields__} for bucket in valuation.buckets
    ]
    return answer


def _quoted(priced: "Priced", request: "Request", config: Path | None) -> tuple[Any, dict[str, Any]]:
    """The price, and all of it as JSON."""
    from rfq.cli.priced import quote_of

    price, told = quote_of(priced, request, settings_of(config).policy)
    sides = {
        name: {
            "price": str(wire),
            "lines": [{"name": one.name, "amount": str(one.amount), "unit": one.unit} for one in steps],
        }
        for name, wire, steps in (
            ("bid", price.bid, price.bid_lines),
            ("offer", price.offer, price.offer_lines),
        )
        if wire is not None
    }
    asked = {"amount": str(request.amount), "side": request.side, "held_usd": request.held_usd}
    return price, {**asked, **told, "fair": str(price.fair), **sides}


def _finite(tree: Any) -> Any:
    """JSON knows no infinity: what is none, or not a number, is null."""
    if isinstance(tree, dict):
        return {key: _finite(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_finite(value) for value in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree
