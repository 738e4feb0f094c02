"""`rfq surface`: the volatility surface of an option chain, from a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.options import Json

if TYPE_CHECKING:
    from pricing.surface.fit import Fit
    from rfq.ops.chains import Chains

app = typer.Typer(help="Volatility surfaces: fitted, checked, drawn.", no_args_is_help=True)


@app.callback()
def start() -> None:
    """Volatility surfaces: fitted, checked, drawn."""


@app.command()
def fit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A chain, .parquet or .csv.", show_default=False)
    ],
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="OUT", help="Draw the last surface: .png, .svg or .pdf.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write the last sweep's market, for `rfq price --snapshot`."
        ),
    ] = None,
    underlying: Annotated[
        str, typer.Option("--underlying", metavar="NAME", help="Whose options these are, for --out.")
    ] = "BTC",
    index: Annotated[
        float | None,
        typer.Option(
            "--index",
            metavar="USD",
            min=1e-12,
            max=1e15,
            help="The index, for --out [default: nearest forward].",
        ),
    ] = None,
    held_out: Annotated[
        bool,
        typer.Option("--held-out", help="Fit again without every fourth strike, and say how these are met."),
    ] = False,
    json: Json = False,
) -> None:
    """Fit a surface to each sweep of a chain.

    Columns: expiry, strike, type, bid, ask, forward, at (or a Deribit capture's); prices in coin. A surface with
    arbitrage is not used: the command ends with code 1 when the last sweep has none, and says why.
    """
    from rfq.cli.progress import counting
    from rfq.ops.chains import ChainError, read

    if not underlying.strip():
        raise Ended(Exit.USAGE, "--underlying: empty.")
    try:
        chains = read(file)
    except ChainError as error:
        raise Ended(Exit.DEPENDENCY if error.is_lacking else Exit.USAGE, f"{error}.") from None
    with counting(file.name, len(chains.sweeps), "sweeps", quiet=json) as tell:
        fits, held = _fits(chains, held_out=held_out, tell=tell)
    last = fits[-1]
    if json:
        printer.give(_tree(file, chains, fits, held))
    else:
        _show(chains, fits, held)
    if last.surface is None:
        raise Ended(Exit.FAILURE, "The last sweep has no surface that may be used:", *last.reasons[:20])
    if out is not None:
        from rfq.cli.surface_market import snapshot_of, write

        write(snapshot_of(last, last.surface, chains.sweeps[-1], underlying, index), out)
        if not json:
            printer.say(f"Market written to {out}: rfq price INSTRUMENT --snapshot {out}")
    if plot is not None:
        from rfq.cli.surface_plot import draw

        draw(last, plot)
        if not json:
            printer.say(f"Drawn to {plot}.")


def _fits(chains: "Chains", *, held_out: bool, tell: Any) -> tuple[list["Fit"], list[Any]]:
    """Every sweep, each from the one before; and how strikes were met that it had not seen."""
    from pricing.surface import fit as fitting
    from pricing.surface.held_out import Seen, held_out_of
    from pricing.surface.quotes import clean

    fits: list[Fit] = []
    held: list[Seen] = []
    for done, sweep in enumerate(chains.sweeps, 1):
        cleaned = clean(sweep)
        fits.append(fitting.fit(cleaned, fits[-1] if fits else None))
        if held_out:
            held += held_out_of(cleaned)
        tell(done)
    return fits, held


def _tree(file: Path, chains: "Chains", fits: list["Fit"], held: list[Any]) -> dict[str, Any]:
    """The answer for programs."""
    import msgspec

    last = fits[-1]
    return {
        "file": str(file),
        "clock_ahead_s": chains.clock_ahead_s,
        "rows_unread": chains.unread,
        "sweeps": [_sweep(one) for one in fits],
        "held_out": _met(held),
        "surface": None if last.surface is None else msgspec.to_builtins(last.surface),
        "smiles": [msgspec.to_builtins(one) for one in last.smiles],
        "dropped": _counted(last),
        "reasons": list(last.reasons),
    }


def _sweep(one: "Fit") -> dict[str, Any]:
    two = sum(smile.two_sided for smile in one.smiles)
    return {
        "at": one.at,
        "is_used": one.surface is not None,
        "two_sided": two,
        "one_sided": sum(smile.one_sided for smile in one.smiles),
        "inside": sum(smile.inside * smile.two_sided for smile in one.smiles) / two if two else None,
        "reasons": list(one.reasons),
    }


def _counted(one: "Fit") -> dict[str, int]:
    """How often each reason left something out."""
    counts: dict[str, int] = {}
    for dropped in one.dropped:
        words = f"{dropped.part}: {dropped.reason}"
        counts[words] = counts.get(words, 0) + 1
    return counts


def _met(held: list[Any]) -> list[dict[str, Any]]:
    """Held-out strikes by time to expiry."""
    from pricing.surface.held_out import met

    return [
        {"days": one.days, "quotes": one.quotes, "inside": one.inside, "distance_vol_points": one.distance}
        for one in met(held)
    ]


def _show(chains: "Chains", fits: list["Fit"], held: list[Any]) -> None:
    from rfq.audit.export import instant_text

    if chains.clock_ahead_s:
        printer.show(f"The file's clock is {chains.clock_ahead_s} s ahead of its own vols; set back.")
    used = [one for one in fits if one.surface is not None]
    printer.show(f"{len(fits)} sweeps, {len(used)} with a surface that may be used.")
    last = fits[-1]
    printer.show(f"The last, {instant_text(last.at)}:")
    rows = [["expiry", "two-sided", "one-sided", "inside", "median distance, vol points"]]
    for one in last.smiles:
        rows.append(
            [
                instant_text(one.expiry_at),
                str(one.two_sided),
                str(one.one_sided),
                f"{one.inside:.1%}",
                f"{one.distance_vol_points:.2f}",
            ]
        )
    for line in printer.table(rows, right=(1, 2, 3, 4), indent=2):
        printer.show(line)
    for words, count in _counted(last).items():
        printer.show(f"  left out, {words}: {count}")
    for met in _met(held):
        printer.show(
            f"  held out, {met['days']}: {met['quotes']} strikes, {met['inside']:.1%} inside, "
            f"median {met['distance_vol_points']:.2f} vol points from mid"
        )
