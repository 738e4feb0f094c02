"""Option chains from files: rows of quotes, cut into sweeps, with the clock they were stamped by set right.

CSV is read with what Python brings; Parquet needs DuckDB (extra `tables`). Columns go by name: those of a Deribit
capture, or plainly `expiry, strike, type, bid, ask, forward, at` with `bid_vol` and `ask_vol` (percent) if they are
known. Prices are in coin. Where vols are known, they tell what time it was: a price and its vol leave one time to
expiry, so a collector's local clock shows itself, and is moved by whole quarters of an hour.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from pricing.surface.quotes import OptionQuote
from pricing.surface.stdevs import implied_stdev, out_of_the_money
from pricing.units import NS_PER_S, YEAR_NS

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "expiry": ("expiry", "Expiry_Date"),
    "strike": ("strike", "Strike_Price"),
    "type": ("type", "Option_Type"),
    "bid": ("bid", "best_bid_price"),
    "ask": ("ask", "best_ask_price"),
    "forward": ("forward", "Coin_Price"),
    "at": ("at", "timestamp"),
}
_VOLS: Final[Mapping[str, tuple[str, ...]]] = {
    "bid_vol": ("bid_vol", "bid_iv"),
    "ask_vol": ("ask_vol", "ask_iv"),
}
_SETTLES_H: Final = 8
_GAP_S: Final = 30
"""A pause this long begins another sweep."""
_QUARTER_S: Final = 900
_CLOCK_ROWS: Final = 2_000
_CLOCK_DAYS_MAX: Final = 40
_CLOCK_SLACK_S: Final = 240
_CLOCK_AGREED: Final = 0.5
"""So many of the quotes must agree with the clock that is found."""
_ZONES_S_MAX: Final = 14 * 3_600
"""No local time is further from UTC."""
_LATEST_NS: Final = 2**62
"""Past 2116 there are no instants."""
_UNITS_NS: Final = ((10**17, 1), (10**14, 10**3), (10**11, 10**6), (0, NS_PER_S))


class ChainError(Exception):
    """A file that holds no chain; `is_lacking` when only something to read it with is not installed."""

    def __init__(self, words: str, *, is_lacking: bool = False) -> None:
        super().__init__(words)
        self.is_lacking = is_lacking


class Chains(NamedTuple):
    """The sweeps of a file in time, how far ahead its clock was, and how many rows could not be read."""

    sweeps: tuple[tuple[OptionQuote, ...], ...]
    clock_ahead_s: int
    unread: int


def read(path: Path) -> Chains:
    """Every sweep of a .csv or .parquet file; ChainError says why there is none."""
    rows = list(_quotes(_rows(path), path))
    quotes = [row for row in rows if row is not None]
    if not quotes:
        raise ChainError(f"{path} holds no row that can be read")
    ahead_s = _clock_ahead_s([one for one in quotes if 0.0 < one[1] < math.inf])
    chain = [_set_back(quote, ahead_s) for quote, _ in quotes]
    return Chains(tuple(_sweeps(chain)), ahead_s, len(rows) - len(quotes))


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """Rows by column name."""
    if path.suffix == ".csv":
        try:
            with path.open(newline="", encoding="utf-8-sig") as lines:
                head = lines.readline()
                lines.seek(0)
                delimiter = max(",;\t", key=head.count)
                yield from csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True)
        except (UnicodeDecodeError, csv.Error) as error:
            raise ChainError(f"{path} is no CSV file in UTF-8: {error}") from None
    elif path.suffix == ".parquet":
        yield from _parquet(path)
    else:
        raise ChainError(f"{path} is neither .csv nor .parquet")


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        import duckdb
    except ImportError:
        raise ChainError(
            "Parquet needs DuckDB, which is not installed: pip install 'rfq-desk[tables]'", is_lacking=True
        ) from None
    with path.open("rb"):
        pass  # an OSError says what is wrong with a path better than DuckDB
    try:
        with duckdb.connect() as tables:
            table = tables.execute("select * from read_parquet(?)", [str(path)])
            names = [column[0] for column in table.description or ()]
            for row in table.fetchall():
                yield dict(zip(names, row, strict=True))
    except duckdb.Error as error:
        raise ChainError(f"{path} is no Parquet file: {str(error).splitlines()[0]}") from None


def _quotes(rows: Iterable[Mapping[str, Any]], path: Path) -> Iterator[tuple[OptionQuote, float] | None]:
    """Each row as a quote with the vol of its ask (or bid) in decimals, 0 if unknown; None where it is no quote."""
    names: dict[str, str] = {}
    for row in rows:
        if not names:
            names = _names(row, path)
        try:
            quote = OptionQuote(
                expiry_at=_instant(row[names["expiry"]], is_expiry=True),
                strike=float(row[names["strike"]]),
                is_call=_is_call(str(row[names["type"]])),
                bid=float(row[names["bid"]] or 0.0),
                ask=float(row[names["ask"]] or 0.0),
                forward=float(row[names["forward"]]),
                at=_instant(row[names["at"]]),
            )
            vol = float(row[names["ask_vol"]] or 0.0) / 100.0 if "ask_vol" in names else 0.0
        except (ValueError, TypeError):
            yield None
            continue
        yield quote, vol


def _names(row: Mapping[str, Any], path: Path) -> dict[str, str]:
    """What each column is called here."""
    names = {
        field: name for field, known in (*COLUMNS.items(), *_VOLS.items()) for name in known if name in row
    }
    missing = [field for field in COLUMNS if field not in names]
    if missing:
        raise ChainError(f"{path} has no column {', '.join(' or '.join(COLUMNS[one]) for one in missing)}")
    return names


def _is_call(text: str) -> bool:
    first = text.strip().upper()[:1]
    if first not in ("C", "P"):
        raise ValueError(f"type: {text} is neither call nor put")
    return first == "C"


def _instant(value: Any, *, is_expiry: bool = False) -> int:
    """UTC ns of a date, a time or a number of s, ms, µs or ns; an expiry that is a date is at 08:00."""
    if not isinstance(value, datetime):
        text = str(value).strip()
        if text.replace(".", "", 1).isdecimal():
            number = Decimal(text)
            return _sane(int(number * next(unit for least, unit in _UNITS_NS if number >= least)))
        value = datetime.fromisoformat(text)
        if is_expiry and len(text) == len("2024-09-06"):
            value = value.replace(hour=_SETTLES_H)
    at = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    seconds: float = at.timestamp()
    return _sane(round(seconds * 1_000) * (NS_PER_S // 1_000))


def _sane(at: int) -> int:
    if not 0 <= at <= _LATEST_NS:
        raise ValueError(f"at: {at} is no instant")
    return at


def _clock_ahead_s(quotes: list[tuple[OptionQuote, float]]) -> int:
    """How far the stamps are ahead of the time that asks and their vols agree on, in quarters of an hour; else 0."""
    day_ns = 86_400 * NS_PER_S
    near = [
        (one, vol)
        for one, vol in islice(quotes, _CLOCK_ROWS)
        if one.ask > 0.0
        and abs(one.expiry_at - one.at) < _CLOCK_DAYS_MAX * day_ns
        and one.strike > 0.0
        and one.forward > 0.0
    ]
    found = []
    for one, vol in near:
        k = math.log(one.strike / one.forward)
        stdev = implied_stdev(out_of_the_money(one.ask, k, one.is_call), k)
        if 0.0 < stdev < math.inf:
            passed = (stdev / vol) ** 2 * YEAR_NS
            found.append((one.at - (one.expiry_at - passed)) / NS_PER_S)
    if not found:
        return 0
    quarters = round(median(found) / _QUARTER_S) * _QUARTER_S
    agreed = len([ahead for ahead in found if abs(ahead - quarters) < _CLOCK_SLACK_S])
    return quarters if agreed >= _CLOCK_AGREED * len(found) and abs(quarters) <= _ZONES_S_MAX else 0


def _set_back(one: OptionQuote, ahead_s: int) -> OptionQuote:
    if ahead_s == 0:
        return one
    return OptionQuote(
        expiry_at=one.expiry_at,
        strike=one.strike,
        is_call=one.is_call,
        bid=one.bid,
        ask=one.ask,
        forward=one.forward,
        at=one.at - ahead_s * NS_PER_S,
    )


def _sweeps(chain: list[OptionQuote]) -> Iterator[tuple[OptionQuote, ...]]:
    """In time; a pause, or an option that comes again, begins another sweep."""
    sweep: dict[tuple[int, float, bool], OptionQuote] = {}
    last_at = 0
    for one in sorted(chain, key=lambda one: one.at):
        key = (one.expiry_at, one.strike, one.is_call)
        if sweep and (key in sweep or one.at - last_at > _GAP_S * NS_PER_S):
            yield tuple(sweep.values())
            sweep = {}
        sweep[key] = one
        last_at = one.at
    if sweep:
        yield tuple(sweep.values())
