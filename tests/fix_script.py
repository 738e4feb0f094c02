"""Plays dialogues between a counterparty and an engine: `.def` files, written from the counterparty's side.

A line beginning with I is a message that we send, with E one that the engine must send next; `iCONNECT`, `iDISCONNECT`
and `eDISCONNECT` (nothing more may come before it) open and close connections; `eCONNECT` waits for an engine that is
the initiator. `I2,...` and `i2,CONNECT` speak of connection 2. SOH may be written `|`. A message to send that begins
with tag 8 gets the BodyLength and CheckSum that it does not have; anything else goes out as it stands. `<TIME>` and
`<TIME-10>` are UTC seconds from now. A `#` begins a comment; `# nightly` on the first line keeps a slow script out of
every run.

What an E line says must match field by field, in order. 9 and 10 may be left out: they are always checked against the
bytes. Further words in a value:
  00000000-00:00:00.000   any instant with as many digits
  <*>                     anything but nothing, here or as a part of the value
  <name>                  in E, anything, remembered (or the same as was remembered); in I, what was remembered
  <FILL 70000>            that many letters, in I only
  <STAMP> <STAMP+5>       an instant in milliseconds, in I only
`iDO word ...` asks the set-up for something that only it can do, and `iPAUSE 0.2` lets time pass. `iPIECES 7` sends
everything from there on in pieces of seven bytes; what stands between `iHOLD` and `iSEND` is sent as one piece.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

SOH = b"\x01"
PATIENCE_S = 8.0
FRAME_MAX = 1 << 20

_STEP = re.compile(rb"([IiEe])(?:(\d+),)?(.+)", re.DOTALL)
_WORD = re.compile(rb"<(TIME|STAMP|FILL)? ?([+-]?\d+)?(\w+|\*)?>")
_GAP = re.compile(rb"<(\w+|\*)>")
_ZEROS = re.compile(rb"0{8}-00:00:00(?:\.(0+))?")
_HEAD = re.compile(rb"8=[^\x01]+\x019=(\d{1,7})\x0135=")
_LENGTH = re.compile(rb"\x019=[^\x01]*\x01")
_SUM = re.compile(rb"\x0110=[^\x01]*\x01\Z")


class Failed(AssertionError):
    """The engine did something else than the script says, or the script says nothing that can be played."""


class Step(NamedTuple):
    """One line of a script."""

    line: int
    op: str
    link: int
    text: bytes


class End:
    """Our end of one connection to the engine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._held = b""

    async def send(self, message: bytes, pieces: int = 0) -> None:
        size = pieces or len(message)
        try:
            for at in range(0, len(message), size):
                self._writer.write(message[at : at + size])
                await self._writer.drain()
                await asyncio.sleep(0)
        except OSError as problem:
            raise Failed(f"the engine has hung up before this could be sent ({problem})") from None

    async def hear(self) -> bytes:
        """The next message of the engine."""
        while (size := framed(self._held)) == 0:
            if not await self._more():
                raise Failed(f"the engine hung up; a message was due (unfinished: {shown(self._held)!r})")
        message, self._held = self._held[:size], self._held[size:]
        return message

    async def hung_up(self) -> None:
        """Wait for the engine to close."""
        if self._held or await self._more():
            raise Failed(f"the engine should have hung up, and said {shown(self._held)}")

    async def close(self) -> bytes:
        """Close; what was never read."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
        return self._held

    async def _more(self) -> bool:
        try:
            got = await asyncio.wait_for(self._reader.read(1 << 16), PATIENCE_S)
        except TimeoutError:
            raise Failed(f"nothing came for {PATIENCE_S:g} s") from None
        except OSError:
            got = b""
        self._held += got
        return bool(got)


Dial = Callable[[int], Awaitable[End]]
"""Opens connection number n to the engine, or waits until an engine that is an initiator opens it."""
Ask = Callable[[list[str]], Awaitable[None]]
"""What `iDO` does."""


async def no_wishes(words: list[str]) -> None:
    """For set-ups of which nothing can be asked."""
    raise Failed(f"this set-up does not know {words}")


async def play(path: Path, dial: Dial, ask: Ask = no_wishes) -> None:
    """Play one script; Failed says which line failed, and how."""
    stage = Stage(dial, ask)
    try:
        for step in parse(path.read_bytes()):
            try:
                await stage.play(step)
            except Failed as problem:
                raise Failed(f"{path.name}, line {step.line}: {problem}") from None
    finally:
        left = await stage.clear()
    if left:
        raise Failed(f"{path.name}: at the end, the engine had also said {shown(left)}")


class Stage:
    """The connections of one script, and what it remembers."""

    def __init__(self, dial: Dial, ask: Ask) -> None:
        self._dial, self._ask = dial, ask
        self._ends: dict[int, End] = {}
        self._known: dict[str, bytes] = {}
        self._pieces = 0
        self._held: dict[int, bytes] | None = None

    async def play(self, step: Step) -> None:
        if step.text in (b"CONNECT", b"DISCONNECT") or step.op == "i":
            await self._act(step)
            return
        end = self._ends.get(step.link)
        if end is None:
            raise Failed(f"connection {step.link} is not open")
        if step.op == "I":
            message = completed(filled(step.text, datetime.now(UTC), self._known))
            if self._held is None:
                await end.send(message, self._pieces)
            else:
                self._held[step.link] = self._held.get(step.link, b"") + message
            return
        heard = await end.hear()
        problem = unlike(step.text, heard, self._known)
        if problem:
            raise Failed(f"{problem}\n  expected {shown(step.text)}\n  heard    {shown(heard)}")

    async def _act(self, step: Step) -> None:
        words = step.text.decode().split()
        if words == ["CONNECT"]:
            if step.link in self._ends:
                raise Failed(f"connection {step.link} is open")
            self._ends[step.link] = await self._dial(step.link)
        elif words == ["DISCONNECT"]:
            end = self._ends.get(step.link)
            if end is None:
                raise Failed(f"connection {step.link} is not open")
            if step.op == "e":
                await end.hung_up()
            del self._ends[step.link]
            await end.close()
        elif words[0] == "PAUSE":
            await asyncio.sleep(float(words[1]))
        elif words[0] == "PIECES":
            self._pieces = int(words[1])
        elif words == ["HOLD"]:
            self._held = {}
        elif words == ["SEND"] and self._held is not None:
            held, self._held = self._held, None
            for link, text in held.items():
                await self._ends[link].send(text, self._pieces)
        elif words[0] == "DO":
            await self._ask(words[1:])
        else:
            raise Failed(f"nobody knows how to do {shown(step.text)}")

    async def clear(self) -> bytes:
        """Close what is open; what had come on it and was not expected."""
        left = [await end.close() for end in self._ends.values()]
        self._ends.clear()
        return b"".join(left)


def parse(text: bytes) -> Sequence[Step]:
    """The steps of a script."""
    steps = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith(b"#"):
            continue
        found = _STEP.fullmatch(line)
        if found is None:
            raise Failed(f"line {number} is no step: {shown(line)}")
        op, body = found[1].decode(), found[3]
        if op in "IE" and SOH not in body:
            body = body.replace(b"|", SOH)
        steps.append(Step(number, op, int(found[2] or 1), body if op in "IE" else body.strip()))
    if not steps:
        raise Failed("the script is empty")
    return steps


def filled(text: bytes, now: datetime, known: dict[str, bytes]) -> bytes:
    """A message to send, with its <words> replaced."""

    def word(found: re.Match[bytes]) -> bytes:
        kind, number, name = found.groups()
        if kind == b"FILL":
            return b"x" * int(number)
        if kind:
            at = now + timedelta(seconds=int(number or 0))
            millis = b".%03d" % (at.microsecond // 1000) if kind == b"STAMP" else b""
            return at.strftime("%Y%m%d-%H:%M:%S").encode() + millis
        if name is None or name.decode() not in known:
            raise Failed(f"nothing is known of {found[0].decode()}")
        return known[name.decode()]

    return _WORD.sub(word, text)


def completed(message: bytes) -> bytes:
    """With BodyLength behind BeginString and CheckSum at the end, where they are wanted and missing."""
    if not message.startswith(b"8=") or SOH not in message:
        return message
    begin, body = message[: message.index(SOH) + 1], message[message.index(SOH) + 1 :]
    summed = _SUM.search(message)
    if not _LENGTH.search(message):
        size = len(body) if summed is None else summed.start() + 1 - len(begin)
        message = begin + b"9=%d\x01" % size + body
    return message if summed else message + b"10=%03d\x01" % (sum(message) % 256)


def framed(stream: bytes) -> int:
    """The size of the message that the stream begins with; 0 if more must come. Failed if it is none."""
    head = _HEAD.match(stream)
    if head is None:
        if len(stream) > 64:
            raise Failed(f"this begins no message: {shown(stream[:80])}")
        return 0
    size = head.end(1) + 1 + int(head[1]) + 7
    if size > FRAME_MAX:
        raise Failed(f"BodyLength {int(head[1])} is absurd")
    if len(stream) < size:
        return 0
    told, counted = stream[size - 7 : size], b"10=%03d\x01" % (sum(stream[: size - 7]) % 256)
    if told != counted or stream[size - 8 : size - 7] != SOH:
        raise Failed(f"BodyLength or CheckSum is wrong: {shown(stream[:size])}")
    return size


def fields(message: bytes) -> list[tuple[bytes, bytes]]:
    """Tags and values, without BodyLength and CheckSum."""
    parts = [part.partition(b"=") for part in message.removesuffix(SOH).split(SOH)]
    return [(tag, value) for tag, _, value in parts if tag not in (b"9", b"10")]


def unlike(expected: bytes, heard: bytes, known: dict[str, bytes]) -> str:
    """The first difference, "" if there is none; remembers what the script gives names to."""
    wanted, got = fields(expected), fields(heard)
    for (tag, value), (found_tag, found) in zip(wanted, got, strict=False):
        if tag != found_tag:
            return f"field {tag.decode()} was due, not {found_tag.decode('latin-1')}"
        if not _is_like(value, found, known):
            return f"field {tag.decode()} is {shown(found)!r}"
    if len(wanted) != len(got):
        more = (got if len(got) > len(wanted) else wanted)[min(len(got), len(wanted)) :]
        return f"{'too much' if len(got) > len(wanted) else 'missing'}: {shown(SOH.join(tag for tag, _ in more))}"
    return ""


def _is_like(value: bytes, found: bytes, known: dict[str, bytes]) -> bool:
    zeros = _ZEROS.fullmatch(value)
    if zeros:
        digits = len(zeros[1]) if zeros[1] else 0
        fraction = rf"\.\d{{{digits}}}" if digits else ""
        return bool(re.fullmatch(rf"\d{{8}}-\d\d:\d\d:\d\d{fraction}".encode(), found))
    if b"<" not in value:
        return value == found
    at, gaps = 0, []
    for one in _GAP.finditer(value):
        gaps += [re.escape(value[at : one.start()]), b"(.+?)"]
        at = one.end()
    said = re.fullmatch(b"".join(gaps) + re.escape(value[at:]), found, re.DOTALL)
    names = [one[1].decode() for one in _GAP.finditer(value)]
    return said is not None and all(
        name == "*" or known.setdefault(name, got) == got
        for name, got in zip(names, said.groups(), strict=True)
    )


def shown(message: bytes) -> str:
    """For people."""
    return message.replace(SOH, b"|").decode("latin-1")
