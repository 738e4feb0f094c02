"""The player of dialogues fails when it should: a player that cannot fail proves nothing of an engine."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fix_script import End, Failed, completed, filled, framed, parse, play, unlike

NOW = datetime(2026, 1, 5, 8, 0, 0, 250_000, tzinfo=UTC)
SAID = b"8=FIX.4.4\x0135=0\x01112=hello\x01"


def heard(text: str) -> bytes:
    return completed(text.replace("|", "\x01").encode())


def told(script: str, text: str, known: dict[str, bytes] | None = None) -> str:
    return unlike(script.replace("|", "\x01").encode(), heard(text), {} if known is None else known)


def test_steps() -> None:
    steps = parse(
        b"# comment\n\niCONNECT\nI8=FIX.4.4|35=0|\ni2,CONNECT\nE2,8=FIX.4.4\x0135=0\x01\neDISCONNECT\n"
    )
    assert [(step.op, step.link) for step in steps] == [("i", 1), ("I", 1), ("i", 2), ("E", 2), ("e", 1)]
    assert steps[1].text == b"8=FIX.4.4\x0135=0\x01"
    assert steps[1].line == 4
    for nonsense in (b"hello\n", b"# nothing\n", b""):
        with pytest.raises(Failed):
            parse(nonsense)


def test_a_message_gets_what_it_lacks() -> None:
    whole = completed(SAID)
    assert whole == b"8=FIX.4.4\x019=15\x0135=0\x01112=hello\x0110=186\x01"
    assert completed(whole) == whole
    assert completed(b"8=FIX.4.4\x019=3\x0135=0\x0110=x\x01") == b"8=FIX.4.4\x019=3\x0135=0\x0110=x\x01"
    assert completed(b"junk") == b"junk"
    assert framed(whole + b"8=") == len(whole)
    assert framed(whole[:-1]) == 0


def test_a_message_that_is_framed_wrong_is_told() -> None:
    whole = completed(SAID)
    for wrong in (whole.replace(b"9=15", b"9=14"), whole.replace(b"10=186", b"10=187"), b"x" * 100):
        with pytest.raises(Failed):
            framed(wrong)


def test_words_are_filled_in() -> None:
    known = {"quote": b"q-1"}
    found = filled(b"<TIME> <TIME-10> <STAMP> <STAMP+1> <quote> <FILL 3>", NOW, known)
    assert found == (
        b"20260105-08:00:00 20260105-07:59:50 20260105-08:00:00.250 20260105-08:00:01.250 q-1 xxx"
    )
    with pytest.raises(Failed):
        filled(b"<other>", NOW, known)


def test_what_must_match() -> None:
    said = "8=FIX.4.4|35=S|52=20260105-08:00:00.123|117=q-1|133=-5|"
    assert told("8=FIX.4.4|35=S|52=00000000-00:00:00.000|117=q-1|133=-5|", said) == ""
    assert told("8=FIX.4.4|35=S|52=00000000-00:00:00|117=q-1|133=-5|", said)
    assert told("8=FIX.4.4|35=S|52=00000000-00:00:00.000|117=q-2|133=-5|", said)
    assert told("8=FIX.4.4|35=S|52=00000000-00:00:00.000|133=-5|117=q-1|", said)
    assert "missing: 58" in told("8=FIX.4.4|35=S|52=<*>|117=<*>|133=-5|58=x|", said)
    assert "too much: 133" in told("8=FIX.4.4|35=S|52=<*>|117=<*>|", said)


def test_what_is_remembered() -> None:
    known: dict[str, bytes] = {}
    assert told("8=F|117=<quote>|133=-<px>|", "8=F|117=q-1|133=-5|", known) == ""
    assert known == {"quote": b"q-1", "px": b"5"}
    assert told("8=F|117=<quote>|", "8=F|117=q-1|", known) == ""
    assert told("8=F|117=<quote>|", "8=F|117=q-2|", known)
    assert told("8=F|133=-<px>|", "8=F|133=5|", {})
    assert told("8=F|117=<*>|", "8=F|117=|", {})


def answers(script: str, *said: str, folder: Path, count: int = 1) -> str:
    """How a script goes against an engine that says these things when it was told `count` messages, and hangs up."""
    done = asyncio.Event()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(count):
            await reader.readuntil(b"\x0110=")
            await reader.readexactly(4)
        writer.write(b"".join(map(heard, said)))
        writer.close()
        await writer.wait_closed()
        done.set()

    async def story() -> None:
        async with await asyncio.start_server(engine, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]

            async def dial(link: int) -> End:
                return End(*await asyncio.open_connection("127.0.0.1", port))

            try:
                await play(path, dial)
            finally:
                if "iCONNECT" in script:
                    await done.wait()

    path = folder / "one.def"
    path.write_text(script)
    try:
        asyncio.run(story())
    except Failed as problem:
        return str(problem)
    return ""


def test_a_dialogue(tmp_path: Path) -> None:
    start = "iCONNECT\nI8=FIX.4.4|35=1|\n"
    zero, one = "8=FIX.4.4|35=0|", "8=FIX.4.4|35=1|"
    assert answers(f"{start}E{zero}\neDISCONNECT\n", zero, folder=tmp_path) == ""
    assert "line 3: field 35 is '1'" in answers(f"{start}E{zero}\n", one, folder=tmp_path)
    assert "line 4: the engine hung up" in answers(f"{start}E{zero}\nE{one}\n", zero, folder=tmp_path)
    assert "line 4: the engine should have hung up" in answers(
        f"{start}E{zero}\neDISCONNECT\n", zero, one, folder=tmp_path
    )
    assert "the engine had also said" in answers(f"{start}E{zero}\n", zero, one, folder=tmp_path)
    assert "line 1: connection 1 is not open" in answers(f"E{zero}\n", folder=tmp_path)
    assert "nobody knows how" in answers("iDANCE\n", folder=tmp_path)
    assert "does not know" in answers("iDO something\n", folder=tmp_path)


def test_pieces(tmp_path: Path) -> None:
    script = "iCONNECT\niPIECES 2\niHOLD\nI8=FIX.4.4|35=1|\nI8=FIX.4.4|35=1|\niSEND\nE8=FIX.4.4|35=0|\neDISCONNECT\n"
    assert answers(script, "8=FIX.4.4|35=0|", folder=tmp_path, count=2) == ""
