"""`rfq fix`: look at FIX messages and sessions, and set a session's numbers back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rfq.cli import printer
from rfq.cli.options import Config, Json

if TYPE_CHECKING:
    from fix_gateway.explain.explainer import Explainer

app = typer.Typer(help="Read FIX messages; look at sessions and reset them.", no_args_is_help=True)
Word = typer.Option
Session = Annotated[str, typer.Argument(metavar="SESSION", help="A session's name in the settings.")]


@app.command()
def decode(
    what: Annotated[
        str, typer.Argument(metavar="TEXT|FILE|-", help="A message, a file with some, or - for stdin.")
    ] = "-",
    dialect: Annotated[
        str, Word("--dialect", metavar="NAME", help="fix42, fix44, fix50sp2, coinbase_flat, or a session.")
    ] = "",
    version: Annotated[
        str, Word("--version", metavar="V", help="FIX.4.2, FIX.4.4 or FIX.5.0SP2, whatever 8= says.")
    ] = "",
    wrong: Annotated[bool, Word("--wrong", help="Show only messages that something is wrong with.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make FIX messages readable, and name what is wrong with them.

    Takes raw bytes and any text with 8=FIX in it: our message logs, JSON logs, others' logs. The separator may be
    written as |, ^A, \\x01 or <SOH>. Passwords are never shown. Exit code 1: something is wrong with a message; 2:
    there is none.
    """
    from rfq.cli import fix_show
    from rfq.cli.exits import Ended, Exit
    from rfq.cli.fix_text import messages_in

    explainer = _explainer(dialect, version, config)
    number = bad = 0
    answers = []
    for found in messages_in(_text(what)):
        number += 1
        one = explainer.explain(found.raw)
        bad += bool(one.wrong)
        if wrong and not one.wrong:
            continue
        if json:
            answers.append(fix_show.tree(one, found))
        else:
            fix_show.put(fix_show.lines(one, found, number))
    if not number:
        raise Ended(Exit.USAGE, "Nothing to decode: no 8=FIX in it.")
    if json:
        printer.give({"messages": answers, "count": number, "wrong": bad})
    elif number > 1:
        printer.say(f"{number} messages, {bad or 'none'} with something wrong")
    if bad:
        raise Ended(Exit.FAILURE)


def _text(what: str) -> bytes:
    """What is to be decoded: the words themselves, a file's content, or stdin."""
    import os
    import sys

    from rfq.cli.exits import Ended, Exit

    if what == "-":
        if sys.stdin.isatty():
            printer.say("Reading from the terminal; end with Ctrl-D.")
        return sys.stdin.buffer.read()
    if "8=FIX" in what:
        return os.fsencode(what)
    path = Path(what)
    if "=" in what or len(what) > 255 or not path.exists():
        shown = "what was given" if "=" in what or len(what) > 255 else repr(what)
        raise Ended(Exit.USAGE, f"Nothing to decode: {shown} is no file and has no 8=FIX in it.")
    if path.is_dir():
        raise Ended(Exit.USAGE, f"Nothing to decode: {what} is a folder.")
    return path.read_bytes()


VERSIONS = {
    "4.2": ("FIX.4.2", ""),
    "4.4": ("FIX.4.4", ""),
    "5.0SP2": ("FIXT.1.1", "9"),
    "T.1.1": ("FIXT.1.1", "9"),
}


def _explainer(dialect: str, version: str, config: Path | None) -> "Explainer":
    """By what messages are read."""
    from fix_gateway.dialect import PRESETS
    from fix_gateway.dictionary.standard import load
    from fix_gateway.explain.explainer import Explainer
    from rfq.cli.exits import Ended, Exit
    from rfq.cli.options import settings_of

    if dialect and version:
        raise Ended(Exit.USAGE, "--dialect, --version: one of them, not both")
    if version:
        found = VERSIONS.get(version.upper().removeprefix("FIX").removeprefix("."))
        if found is None:
            raise Ended(Exit.USAGE, f"--version: {version!r} is none of FIX.4.2, FIX.4.4, FIX.5.0SP2")
        return Explainer(load(*found))
    if not dialect:
        return Explainer()
    chosen = PRESETS.get(dialect)
    if chosen is None:
        sessions = {one.name: one for one in settings_of(config).fix.sessions}
        if dialect not in sessions:
            known = ", ".join((*PRESETS, *sessions))
            raise Ended(Exit.USAGE, f"--dialect: {dialect!r} is none of {known}")
        chosen = sessions[dialect].speaks
    return Explainer(chosen.dictionary, user_defined=chosen.user_defined)


