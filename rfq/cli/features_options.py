"""The options that the commands of `rfq features` share, and what they come to."""

from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

SIM: Final = "sim"
"""Stands for the simulated market, where a path is asked for."""

Store = Annotated[
    Path | None, typer.Option("--store", metavar="DIR", help="A feature store's folder, to tell of it too.")
]
Minutes = Annotated[
    float, typer.Option("--minutes", metavar="M", min=0.1, max=10_000, help="Of `sim`: simulated minutes.")
]
SimSeed = Annotated[
    int, typer.Option("--seed", metavar="S", min=0, help="Of `sim`: which world; and of chance.")
]
Out = Annotated[
    Path,
    typer.Option(
        "--out", metavar="PATH", help="The store's folder; for a list of requests, a .parquet file."
    ),
]
EveryMs = Annotated[
    int, typer.Option("--every-ms", metavar="MS", min=1, max=86_400_000, help="A row at each multiple.")
]
Rfqs = Annotated[
    Path | None,
    typer.Option("--rfqs", metavar="FILE", help="Rows for these: .csv or .parquet with `at` and `symbol`."),
]
OfLog = Annotated[Path | None, typer.Option("--log", metavar="FILE", help="Rows for the requests of a log.")]
AgeMaxMs = Annotated[
    int, typer.Option("--age-max-ms", metavar="MS", min=0, help="Of a store's rows that are joined.")
]
Replace = Annotated[
    bool, typer.Option("--replace", help="Take the place of builds that have rows in the same span.")
]

ObservationsFile = Annotated[
    Path | None,
    typer.Option(
        "--observations", metavar="FILE", help="News, chains, releases, with the instants of their receipt."
    ),
]


class Options(NamedTuple):
    """What the commands that read an input share."""

    symbols: tuple[str, ...] = ()
    contract_usd: float | None = None
    multiplier: float | None = None
    minutes: float = 10.0
    seed: int = 1
    observations: Path | None = None
