"""What is agreed with one counterparty about the session itself. What is agreed about messages is its dialect."""

import msgspec

FACTS = frozenset({"8", "9", "AE", "AG", "AI", "Y", "Z", "b", "d", "j"})
"""Executions, refusals, withdrawals, definitions: true whenever they are heard. Prices, requests, orders and
acceptances are not among them: they are stale by the time they would be said again."""


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One session. `sender` is our CompID, `target` the peer's; times end in their unit.

    `heartbeat_s` is what an initiator asks for; an acceptor takes what it is asked for within the bounds. `replay`
    are the message types that are sent again on a resend request (None: all); the others are stale by then and
    gap-filled. `username` and `password` are what an initiator sends, and what an acceptor wants to see if they are
    not empty.
    """

    name: str
    begin: str
    sender: str
    target: str
    initiator: bool = False
    appl: str = ""
    appls: tuple[str, ...] = ()
    heartbeat_s: int = 30
    heartbeat_s_min: int = 1
    heartbeat_s_max: int = 3_600
    reset_on_logon: bool = False
    reset_on_logout: bool = False
    reset_on_disconnect: bool = False
    reset_allowed: bool = True
    next_expected: bool = False
    tolerance_ms: int = 5_000
    stamp_digits: int = 3
    replay: frozenset[str] | None = FACTS
    username: str = ""
    password: str = ""
    message_bytes_max: int = 65_536
    logon_s: float = 5.0
    logout_s: float = 2.0
    queue_max: int = 1_000
    queue_bytes_max: int = 1_048_576
    resend_again_s: float = 10.0
    resend_tries_max: int = 3
    resend_same_max: int = 10
    resend_burst: int = 500

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "password")
        return f"SessionSettings({', '.join(shown)})"

    def __post_init__(self) -> None:
        if self.begin not in ("FIX.4.2", "FIX.4.4", "FIXT.1.1"):
            raise ValueError(f"begin: {self.begin!r} is not FIX.4.2, FIX.4.4 or FIXT.1.1")
        if (self.begin == "FIXT.1.1") != bool(self.appl):
            raise ValueError(
                "appl: FIXT.1.1 needs the application version (9 is FIX 5.0 SP2), and only FIXT.1.1"
            )
        for name in ("sender", "target"):
            text = getattr(self, name)
            if not 1 <= len(text) <= 64 or not text.isascii() or not text.isprintable() or "=" in text:
                raise ValueError(f"{name}: not a CompID of 1 to 64 printable ASCII characters without '='")
        if not 1 <= self.heartbeat_s_min <= self.heartbeat_s_max:
            raise ValueError("heartbeat_s_min: must be at least 1 and at most heartbeat_s_max")
        if not self.heartbeat_s_min <= self.heartbeat_s <= self.heartbeat_s_max:
            raise ValueError("heartbeat_s: must lie between heartbeat_s_min and heartbeat_s_max")
        if self.stamp_digits not in (3, 6, 9):
            raise ValueError("stamp_digits: must be 3, 6 or 9")
