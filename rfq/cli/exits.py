"""How a command ends: the closed list of exit codes, and what each kind of error means in them.

A user's mistake and a broken environment end with one line and a code, never with a traceback. What is not known here
is a fault of ours; `rfq.cli.main` tells it in one line too.
"""

from enum import IntEnum

from rfq.audit.errors import BuildDiffers, LogDamaged, LogError, LogMissing
from rfq.ops.problems import ConfigInvalid


class Exit(IntEnum):
    """The exit codes."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    CONFIG = 3
    AUDIT = 4
    LIMIT = 5
    DEPENDENCY = 6
    INTERRUPTED = 130


class Ended(Exception):
    """A command came to an end that is not OK; `lines` are told to the user."""

    def __init__(self, code: Exit, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.code = code
        self.lines = lines


def judge(error: BaseException) -> Ended | None:
    """What an error means for whoever called; None if it is a fault of ours."""
    import sqlite3

    from fix_gateway.journal.reading import JournalError
    from rfq.domain.checkers import CanonError

    if isinstance(error, Ended):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Ended(Exit.INTERRUPTED, "Interrupted.")
    if isinstance(error, ConfigInvalid):
        return Ended(Exit.CONFIG, "The settings cannot be used:", *(f"  {one}" for one in error.problems))
    if isinstance(error, LogDamaged):
        where = f"record {error.number}: {error.what}"
        return Ended(
            Exit.AUDIT, f"The log is damaged. {where}", "Look closer with `rfq audit verify --deep`."
        )
    if isinstance(error, CanonError):
        return Ended(Exit.AUDIT, f"The log holds something that cannot be read: {error}")
    if isinstance(error, BuildDiffers):
        return Ended(Exit.FAILURE, f"This build cannot go on with the log: {error}.")
    if isinstance(error, LogMissing):
        return Ended(Exit.DEPENDENCY, f"{error}. `rfq demo` makes one; --log FILE names another.")
    if isinstance(error, LogError):
        return Ended(Exit.DEPENDENCY, f"The log cannot be used: {error}")
    if isinstance(error, JournalError):
        return Ended(Exit.DEPENDENCY, f"A FIX journal cannot be used: {error}")
    if isinstance(error, sqlite3.OperationalError):
        return Ended(Exit.DEPENDENCY, f"The database cannot be used: {error}")
    if isinstance(error, sqlite3.DatabaseError):
        return Ended(Exit.AUDIT, f"The log cannot be read: {error}")
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return Ended(Exit.DEPENDENCY, f"{name}{error.strerror or error}")
    return None
