"""A loopback acceptor for acceptance scripts. It makes a session for any pair of CompIDs on first sight.

TW42, TW44 and TW50SP2 are bound to the version in their name and to ISLD; WT and DLSI are the strangers of the scripts,
and stay strangers. Numbers begin at 1 with each Logon, times have milliseconds, everything is validated, and every
application message is sent again on a resend request.
"""

import argparse
import asyncio
import signal
import sys

from fix_gateway.codec.decode import Decoder
from fix_gateway.dictionary.standard import load
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore
from fix_gateway.shell.acceptor import Acceptor, Door, Seat
from fix_gateway.shell.connection import Link
from fix_gateway.shell.ports import Silent
from fix_gateway.shell.wire import new_loop
from fix_gateway.testing.clock import Clock
from fix_gateway.testing.echo import Echo

SERVER = "ISLD"
BOUND = {"TW42": "FIX.4.2", "TW44": "FIX.4.4", "TW50SP2": "FIXT.1.1"}
STRANGERS = ("WT", "DLSI")
VERSIONS = {"FIX.4.2": "", "FIX.4.4": "", "FIXT.1.1": "9"}
SESSIONS_MAX = 10_000
TOLERANCE_MS = 120_000


class Sessions:
    """The sessions that were seen."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._echo = Echo()
        self._decoders = {begin: Decoder(load(begin, appl)) for begin, appl in VERSIONS.items()}
        self._seats: dict[tuple[str, str, str], Seat] = {}

    def find(self, begin: str, sender: str, target: str) -> Seat | None:
        """The session of this pair, made if it is new; None for strangers and wrong versions."""
        key = (begin, sender, target)
        if key in self._seats:
            return self._seats[key]
        bound = BOUND.get(sender)
        wrong = bound is not None and (bound != begin or target != SERVER)
        strange = sender in STRANGERS or target in STRANGERS or begin not in VERSIONS
        if wrong or strange or len(self._seats) >= SESSIONS_MAX:
            return None
        try:
            settings = SessionSettings(
                name=f"{begin}:{target}->{sender}",
                begin=begin,
                appl=VERSIONS[begin],
                sender=target,
                target=sender,
                reset_on_logon=True,
                tolerance_ms=TOLERANCE_MS,
                replay=None,
            )
        except ValueError:
            return None
        session = Session(settings, MemoryStore(), self._decoders[begin])
        self._seats[key] = Seat(link=Link(session, self._echo, self._clock.now, Silent()))
        return self._seats[key]


async def serve(host: str, port: int) -> None:
    """Listen until interrupted."""
    clock = Clock()
    acceptor = Acceptor(Door(host=host, port=port), Sessions(clock).find, clock.now, Silent())
    found = await acceptor.open()
    print(f"listening on {host}:{found}", flush=True)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    await acceptor.close("End of the rehearsal", drain_s=2.0)


def main(words: list[str] | None = None) -> int:
    """The program; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m fix_gateway.testing", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: this machine only)")
    parser.add_argument("--port", type=int, required=True, help="0 for any; it is printed")
    given = parser.parse_args(words)
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(serve(given.host, given.port))
    except OSError as problem:
        print(f"cannot listen on {given.host}:{given.port}: {problem.strerror or problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