@app.command()
def inspect(
    what: Annotated[str, typer.Argument(metavar="PATH|SESSION", help="A journal, or whose journal.")],
    count: Annotated[int, Word("-n", "--count", min=0, metavar="N", help="How many messages.")] = 20,
    raw: Annotated[
        bool, Word("--raw", help="The messages themselves, as `rfq fix decode` takes them.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show a session's journal: numbers, messages, damage.

    The file is only read; `rfq serve` may be using it. Exit code 1: something in the middle of it is damaged; 6:
    there is no such journal.
    """
    from fix_gateway.journal.reading import JournalError
    from rfq.cli import fix_journal, fix_sessions
    from rfq.cli.exits import Ended, Exit

    path = _journal(what, config)
    try:
        found = fix_journal.contents(path, count)
    except JournalError as error:
        raise fix_sessions.unavailable(error) from None
    news = fix_sessions.news_in(path.parent)
    if news is not None and news.session(path.stem) is None:
        news = None
    if json:
        printer.give(fix_journal.tree(found, raw=raw))
    else:
        for line in fix_journal.lines(found, news, raw=raw):
            printer.show(line)
    if found.damage:
        raise Ended(Exit.FAILURE, f"{path.name} is damaged in {len(found.damage)} places.")


def _journal(what: str, config: Path | None) -> Path:
    """The journal that is meant: a file, or a session's."""
    from rfq.cli import fix_sessions
    from rfq.cli.exits import Ended, Exit
    from rfq.cli.options import settings_of

    path = Path(what)
    if path.is_file():
        return path
    if path.suffix or len(path.parts) > 1:
        raise Ended(Exit.DEPENDENCY, f"{what}: there is no such file.")
    fix = settings_of(config).fix
    fix_sessions.named(fix, what)
    path = fix_sessions.journal_path(fix, what)
    if not path.exists():
        raise Ended(Exit.DEPENDENCY, f"{what} has no journal yet; it will be {path}.")
    return path


@app.command()
def sessions(config: Config = None, json: Json = False) -> None:
    """List the configured sessions and how they stand.

    Who they are and their next numbers; up, down and the counters come from a running `rfq serve`. A status that it
    does not write any more is called stale.
    """
    from rfq.cli import fix_sessions
    from rfq.cli.options import settings_of

    fix = settings_of(config).fix
    news = fix_sessions.news_in(fix.journal_folder)
    found = fix_sessions.rows(fix, news)
    if json:
        printer.give({"enabled": fix.enabled, "serve": fix_sessions.serving(news), "sessions": found})
    else:
        fix_sessions.show(fix, found, news)


@app.command()
def reset(
    session: Session,
    yes: Annotated[bool, Word("--yes", help="Do not ask.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a session's numbers begin at 1 again.

    Both ways; says what is lost, and asks before. Exit code 6: a running process has the journal open; nothing is
    changed then.
    """
    from fix_gateway.journal.reading import JournalError
    from rfq.cli import fix_journal, fix_sessions
    from rfq.cli.exits import Ended, Exit
    from rfq.cli.options import settings_of

    fix = settings_of(config).fix
    one = fix_sessions.named(fix, session)
    path = fix_sessions.journal_path(fix, session)
    if not path.exists():
        if json:
            printer.give({"session": session, "reset": False, "journal": str(path)})
        else:
            printer.show(f"{session} has no journal yet: its numbers begin at 1 anyway.")
        return
    try:
        fix_sessions.must_be_free(path)
        before = fix_journal.contents(path, 0)
        for line in fix_sessions.lost(one, before):
            printer.say(line)
        if json and not yes:
            raise Ended(Exit.USAGE, "--json asks no questions: say --yes.")
        if not yes and not typer.confirm(f"Reset {session}?", err=True):
            raise Ended(Exit.FAILURE, "Nothing was changed.")
        fix_sessions.reset(path, fix.durability)
    except JournalError as error:
        raise fix_sessions.unavailable(error) from None
    if json:
        lost = {"messages": before.messages, "next_out": before.next_out, "next_in": before.next_in}
        printer.give({"session": session, "reset": True, "journal": str(path), "before": lost})
    else:
        printer.show(f"{session}: the next numbers are 1 and 1.")
