"""The floor: an asyncio server that looks for the ends of frames and answers each with the same bytes, undecoded.

    python -m benchmarks.fix_peers.canned_acceptor '{"port": 9878}'

What is below its figures is the client, the kernel and the event loop; no engine in Python can be quicker.
"""

import asyncio
import json
import sys
from typing import Any, cast

from benchmarks.fix_peers.requests import frame
from fix_gateway.shell.wire import new_loop

END = b"\x0110="
QUOTE = frame(
    b"35=S\x0149=DESK\x0156=BENCH01\x0134=1\x0152=20260101-00:00:00.000\x0158=" + b"x" * 681 + b"\x01"
)


class Canned(asyncio.Protocol):
    """Answers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its ways only

    def data_received(self, data: bytes) -> None:
        """As many quotes as frames ended; a frame's end is never split in this bench, or is found in the next piece."""
        for kind in (b"A", b"5"):
            if b"\x0135=%s\x01" % kind in data:
                self._transport.write(frame(b"35=%s\x0149=DESK\x0156=BENCH01\x0134=1\x01" % kind))
                return
        self._transport.write(QUOTE * data.count(END))


async def main(asked: dict[str, Any]) -> None:
    """Listen until the input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Canned, "127.0.0.1", asked["port"])
    print(json.dumps({"listening": asked["port"]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main(json.loads(sys.argv[1])))
