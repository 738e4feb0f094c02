"""`rfq market record`, `replay` and `tables`: venues' raw data kept, told again, and made into tables."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfq.cli import printer
from rfq.cli.exits import Ended, Exit
from rfq.cli.options import Json

if TYPE_CHECKING:
    from rfq.desk.features.look import Look
    from rfq.feeds.link.standing import FeedStanding
    from rfq.feeds.link.switchboard import Hooks, Switchboard
    from rfq.feeds.recorder.recording import Recording
    from rfq.feeds.recorder.rows import Recorded, RecordingError

_ALL_S = 10**9


def record(
    venue: Annotated[str, typer.Argument(metavar="VENUE", help="binance_usdm, okx, ...", show_default=False)],
    symbols: Annotated[
        list[str],
        typer.Argument(metavar="SYMBOL", help="In the venue's own spelling.", show_default=False),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where the recording goes.", show_default=False)
    ],
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0.0, max=_ALL_S, help="How long; 0: until Ctrl-C.")
    ] = 0.0,
    index: Annotated[
        list[str] | None, typer.Option("--index", metavar="NAME", help="An index too (Deribit).")
    ] = None,
    chain: Annotated[
        list[str] | None,
        typer.Option("--chain", metavar="NAME", help="A chain of options too (Deribit, OKX)."),
    ] = None,
    instead: Annotated[
        list[str] | None,
        typer.Option(
            "--instead",
            metavar="URL=URL",
            help="Another beginning of an address: a regional host, a proxy. May be repeated.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Record a venue's public market data as it comes.

    Every message and answer goes to numbered Parquet files, with the instant it was read; books are kept meanwhile,
    so that gaps are found and mended. A recording can be replayed, and made into tables. Needs the extra `tables`.
    """
    import asyncio

    from fix_gateway.shell.wire import new_loop
    from rfq.feeds.link.feed import Rim
    from rfq.feeds.recorder.boards import adapter_of
    from rfq.feeds.recorder.rows import Recorded, RecordingError

    feed = Recorded(
        venue=venue, symbols=tuple(symbols), indices=tuple(index or ()), chains=tuple(chain or ())
    )
    rim = Rim(instead=dict(_pair(one) for one in instead or ()))
    try:
        adapter_of(feed)
    except RecordingError as error:
        raise Ended(Exit.USAGE, f"{error}.") from None
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            found, interrupted = runner.run(_record(feed, out, seconds, rim, quiet=json))
    except RecordingError as error:
        raise _cannot(error) from None
    _tell_recorded(found, json=json)
    if not any(link.messages for link in found.standing.links):
        raise Ended(Exit.DEPENDENCY, f"{venue} said nothing: {_why_silent(found.standing)}.")
    if interrupted:
        raise Ended(Exit.INTERRUPTED, "Stopped by Ctrl-C; the recording is whole.")


async def _record(
    feed: "Recorded", out: Path, seconds: float, rim: Any, *, quiet: bool
) -> "tuple[Recording, bool]":
    from rfq.cli.signals import Stop
    from rfq.feeds.recorder.recording import record as run
    from rfq.ops.clock import SystemClock

    with Stop() as stop:
        tell = (lambda _standing: None) if quiet else _tell_standing
        found = await run(feed, out, seconds, stop.event, SystemClock().now, _Said(quiet), rim, tell)
        return found, stop.interrupted


def replay(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A recording, or tables of our layout.", show_default=False)
    ],
    speed: Annotated[
        float,
        typer.Option("--speed", metavar="X", min=0.0, max=1e6, help="1 to 1000 × as it was; 0: at once."),
    ] = 0.0,
    json: Json = False,
) -> None:
    """Tell a recording to the adapters and books again, and say how the books fared.

    What was live is told again bit for bit: the same looks, prints, gaps and resynchronisations. Tables of our layout
    are told too, without the venue's own chain of messages where they do not have it.
    """
    import asyncio

    from rfq.feeds.recorder.boards import is_recording
    from rfq.feeds.recorder.rows import RecordingError
    from rfq.feeds.tables.layout import TablesError

    if not path.exists() and not is_recording(path.parent) and not list(path.parent.glob(f"{path.name}_*")):
        raise Ended(Exit.USAGE, f"{path}: nothing there.")
    tally = _Tally()
    try:
        if is_recording(path):
            rows, first_at, last_at = asyncio.run(_replay(path, speed, tally, quiet=json))
        else:
            rows, first_at, last_at = asyncio.run(_replay_tables(path, speed, tally))
    except RecordingError as error:
        raise _cannot(error) from None
    except TablesError as error:
        raise Ended(Exit.DEPENDENCY if error.is_lacking else Exit.USAGE, f"{error}.") from None
    books = tally.books(last_at)
    answer = {"path": str(path), "rows": rows, "from_at": first_at, "to_at": last_at, "books": books}
    if json:
        printer.give(answer)
        return
    printer.show(f"{rows} rows, {(last_at - first_at) / 1e9:.1f} s.")
    head = ["venue", "symbol", "looks", "prints", "breaks", "bid", "offer", "state", "last_break"]
    lines = [[_cell(book[name]) for name in head] for book in books]
    for line in printer.table([head, *lines], right=(2, 3, 4, 5, 6), indent=2):
        printer.show(line)


