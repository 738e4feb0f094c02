"""A neighbour from hell: logs on to an acceptor and then sends it what is nearly FIX, at a steady pace.

    python -m benchmarks.fix_peers.neighbour PORT SENDER

Wrong sums, cut frames, wrong lengths, and noise that begins like a message, about 3 MB a second. When it is thrown out
it comes back. Ends when its input does.
"""

import contextlib
import select
import sys
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.fix_peers.client import Client, Refused
from benchmarks.fix_peers.requests import Requests

CHUNK, PAUSE_S = 65_536, 0.02


def garbage(seed: int) -> Iterator[bytes]:
    """Chunks without end."""
    dice, requests = np.random.default_rng(seed), Requests("X", "DESK", seed)
    good = requests.batch(64, 1)
    while True:
        parts: list[bytes] = []
        while sum(map(len, parts)) < CHUNK:
            one = good[int(dice.integers(len(good)))]
            at = int(dice.integers(30, len(one) - 8))
            parts.append(
                (
                    one[:-4] + b"%02d7\x01" % dice.integers(10, 100),  # a wrong sum (nine times in ten)
                    one[:at],  # cut off
                    one[:at] + bytes(dice.integers(1, 256, 40, dtype=np.uint8)) + one[at:],  # a wrong length
                    b"8=FIX.4.4\x019=" + bytes(dice.integers(1, 256, 300, dtype=np.uint8)),  # noise
                )[int(dice.integers(4))]
            )
        yield b"".join(parts)[:CHUNK]


def main(port: int, sender: str) -> None:
    """Be a nuisance until the input ends."""
    chunks = garbage(99)
    while not select.select([sys.stdin], [], [], 0)[0]:
        with contextlib.suppress(OSError, Refused):
            one = Client(port, sender, 99)
            one.link.settimeout(1)
            while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
                one.link.sendall(next(chunks))
                if select.select([one.link], [], [], 0)[0] and not one.link.recv(65_536):
                    break
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
