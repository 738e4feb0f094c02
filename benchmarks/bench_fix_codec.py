"""The codec alone: what framing, decoding, and encoding a message cost. The message is a QuoteRequest of 712 bytes with
67 fields and 4 legs (FIX 4.4), no two alike; nothing else runs, so this is processor time that the gateway's figures
contain."""

import gc
import time
from collections.abc import Callable, Sequence

from benchmarks.fix_peers.requests import Requests
from benchmarks.rows import Row
from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.encode import frame
from fix_gateway.codec.framer import Framer
from fix_gateway.dictionary.standard import load

FRAME_US, DECODE_US, LINEAR = 2.0, 14.0, 1.5
BUFFERED = 8_000
BATCH = 200


def best_us(call: Callable[[bytes], object], messages: Sequence[bytes], rounds: int) -> float:
    """Microseconds of processor time a call, in the best of so many batches."""
    best = float("inf")
    gc.disable()
    try:
        for turn in range(rounds):
            at = turn * BATCH % max(1, len(messages) - BATCH)
            batch = messages[at : at + BATCH]
            begun = time.process_time()
            for message in batch:
                call(message)
            best = min(best, (time.process_time() - begun) / len(batch))
    finally:
        gc.enable()
    return best * 1e6


def main(quick: bool = False) -> list[Row]:
    """All figures; `quick` takes a fifth of the rounds."""
    rounds = 40 if quick else 200
    messages = Requests("BENCH", "DESK", 7).batch(4_000, 1)
    dictionary = load("FIX.4.4")
    return [
        *_framing(messages, rounds),
        *_decoding(messages, Decoder(dictionary), rounds),
        _careful(messages, rounds),
    ]


def _framing(messages: list[bytes], rounds: int) -> list[Row]:
    one = best_us(Framer().feed, messages, rounds)
    stream = (messages * 2)[:BUFFERED]
    whole = b"".join(stream)
    assert len(Framer().feed(whole)) == BUFFERED
    many = best_us(Framer().feed, [whole], max(3, rounds // 10)) / BUFFERED
    rests = [message[message.index(b"35=") : -7] for message in messages]
    encoded = best_us(lambda rest: frame(b"FIX.4.4", rest), rests, rounds)
    return [
        Row("frame one message", f"{one:.2f} µs", f"≤ {FRAME_US} µs", one <= FRAME_US),
        Row(
            f"frame {BUFFERED} messages that came together",
            f"{many:.2f} µs each",
            "≤ 1.5 × one",
            many <= LINEAR * one,
        ),
        Row("encode: length and sum around a body", f"{encoded:.2f} µs"),
    ]


def _decoding(messages: list[bytes], decoder: Decoder, rounds: int) -> list[Row]:
    for message in messages[:50]:
        assert decoder.decode(message).fault is None
    assert decoder.plans == 1
    quick = best_us(decoder.decode, messages, rounds)
    return [
        Row("decode and validate, a known shape", f"{quick:.1f} µs", f"≤ {DECODE_US} µs", quick <= DECODE_US)
    ]


def _careful(messages: list[bytes], rounds: int) -> Row:
    decoder = Decoder(load("FIX.4.4"), fast=False)
    return Row(
        "decode and validate, a shape not known yet",
        f"{best_us(decoder.decode, messages, rounds // 4):.1f} µs",
    )
