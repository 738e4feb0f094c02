"""`rfq market stats`: what a capture says of its markets, with intervals. Definitions: docs/MARKET_STATS.md."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.options import Contract, Json, Multiplier, Symbol, one_sizing

if TYPE_CHECKING:
    from rfq.markets.figures import Figure
    from rfq.markets.statistics import MarketStats


def stats(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A capture: a folder, a prefix, one of its files; or an archive.",
            show_default=False,
        ),
    ],
    symbol: Symbol = None,
    venue: Annotated[str, typer.Option("--venue", metavar="NAME", help="Only this venue's markets.")] = "",
    clock: Annotated[
        str, typer.Option("--clock", metavar="WHICH", help="auto, exchange or receive.")
    ] = "auto",
    contract_usd: Contract = None,
    multiplier: Multiplier = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="OUT", help="Draw them: .png, .svg or .pdf.")
    ] = None,
    json: Json = False,
) -> None:
    """Statistics of a capture's markets: spread, depth, volatility, flow, impact.

    Each figure has a 95 % interval from resampled blocks of time. What cannot be computed says why.
    """
    one_sizing(contract_usd, multiplier)
    if plot is not None:
        from rfq.cli.market_plot import check

        check(plot)
    found = _found(
        path,
        quiet=json,
        symbols=tuple(symbol or ()),
        venue=venue,
        clock=clock,
        contract_usd=contract_usd,
        multiplier=multiplier,
    )
    if json:
        import msgspec

        printer.give({"path": str(path), "markets": [msgspec.to_builtins(one) for one in found]})
    else:
        for number, one in enumerate(found):
            if number:
                printer.show()
            for line in lines_of(one):
                printer.show(line)
    if plot is not None:
        from rfq.cli.market_plot import draw

        draw(found, plot)
        if not json:
            printer.say(f"Drawn to {plot}.")


def _found(path: Path, *, quiet: bool, clock: str, venue: str, **asked: Any) -> "Sequence[MarketStats]":
    """The statistics, or how the command ends without."""
    from rfq.feeds.tables.layout import TablesError
    from rfq.markets.statistics import CLOCKS, Asked, stats_of

    if clock not in CLOCKS:
        raise Ended(Exit.USAGE, f"--clock: {clock} is none of {', '.join(CLOCKS)}.")

    tenths: dict[tuple[str, int], int] = {}

    def tell(what: str, done: int, total: int) -> None:
        tenth = 10 * done // max(total, 1)
        if not quiet and not total:
            printer.say(what)
        elif not quiet and total > 1 and tenth > tenths.get((what, total), 0):
            tenths[what, total] = tenth
            printer.say(f"{path.name}: {done} of {total} {what}")

    try:
        found = stats_of(path, Asked(clock=clock, venue=venue, **asked), tell)
    except TablesError as error:
        raise Ended(Exit.DEPENDENCY if error.is_lacking else Exit.USAGE, f"{error}.") from None
    if not found:
        raise Ended(Exit.USAGE, f"{path}: no market of venue {venue}." if venue else f"{path}: no rows.")
    return found


def lines_of(one: "MarketStats") -> Iterable[str]:
    """The statistics of one market for people."""
    from rfq.audit.export import instant_text

    yield f"{one.symbol} at {one.venue or 'an unnamed venue'}, {one.span_s:.0f} s from {instant_text(one.from_at)}"
    yield f"  Clock: {one.clock.name} ({one.clock.why}). Sizes: {one.sizes}. Touch from {one.touch_from}."
    yield from _counted(one)
    yield from (f"  Note: {word}." for word in one.words)
    spread = one.spread
    yield from _rows(
        "Spread and touch",
        ["", "figure", ""],
        [
            ["time-weighted spread, bps", spread.time_weighted_bps],
            ["median spread by time, bps", spread.median_by_time_bps],
            ["median worth at the touch, USD", spread.touch_usd],
            ["takers pay against the mid, bps", one.paid.equal_bps],
            ["the same by worth, bps", one.paid.volume_bps],
        ],
    )
    yield from _rows(
        "Volatility", ["every", "bps by √s"], [[f"{s.every_s:g} s", s.sigma_bps] for s in one.sigma]
    )
    yield from _rows(
        "Depth of a side, median", ["within", "USD"], [[f"{d.within_bps:g} bps", d.usd] for d in one.depth]
    )
    yield from _rows(
        "Walking the book, mean of both sides",
        ["USD", "bps against the mid"],
        [[f"{w.usd:,.0f}", w.cost_bps] for w in one.walk],
    )
    yield from _rows(
        "Signs of orders",
        ["lag", "autocorrelation"],
        [*([str(s.lag), s.autocorrelation] for s in one.signs), ["decays with γ", one.signs_decay]],
    )
    yield from _rows(
        "Order-flow imbalance and the return",
        ["window", "R²", "R², all starts", "slope, bps by 1M USD", "R² of the next"],
        [[f"{o.window_s:g} s", o.r2, o.r2_all_starts, o.slope_bps_per_1m_usd, o.r2_next] for o in one.ofi],
    )
    yield from _rows(
        "Markouts on the taker's side, bps",
        ["after", "each order alike", "by worth"],
        [[f"{m.after_s:g} s", m.equal_bps, m.volume_bps] for m in one.markouts],
    )
    for title, laws in (
        ("Impact of single orders", one.impact_orders),
        ("Impact of signed flow", one.impact_flow),
    ):
        yield from _rows(
            title,
            ["over", "exponent", "bps at 1M USD"],
            [[f"{i.over_s:g} s", i.law.exponent, i.law.bps_at_1m_usd] for i in laws],
        )


def _counted(one: "MarketStats") -> Iterable[str]:
    counts = one.counts
    told = [
        f"{counts.book_messages:,} book messages ({counts.book_rows:,} levels)",
        f"{counts.quotes:,} best quotes",
        f"{counts.trades:,} trades in {counts.orders:,} orders worth {counts.traded_usd:,.0f} USD",
    ]
    yield f"  {'; '.join(told)}."
    yield (
        f"  Quotes crossed {counts.quotes_crossed}, locked {counts.quotes_locked}, "
        f"one-sided {counts.quotes_one_sided}; holes in the recording {counts.holes} ({counts.holes_s:.0f} s)."
    )
    if (order := one.sequence) is not None:
        gaps = "cannot be seen" if order.gaps is None else str(order.gaps)
        yield (
            f"  Book: {order.snapshots} snapshots, {order.changes} changes; gaps {gaps} ({order.rule}); numbers back "
            f"{order.back}; crossed {order.crossed}; one-sided {order.one_sided}."
        )
        agrees = one.book_agrees
        if agrees.value is not None:
            yield f"  The book's touch is the best quote after {agrees.value:.2%} of {agrees.n:,} messages."
        elif counts.quotes:
            yield f"  Book and best quotes cannot be compared: {agrees.why}."
    for table in counts.tables:
        for cause in table.dropped:
            yield f"  Left out of {table.kind}: {cause.rows} rows, {cause.what} ({cause.example})."
        for cause in table.noticed:
            yield f"  Odd in {table.kind}, but kept: {cause.rows} rows, {cause.what} ({cause.example})."
        if table.clocks is not None and table.clocks.words:
            yield f"  Clocks of {table.kind}: {table.clocks.words}."


def _rows(title: str, header: list[str], rows: Sequence[Sequence[Any]]) -> Iterable[str]:
    """A table; rows that share one reason or remark share one line for it."""
    yield f"  {title}"
    reasons: dict[str, list[str]] = {}
    shown = [header]
    for row in rows:
        for why in dict.fromkeys(one.why for one in row[1:] if one.why):
            reasons.setdefault(why, []).append(row[0])
        if any(one.value is not None for one in row[1:]):
            shown.append([row[0], *(_text(one) for one in row[1:])])
    if len(shown) > 1:
        width = max(len(row) for row in shown)
        filled = [[*row, *[""] * (width - len(row))] for row in shown]
        yield from printer.table(filled, right=tuple(range(1, width)), indent=4)
    for why, names in reasons.items():
        yield f"    {'all' if len(names) == len(rows) > 1 else ', '.join(names)}: {why}"


def _text(figure: "Figure") -> str:
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return _number(figure.value)
    return f"{_number(figure.value)} [{_number(figure.low)}, {_number(figure.high)}]"


def _number(value: float) -> str:
    return (
        f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}" if abs(value) >= 1e-4 else f"{value:.4f}"
    )
