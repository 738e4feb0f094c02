"""The dialogues in `fix/`, one test each: what a counterparty says, and what it must hear. The folder says against
which set-up a script is played (tests/fix_setups.py, tests/fix_desk_setups.py); tests/fix_script.py says how they are
written."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from fix_desk_setups import DESK_SETUPS
from fix_script import Ask, Dial, play
from fix_setups import SETUPS, dialling

SCRIPTS = Path(__file__).with_name("fix")
REHEARSED = ("session42", "session44", "session50")
OWN = {**SETUPS, **DESK_SETUPS}


def found() -> list[object]:
    """Every script, with its marks."""
    params: list[object] = []
    for path in sorted(SCRIPTS.rglob("*.def")):
        first = path.read_text().partition("\n")[0]
        marks = [pytest.mark.nightly] if first == "# nightly" else []
        params.append(pytest.param(path, id=f"{path.parent.name}/{path.stem}", marks=marks))
    return params


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[int]:
    """The port of the program for acceptance scripts."""
    words = [sys.executable, "-m", "fix_gateway.testing", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline().rpartition(":")[2])
        finally:
            child.terminate()


async def perform(path: Path, setup: AbstractAsyncContextManager[tuple[Dial, Ask]]) -> None:
    async with setup as (dial, ask):
        await play(path, dial, ask)


@pytest.mark.parametrize("path", found())
def test_script(path: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder = path.parent.name
    own = OWN.get(folder)
    setup = own(tmp_path) if own else dialling(request.getfixturevalue("rehearsal"))
    asyncio.run(perform(path, setup))


def test_there_are_scripts_for_each_set_up() -> None:
    folders = {path.parent.name for path in SCRIPTS.rglob("*.def")}
    assert folders == {*REHEARSED, *OWN}
    assert len(found()) >= 60
