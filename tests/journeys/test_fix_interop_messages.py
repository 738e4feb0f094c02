"""Whatever our dialects can say, QuickFIX's validation by the standard's own dictionaries lets through."""

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from fix_desks import Desk
from fix_messages import messages, names
from hypothesis import HealthCheck, given, settings
from quickfix_control import WHY_NOT, QuickFix, dictionaries, interpreters

from fix_gateway.dialect import PRESETS, Dialect, write
from fix_gateway.errors import LocalProtocolError
from fix_gateway.messages.speech import Message

pytestmark = pytest.mark.skipif(not interpreters(), reason=WHY_NOT)

DIALECTS = {"FIX.4.4": PRESETS["fix44"], "FIXT.1.1": PRESETS["fix50sp2"]}
SIDES_MAX = 2  # a trade has one side or two (552)


def samples(dialect: Dialect, each: int) -> list[tuple[str, bytes]]:
    """Some of every message that the dialect has."""
    made: list[tuple[str, bytes]] = []
    for name in names(dialect):

        @settings(max_examples=each, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(messages(dialect, name))
        def collect(message: Message) -> None:
            if len(getattr(message, "sides", ())) <= SIDES_MAX:
                with suppress(LocalProtocolError):  # what cannot be said by design is not said
                    made.append(write(message, dialect))

        collect()
    return made


async def say(
    shared: Path, folder: Path, python: str, begin: str, said: list[tuple[str, bytes]]
) -> list[str]:
    """What QuickFIX refuses of these; all of them must reach it."""
    desk = Desk(folder / "ours", begin, initiator=False)
    known = dictionaries(shared, begin, folder)
    asked = {"role": "initiator", "begin": begin, "sender": "QF", "target": "US"}
    port = await desk.listen()
    async with QuickFix(
        python, **asked, port=port, folder=str(folder / "theirs"), dictionaries=known
    ) as peer:
        await desk.up()
        await peer.until("logon")  # what it is told to send earlier, it keeps until asked
        for number, (msg_type, body) in enumerate(said):
            desk.link.send(msg_type, body)
            if number % 20 == 0:
                await asyncio.sleep(0.01)
        report = await peer.heard_all(len(said))
        await desk.leave()
    refused = [line for line in report["refusals"] if line.startswith("quickfix refuses")]
    assert refused or report["kinds"] == Counter(msg_type for msg_type, _ in said)
    return refused + report["events"]


@pytest.mark.slow
@pytest.mark.parametrize("python", interpreters() or [""], ids=lambda path: path.rpartition("/")[2])
@pytest.mark.parametrize("begin", DIALECTS)
def test_quickfix_refuses_nothing_that_we_say(shared: Path, tmp_path: Path, python: str, begin: str) -> None:
    said = samples(DIALECTS[begin], 12)
    assert len({msg_type for msg_type, _ in said}) == len(names(DIALECTS[begin]))

    assert asyncio.run(say(shared, tmp_path, python, begin, said)) == []


@pytest.mark.nightly
@pytest.mark.parametrize("python", interpreters() or [""], ids=lambda path: path.rpartition("/")[2])
@pytest.mark.parametrize("begin", DIALECTS)
def test_quickfix_refuses_nothing_of_thousands(shared: Path, tmp_path: Path, python: str, begin: str) -> None:
    assert asyncio.run(say(shared, tmp_path, python, begin, samples(DIALECTS[begin], 200))) == []
