"""The states of a session and the transitions between them: a role-free table, and nothing else.

IDLE: no transport. GREETING: connected, nobody has logged on. LOGGING_ON: our Logon is out. ACTIVE: both have
logged on. LOGGING_OUT: our Logout is out, the answer is waited for. ENDING: nothing more is said; the transport
must be closed.
"""

from enum import StrEnum


class State(StrEnum):
    """Where a session stands."""

    IDLE = "idle"
    GREETING = "greeting"
    LOGGING_ON = "logging_on"
    ACTIVE = "active"
    LOGGING_OUT = "logging_out"
    ENDING = "ending"


class Trigger(StrEnum):
    """What moves a session."""

    OPENED = "opened"
    LOGON_SENT = "logon_sent"
    LOGON_TAKEN = "logon_taken"
    LOGOUT_SENT = "logout_sent"
    LOGOUT_HEARD = "logout_heard"
    GIVEN_UP = "given_up"
    LOST = "lost"


_S, _T = State, Trigger
_CONNECTED = (_S.GREETING, _S.LOGGING_ON, _S.ACTIVE, _S.LOGGING_OUT)

TABLE: tuple[tuple[State, Trigger, State], ...] = (
    (_S.IDLE, _T.OPENED, _S.GREETING),
    (_S.GREETING, _T.LOGON_SENT, _S.LOGGING_ON),
    (_S.GREETING, _T.LOGON_TAKEN, _S.ACTIVE),
    (_S.LOGGING_ON, _T.LOGON_TAKEN, _S.ACTIVE),
    (_S.LOGGING_ON, _T.LOGOUT_HEARD, _S.ENDING),
    (_S.ACTIVE, _T.LOGOUT_SENT, _S.LOGGING_OUT),
    (_S.ACTIVE, _T.LOGOUT_HEARD, _S.ENDING),
    (_S.LOGGING_OUT, _T.LOGOUT_HEARD, _S.ENDING),
    *((state, _T.GIVEN_UP, _S.ENDING) for state in _CONNECTED),
    *((state, _T.LOST, _S.IDLE) for state in (*_CONNECTED, _S.ENDING)),
)

_next = {(start, trigger): end for start, trigger, end in TABLE}


def following(state: State, trigger: Trigger) -> State | None:
    """The state that `trigger` leads to, None if it cannot happen in `state`."""
    return _next.get((state, trigger))