async def _replay(path: Path, speed: float, tally: "_Tally", *, quiet: bool) -> tuple[int, int, int]:
    from rfq.cli.progress import counting
    from rfq.feeds.recorder.boards import boards_of
    from rfq.feeds.recorder.reading import count, play, read
    from rfq.feeds.recorder.rows import read_note
    from rfq.ops.clock import SystemClock

    folder = path.parent if path.is_file() else path
    boards = boards_of(read_note(folder), tally.hooks)
    tally.boards += boards.values()
    total, first_at, last_at = count(path)
    with counting(path.name, total, "rows", quiet=quiet) as tell:
        await play(read(path), boards, SystemClock().now, speed, lambda rows, _at: tell(rows))
    return total, first_at, last_at


async def _replay_tables(path: Path, speed: float, tally: "_Tally") -> tuple[int, int, int]:
    from rfq.feeds.recorder.boards import board_of_market
    from rfq.feeds.recorder.reading import play_said
    from rfq.feeds.tables.captures import open_capture
    from rfq.ops.clock import SystemClock

    capture = open_capture(path)
    boards = [
        board_of_market(capture, one.venue, one.symbol, tally.hooks(one.venue)) for one in capture.markets
    ]
    tally.boards += boards
    streams = [
        (board, capture.said(one.symbol, one.venue))
        for board, one in zip(boards, capture.markets, strict=True)
    ]
    return await play_said(streams, SystemClock().now, speed)


def tables(
    raw: Annotated[Path, typer.Argument(metavar="FOLDER", help="A recording.", show_default=False)],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="PREFIX",
            help="Tables are written to PREFIX_l2_events.parquet and so on.",
            show_default=False,
        ),
    ],
    json: Json = False,
) -> None:
    """Make tables in our layout of a recording: book changes, best quotes, trades."""
    from rfq.cli.progress import counting
    from rfq.feeds.recorder.boards import adapter_of
    from rfq.feeds.recorder.reading import count, read
    from rfq.feeds.recorder.rows import RecordingError, read_note
    from rfq.feeds.recorder.tabulating import Tabulator, tabulate
    from rfq.feeds.tables.layout import TablesError

    try:
        note = read_note(raw)
        adapters = {feed.venue: adapter_of(feed) for feed in note.feeds}
        scales = {(feed.venue, symbol): scale for feed in note.feeds for symbol, scale in feed.scales.items()}
        total, _, _ = count(raw)
        tabulator = Tabulator(out, scales)
        with counting(raw.name, total, "rows", quiet=json) as tell:
            told = tabulate(read(raw), adapters, tabulator, tell)
        rows, files = tabulator.close()
    except RecordingError as error:
        raise _cannot(error) from None
    except TablesError as error:
        raise Ended(Exit.DEPENDENCY, f"{error}.") from None
    if json:
        printer.give({"rows": told, "tables": rows, "files": files, "other": tabulator.other})
        return
    for file in files:
        printer.show(f"{file}, {printer.size_text(file.stat().st_size)}")
    counted = ", ".join(f"{count} rows of {kind}" for kind, count in rows.items())
    printer.show(f"{told} rows told: {counted}; {tabulator.other} things said that no table has room for.")


class _Said:
    """A scribe that tells a person what happens to the links."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def info(self, event: str, **fields: object) -> None:
        """Good news."""
        if not self._quiet:
            printer.say(f"{event}: " + ", ".join(f"{name} {value}" for name, value in fields.items()))

    warning = info

    def error(self, event: str, **fields: object) -> None:
        """An error of ours is told in any case."""
        printer.say(f"{event}: " + ", ".join(f"{name} {value}" for name, value in fields.items()))


class _Tally:
    """How the books of a replay fared."""

    def __init__(self) -> None:
        self.boards: list[Switchboard] = []
        self._last: dict[tuple[str, str], Look] = {}

    def hooks(self, venue: str) -> "Hooks":
        """For one venue's board."""
        from rfq.feeds.link.switchboard import Hooks

        last = self._last

        def on_look(symbol: str, look: "Look") -> None:
            last[venue, symbol] = look

        return Hooks(on_look=on_look)

    def books(self, at: int) -> list[dict[str, Any]]:
        """Every book at the end."""
        import msgspec

        found: list[dict[str, Any]] = []
        for board in self.boards:
            for symbol, watched in board.watched.items():
                last = self._last.get((board.adapter.venue, symbol))
                touch = {
                    "bid": None if last is None else last.bid.price,
                    "offer": None if last is None else last.offer.price,
                }
                found.append(
                    {
                        "venue": board.adapter.venue,
                        **msgspec.to_builtins(watched.standing(at)),
                        "counts": msgspec.to_builtins(watched.keeper.counts),
                        **touch,
                    }
                )
        return found


def _pair(text: str) -> tuple[str, str]:
    old, found, new = text.partition("=")
    if not (old and found and new):
        raise Ended(Exit.USAGE, f"--instead: {text!r} is not URL=URL.")
    return old, new


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)


def _cannot(error: "RecordingError") -> Ended:
    return Ended(Exit.DEPENDENCY, f"{error}.")


def _why_silent(standing: "FeedStanding") -> str:
    return "; ".join(dict.fromkeys(link.last_down or "connected" for link in standing.links))


def _tell_standing(standing: "FeedStanding") -> None:
    right = sum(one.state == "live" for one in standing.books)
    messages = sum(link.messages for link in standing.links)
    printer.say(
        f"{standing.venue}: {messages} messages, {right} of {len(standing.books)} books right, "
        f"{standing.troubles} troubles"
    )


def _tell_recorded(found: "Recording", *, json: bool) -> None:
    if json:
        import msgspec

        printer.give(msgspec.to_builtins(found))
        return
    _tell_standing(found.standing)
    printer.show(
        f"{found.rows} rows in {found.files} files, {printer.size_text(found.file_bytes)}, "
        f"{found.seconds:.0f} s, {found.lost} rows lost: {found.folder}"
    )
