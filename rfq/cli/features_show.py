"""How `rfq features` tells what it found: as trees for programs, as tables for people."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rfq.cli import printer

if TYPE_CHECKING:
    from rfq.store.definitions import Definition
    from rfq.store.manifests import Manifest
    from rfq.store.parity import Parity

_STEP: Final = 10_000
_QUANTILES: Final = (0.01, 0.25, 0.5, 0.75, 0.99)


def teller(what: str, *, quiet: bool) -> Callable[[int], None]:
    """Says now and then how many are done, where nobody knows of how many."""

    def tell(count: int) -> None:
        if not quiet and not count % _STEP:
            printer.say(f"{what}: {count}")

    return tell


# --- list -----------------------------------------------------------------------------------------------------------


def held(store: Path) -> dict[str, Any]:
    """What a store holds; Ended if there is none."""
    from rfq.cli.exits import Ended, Exit
    from rfq.cli.features_make import is_store
    from rfq.store.definitions import SETS, version_of
    from rfq.store.folders import online_of
    from rfq.store.history import History
    from rfq.store.online import read_online

    if not is_store(store) and not online_of(store).is_file():
        raise Ended(Exit.USAGE, f"--store: {store} is no feature store.")
    history = History(store)
    found = []
    for of in SETS:
        for schema in history.schemas(of):
            for market in history.markets(of, schema):
                parts = history.parts(of, schema, market)
                found.append(
                    {
                        "set": of,
                        "schema": schema,
                        "version": version_of(schema),
                        "venue": market.venue,
                        "symbol": market.symbol,
                        "rows": sum(part.rows for part in parts),
                        "parts": len(parts),
                        "from_at": parts[0].from_at,
                        "to_at": parts[-1].to_at,
                    }
                )
    online = [
        {
            "venue": one.market.venue,
            "symbol": one.market.symbol,
            "schema": one.schema,
            "version": version_of(one.schema),
            "known_at": one.known_at,
        }
        for one in read_online(online_of(store))
    ]
    return {"histories": found, "builds": [_build(one) for one in history.manifests], "online": online}


def used(log: Path) -> list[dict[str, Any]]:
    """Which model used which version."""
    import msgspec

    from rfq.cli.options import open_log
    from rfq.store.lineage import uses_of

    with open_log(log) as found:
        return [msgspec.to_builtins(use) for use in uses_of(found)]


def listing(
    present: "Sequence[Definition]", store: dict[str, Any] | None, lineage: list[dict[str, Any]] | None
) -> dict[str, Any]:
    """The answer for programs."""
    import msgspec

    from rfq.store.definitions import SETS, schema_of, version_of

    tree: dict[str, Any] = {
        "sets": [{"set": of, "schema": schema_of(of), "version": version_of(schema_of(of))} for of in SETS],
        "features": [msgspec.to_builtins(one) for one in present],
    }
    if store is not None:
        tree["store"] = store
    if lineage is not None:
        tree["lineage"] = lineage
    return tree


def show_listing(
    present: "Sequence[Definition]", store: dict[str, Any] | None, lineage: list[dict[str, Any]] | None
) -> None:
    """The answer for people."""
    rows = [["feature", "unit", "horizon", "when missing", "group", "hash"]]
    rows += [
        [one.name, one.unit, one.horizon, f"{one.when_missing:g}", one.group, one.hash] for one in present
    ]
    for line in printer.table(rows, right=(3,)):
        printer.show(line)
    printer.show(f"{len(present)} features, version {present[0].version}, schema {present[0].schema}.")
    if store is not None:
        printer.show()
        rows = [["set", "schema", "market", "rows", "from", "to"]]
        for one in store["histories"]:
            market = f"{one['venue']} {one['symbol']}".strip()
            span = [_instant(one["from_at"]), _instant(one["to_at"])]
            rows.append([one["set"], one["schema"], market, str(one["rows"]), *span])
        for line in printer.table(rows, right=(3,)):
            printer.show(line)
        printer.show(f"{len(store['builds'])} builds; {len(store['online'])} rows in the online table.")
    if lineage is not None:
        printer.show()
        rows = [["model", "schema", "version", "rows", "answers", "records", "until"]]
        for use in lineage:
            version = "unknown" if use["version"] is None else str(use["version"])
            span = [f"{use['from_number']}-{use['to_number']}", _instant(use["to_at"])]
            rows.append([use["model"] or "(no answer)", use["schema"], version, str(use["rows"])])
            rows[-1] += [str(use["answers"]), *span]
        for line in printer.table(rows, right=(2, 3, 4)):
            printer.show(line)


# --- describe -------------------------------------------------------------------------------------------------------


def distributed(store: Path, name: str) -> list[dict[str, Any]]:
    """How a feature's history is distributed, market by market."""
    import numpy as np

    from rfq.store.definitions import SETS
    from rfq.store.history import History

    history = History(store)
    found = []
    for of in SETS:
        for schema in history.schemas(of):
            if name not in history.columns(of, schema):
                continue
            for market in history.markets(of, schema):
                column = history.rows(of, schema, market, (name,))[name]
                known = column[np.isfinite(column)]
                row: dict[str, Any] = {"set": of, "schema": schema, "venue": market.venue}
                row |= {"symbol": market.symbol, "rows": len(column), "known": len(known)}
                if len(known):
                    row |= {"mean": float(known.mean()), "sd": float(known.std())}
                    row |= {"least": float(known.min()), "most": float(known.max())}
                    marks = np.quantile(known, _QUANTILES).tolist()
                    row |= {
                        f"q{100 * part:02.0f}": mark for part, mark in zip(_QUANTILES, marks, strict=True)
                    }
                found.append(row)
    return found


