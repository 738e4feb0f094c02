"""A message's last step to the wire: its first two fields and its last are made from the rest."""

from fix_gateway.codec.values import SUMS, checksum


def frame(begin: bytes, rest: bytes) -> bytes:
    """The whole message. `rest` begins with `35=` and ends with a separator."""
    text = b"8=%b\x019=%d\x01%b" % (begin, len(rest), rest)
    return text + SUMS[checksum(text)]
