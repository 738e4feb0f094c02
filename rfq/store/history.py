"""The history of features: rows by the instant at which they were known, as parts on disk that manifests vouch for.

Rows of one market never overlap: for each set of features, schema and market there is one row at most for an instant,
and parts lie one behind the other. So the newest row before an instant is found by halving, and joining has one answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from pricing.units import DAY_NS
from rfq.audit.errors import LogLocked
from rfq.audit.sqlite import WriterLock
from rfq.feeds.said import Market
from rfq.store import folders, manifests
from rfq.store.manifests import Manifest, Part
from rfq.store.parts import KNOWN_AT, Columns, StoreError, connect, digest, read, write


class History:
    """A store's folder. What it holds is what its manifests say; they are read anew after each build."""

    def __init__(self, root: Path) -> None:
        """The store at `root`; a folder that is not there holds nothing."""
        self.root = root
        self.manifests = manifests.load(root)

    def schemas(self, of: str) -> tuple[str, ...]:
        """The schemas of a set that there are rows of, oldest build first."""
        return tuple(dict.fromkeys(one.schema for one in self.manifests if one.of == of))

    def markets(self, of: str, schema: str) -> tuple[Market, ...]:
        """The markets that there are rows of."""
        return tuple(
            sorted(
                {
                    Market(part.venue, part.symbol)
                    for one in self.manifests
                    if one.of == of and one.schema == schema
                    for part in one.parts
                }
            )
        )

    def parts(self, of: str, schema: str, market: Market) -> tuple[Part, ...]:
        """A market's parts in time."""
        found = [
            part
            for one in self.manifests
            if one.of == of and one.schema == schema
            for part in one.parts
            if (part.venue, part.symbol) == market
        ]
        return tuple(sorted(found, key=lambda part: part.from_at))

    def columns(self, of: str, schema: str) -> tuple[str, ...]:
        """The names of a set's columns, as its newest build has them."""
        found = [one.columns for one in self.manifests if one.of == of and one.schema == schema]
        if not found:
            raise StoreError(f"{self.root}: no rows of {of}, schema {schema}")
        return found[-1]

    def rows(
        self, of: str, schema: str, market: Market, names: Sequence[str] = ()
    ) -> dict[str, NDArray[Any]]:
        """All rows of a market, in time."""
        wanted = tuple(names) or self.columns(of, schema)
        with connect() as tables:
            found = [read(tables, self.root / part.path, wanted) for part in self.parts(of, schema, market)]
        if not found:
            raise StoreError(f"{self.root}: no rows of {of}, schema {schema}, for {market.symbol}")
        return {name: np.concatenate([one[name] for one in found]) for name in wanted}

    def add(
        self, plan: Manifest, rows: Iterable[tuple[Market, Columns]], *, replace: bool = False
    ) -> Manifest:
        """Make the parts and then the manifest that `plan` begins; the same build again changes nothing.

        Where there are rows in that span already the build is refused, or takes their builds' places (`replace`).
        """
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            lock = WriterLock(self.root / ".lock")
        except LogLocked:
            raise StoreError(f"{self.root}: another process is building here") from None
        try:
            self.manifests = manifests.load(self.root)
            made = self._build(plan, rows, replace=replace)
            self.manifests = manifests.load(self.root)
            self._tidy(made)
        finally:
            lock.release()
        return made

    def _build(self, plan: Manifest, rows: Iterable[tuple[Market, Columns]], *, replace: bool) -> Manifest:
        number = manifests.recipe_id(plan)
        for one in self.manifests:
            if one.id == number:
                return one
        parts: list[Part] = []
        for market, columns in rows:
            _check(plan, columns)
            parts += [self._keep(plan, number, market, day, some) for day, some in _by_day(columns)]
        over = self._overlapped(plan, parts)
        if over and not replace:
            raise StoreError(
                f"{self.root}: there are rows of {plan.of}, schema {plan.schema}, in this span already, "
                f"of build {', '.join(one.id for one in over)}"
            )
        made = msgspec.structs.replace(
            plan, id=number, parts=tuple(parts), replaces=tuple([one.id for one in over])
        )
        manifests.keep(self.root, made)
        return made

    def _keep(self, plan: Manifest, number: str, market: Market, day: int, columns: Columns) -> Part:
        path = folders.part_name(plan.of, plan.schema, market, day, number)
        write(self.root / path, columns)
        known = columns[KNOWN_AT]
        return Part(
            path=path,
            venue=market.venue,
            symbol=market.symbol,
            rows=len(known),
            from_at=int(known[0]),
            to_at=int(known[-1]),
            digest=digest(columns),
        )

    def _overlapped(self, plan: Manifest, parts: list[Part]) -> list[Manifest]:
        """The builds whose rows lie among these."""
        spans: dict[tuple[str, str], list[Part]] = defaultdict(list)
        for part in parts:
            spans[part.venue, part.symbol].append(part)
        return [
            one
            for one in self.manifests
            if one.of == plan.of
            and one.schema == plan.schema
            and any(
                old.from_at <= new.to_at and new.from_at <= old.to_at
                for old in one.parts
                for new in spans[old.venue, old.symbol]
            )
        ]

    def _tidy(self, made: Manifest) -> None:
        """Take away what no manifest names any more: parts of builds that were replaced or cut off."""
        named = {part.path for one in self.manifests for part in one.parts}
        for path in sorted((self.root / "parts").rglob("*.parquet*")):
            if path.relative_to(self.root).as_posix() not in named:
                path.unlink()
        for number in made.replaces:
            (folders.manifests_of(self.root) / f"{number}.json").unlink(missing_ok=True)

    def verify(self) -> Iterator[str]:
        """What is wrong with the parts, in words; nothing if every one holds what its manifest says."""
        with connect() as tables:
            for manifest in self.manifests:
                for part in manifest.parts:
                    try:
                        found = digest(read(tables, self.root / part.path, manifest.columns))
                    except StoreError as error:
                        yield str(error)
                        continue
                    if found != part.digest:
                        yield f"{self.root / part.path}: holds {found}, the manifest says {part.digest}"


def _check(plan: Manifest, columns: Columns) -> None:
    """Columns as planned, instants that rise."""
    if tuple(columns) != plan.columns:
        raise StoreError(f"{plan.of}: columns {', '.join(columns)} are not those that were planned")
    if not np.all(np.diff(columns[KNOWN_AT]) > 0):
        raise StoreError(f"{plan.of}: the rows' instants do not rise")


def _by_day(columns: Columns) -> Iterator[tuple[int, Mapping[str, NDArray[Any]]]]:
    """The rows of each UTC day."""
    known = columns[KNOWN_AT]
    if not len(known):
        return
    days = known // DAY_NS
    edges = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(known)]
    for start, end in pairwise(edges):
        yield int(days[start]), {name: column[start:end] for name, column in columns.items()}