def description(found: "Sequence[Definition]", history: list[dict[str, Any]] | None) -> dict[str, Any]:
    """The answer for programs."""
    import msgspec

    tree: dict[str, Any] = {"definitions": [msgspec.to_builtins(one) for one in found]}
    return tree if history is None else tree | {"history": history}


def show_description(found: "Sequence[Definition]", history: list[dict[str, Any]] | None) -> None:
    """The answer for people."""
    from rfq.store.definitions import INSTANT

    for one in found:
        printer.show(f"{one.name}, version {one.version}, of the {one.set} set ({one.hash})")
        if one.words:
            printer.show(f"  {one.words}")
        horizon = ", at its instant" if one.horizon == INSTANT else f", over {one.horizon}"
        printer.show(f"  {one.unit}{horizon}; {one.when_missing:g} when it cannot be computed")
    for row in history or ():
        market = f"{row['venue']} {row['symbol']}".strip()
        printer.show(f"{market}: {row['rows']} rows, {row['known']} known")
        if row["known"]:
            printer.show(f"  mean {row['mean']:.6g}, standard deviation {row['sd']:.6g}")
            marks = ", ".join(f"{100 * part:g} %: {row[f'q{100 * part:02.0f}']:.6g}" for part in _QUANTILES)
            printer.show(f"  {marks}")


# --- build ----------------------------------------------------------------------------------------------------------


def built(store: Path, made: "Sequence[Manifest]") -> dict[str, Any]:
    """What was built, for programs."""
    return {"out": str(store), "builds": [_build(one) for one in made]}


def show_built(answer: dict[str, Any]) -> None:
    """The same for people."""
    if "builds" not in answer:
        printer.show(f"{answer['found']} of {answer['requests']} requests have a row: {answer['out']}")
        if answer["without_market_or_instant"]:
            printer.show(
                f"  {answer['without_market_or_instant']} name no market, or no instant, that is known"
            )
        return
    for one in answer["builds"]:
        printer.show(f"Build {one['id']}: {one['rows']} rows of {one['set']}, schema {one['schema']}")
        for part in one["parts"]:
            market = f"{part['venue']} {part['symbol']}".strip()
            printer.show(f"  {market}: {part['rows']} rows until {_instant(part['to_at'])}")
        for what, word in one["recipe"].items():
            if what.startswith("size "):
                printer.show(f"  sizes of {what.removeprefix('size ')}: {word}")
        for what, count in one["faults"].items():
            printer.show(f"  {what}: {count}")


def _build(one: "Manifest") -> dict[str, Any]:
    import msgspec

    tree: dict[str, Any] = msgspec.to_builtins(one)
    tree["set"] = tree.pop("of")
    return tree | {"rows": one.rows}


# --- check-parity ---------------------------------------------------------------------------------------------------


def parity(found: "Parity") -> dict[str, Any]:
    """The answer for programs; what is unknown is null."""
    import msgspec

    tree: dict[str, Any] = msgspec.to_builtins(found)
    for one in tree["differences"]:
        for way in ("online", "offline"):
            if not math.isfinite(one[way]):
                one[way] = None
    return {"equal": found.is_equal} | tree


def show_parity(found: "Parity") -> None:
    """The same for people."""
    printer.show(f"{found.messages} messages of {', '.join(found.markets)} ({'; '.join(found.words)})")
    printer.show(
        f"{found.rows} rows and {found.answered} answers compared, {found.numbers} numbers, bit for bit;"
    )
    printer.show(f"{found.known:.1%} of them could be computed. {found.differing} differ.")
    for one in found.differences:
        market = f"{one.venue} {one.symbol}".strip()
        printer.show(
            f"  {one.where} {market} {_instant(one.at)} {one.column}: {one.online!r}, {one.offline!r}"
        )


def _instant(at: int) -> str:
    from rfq.audit.export import instant_text

    return instant_text(at)
