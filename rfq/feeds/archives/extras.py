"""What archives have besides books, quotes and trades: tickers, option chains, sizes within some percent of the mid.

An option chain told tick by tick becomes sweeps, one each five minutes, of the last quotes within them: that is what a
surface is fitted to. A sweep is dated by its end, when all of it was known.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rfq.feeds.tables import layout
from rfq.feeds.tables.layout import Extra
from rfq.feeds.tables.reports import Ledger, Rows, Table

if TYPE_CHECKING:
    import duckdb

SWEEP_NS: Final = 300 * 10**9
_SOUND: Final[dict[Extra, dict[str, str]]] = {
    "ticker": {
        "no stamp": "ts_recv_ns > 0",
        "neither mark nor index nor last price": 'greatest(mark, "index", last) is not null'
        ' and not (isnan(mark) and isnan("index") and isnan(last))',
    },
    "chain": {
        "no stamp": '"at" > 0',
        "type: neither call nor put": "\"type\" in ('call', 'put')",
        "strike: not a number above zero": "strike > 0 and isfinite(strike)",
        "expiry: no instant after the quote": 'expiry > "at"',
        "forward: not a number above zero": "forward > 0 and isfinite(forward)",
    },
    "bands": {
        "no stamp": "ts_recv_ns > 0",
        "percentage: not a number": "isfinite(percentage)",
        "depth: not a number from zero on": "depth >= 0 and isfinite(depth)",
    },
}


def write(
    store: "duckdb.DuckDBPyConnection", extra: Extra, prefix: Path, files: list[str]
) -> tuple[list[Table], list[Path]]:
    """One such table: what cannot be right dropped and told, the rest written in the order of receipt."""
    tables: list[Table] = []
    stamp = '"at"' if extra == "chain" else "ts_recv_ns"
    names = list(layout.COLUMNS[extra])
    spelled = ", ".join(f'"{name}"' for name in names)
    with layout.Writing(prefix, extra) as table:
        for (venue,) in store.execute(f"select distinct venue from {extra} order by 1").fetchall():
            of_venue = f"{extra} where venue = ?"
            (read,) = store.execute(f"select count(*) from {of_venue}", [venue]).fetchall()[0]
            ledger = Ledger()
            sound = "true"
            for what, condition in _SOUND[extra].items():
                _note(store, ledger, what, f"{of_venue} and {sound} and not ({condition})", venue, files)
                sound += f" and ({condition})"
            rows = f"select {spelled} from {of_venue} and {sound} order by {stamp}, file_row"
            if extra == "chain":
                rows = _sweeps(f"select * from {of_venue} and {sound}", names)
            columns = _columns(store, rows, venue)
            stamps = columns[stamp.strip('"')]
            if len(stamps):
                table.add(columns)
            kept = int(read) - sum(cause.rows for cause in ledger.causes)
            tables.append(
                Table(
                    kind=extra,
                    venue=str(venue),
                    symbol="",
                    read=int(read),
                    kept=kept,
                    messages=len(stamps),
                    from_at=int(stamps[0]) if len(stamps) else 0,
                    to_at=int(stamps[-1]) if len(stamps) else 0,
                    dropped=ledger.causes,
                )
            )
    return tables, [table.path] if table.rows else []


def _sweeps(rows: str, names: list[str]) -> str:
    """The last row of each option in each five minutes, dated by their end."""
    spelled = ", ".join(f'"{name}"' for name in names if name != "at")
    return (
        f'select ("at" // {SWEEP_NS} + 1) * {SWEEP_NS} as "at", {spelled} from ({rows})'
        f' qualify row_number() over (partition by symbol, "at" // {SWEEP_NS} order by "at" desc, file_row desc) = 1'
        " order by 1, expiry, strike, symbol"
    )


def _note(
    store: "duckdb.DuckDBPyConnection", ledger: Ledger, what: str, where: str, venue: Any, files: list[str]
) -> None:
    found = store.execute(f"select * from {where} limit 1", [venue])
    names = [column[0] for column in found.description or ()]
    first = found.fetchone()
    if first is None:
        return
    (count,) = store.execute(f"select count(*) from {where}", [venue]).fetchall()[0]
    columns = {name: np.array([cell]) for name, cell in zip(names, first, strict=True)}
    row = columns.pop("file_row")
    ledger.note(what, int(count), Rows(columns, row, files).words(0))


def _columns(store: "duckdb.DuckDBPyConnection", rows: str, venue: Any) -> dict[str, Any]:
    return {name: np.ma.getdata(column) for name, column in store.execute(rows, [venue]).fetchnumpy().items()}
