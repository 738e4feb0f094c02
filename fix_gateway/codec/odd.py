"""Messages that our codec would refuse, taken apart and put together all the same, for people who look at them.

The only file that imports simplefix, which validates nothing; the tests also ask it what our codec should have read.
"""

from collections.abc import Iterable

import simplefix


def read(raw: bytes) -> list[tuple[int, bytes]]:
    """Tags and values as they stand, up to the CheckSum field or as far as they can be told. ValueError if a tag is no
    number or a field has no end."""
    parser = simplefix.FixParser(
        allow_empty_values=True, allow_missing_begin_string=True, strip_fields_before_begin_string=False
    )
    parser.append_buffer(raw)
    try:
        message = parser.get_message()
    except simplefix.errors.ParsingError as error:
        raise ValueError(str(error)) from error
    pairs = parser.pairs if message is None else message.pairs
    if message is None and parser.get_buffer():
        raise ValueError(f"no field: {bytes(parser.get_buffer()[:40])!r}")
    return [(int(tag), bytes(value)) for tag, value in pairs]


def build(pairs: Iterable[tuple[int, bytes]]) -> bytes:
    """A message of these fields. BodyLength and CheckSum are made anew; 8, 9, 35 stand first and 10 last."""
    message = simplefix.FixMessage()
    for tag, value in pairs:
        message.append_pair(tag, value)
    return bytes(message.encode())
