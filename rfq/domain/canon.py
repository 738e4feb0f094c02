"""The one canonical encoding and hash of every event, effect, policy and state.

Canonical bytes are compact JSON written by msgspec from tagged structs, fields in declared order, defaults left out.
msgspec is fast but lenient: it writes NaN as null, an int where a float is declared, and a Decimal in whatever
spelling it has. So each class gets a *checker*, compiled once from its type hints (`checkers`), which runs before
the encoder: it refuses what cannot be encoded (NaN, infinity, a wrong type) and reports values that have a second
spelling (-0.0, 1.50, 1E+2), which are then rewritten. Hence `decode(encode(x)) == x` with the same types, and equal
values have equal bytes.

Every tag is `Name.version`. Bytes of an old version are never rewritten; they are read through the upcasters
registered here, one version at a time.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar, cast

import msgspec

from rfq.domain.checkers import CanonError, checker_of, rewrite

T = TypeVar("T")
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

_encode = msgspec.json.Encoder(decimal_format="string").encode
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_upcasters: dict[str, Upcaster] = {}


def encode(value: msgspec.Struct) -> bytes:
    """Canonical bytes of `value`; raises CanonError naming the field that cannot be encoded."""
    if checker_of(type(value))(value):
        value = rewrite(value)
    try:
        return _encode(value)
    except (UnicodeError, OverflowError, msgspec.MsgspecError) as error:
        raise CanonError(f"{type(value).__name__}: {error}") from None


def decode(raw: bytes, kind: type[T]) -> T:
    """The value that `raw` spells; raises CanonError. `kind` may be a union of tagged structs."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders.setdefault(kind, msgspec.json.Decoder(kind))
    try:
        return cast(T, decoder.decode(raw))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        if not _upcasters:
            raise CanonError(f"cannot decode: {error}") from None
        return cast(T, _decode_old(raw, decoder, error))


def is_canonical(raw: bytes, kind: type[Any]) -> bool:
    """True if `raw` is the one spelling of the value it stands for (old versions: of its old spelling)."""
    value = decode(raw, kind)
    return encode(value) == raw or (_has_old_tag(raw) and _encode(msgspec.json.decode(raw)) == raw)


def digest(raw: bytes) -> str:
    """Hex SHA-256 of canonical bytes."""
    return sha256(raw).hexdigest()


def hash_of(value: msgspec.Struct) -> str:
    """Hex SHA-256 of the canonical encoding of `value`."""
    return sha256(encode(value)).hexdigest()


def register_upcaster(tag: str, upcaster: Upcaster) -> None:
    """How the object tagged `tag` ("Name.version") becomes the next version; the result carries the new tag."""
    if tag in _upcasters:
        raise ValueError(f"two upcasters for {tag}")
    _upcasters[tag] = upcaster


def forget_upcaster(tag: str) -> None:
    """Take an upcaster back (tests of the mechanism)."""
    del _upcasters[tag]


def _decode_old(raw: bytes, decoder: msgspec.json.Decoder[Any], error: Exception) -> Any:
    """Upcast every old object in `raw`, innermost first, then decode; the stored bytes stay as they are."""
    try:
        lifted = _lift(msgspec.json.decode(raw))
        return decoder.decode(_encode(lifted))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise CanonError(f"cannot decode: {error}") from None


def _lift(node: Any) -> Any:
    if isinstance(node, list):
        return [_lift(item) for item in node]
    if not isinstance(node, dict):
        return node
    lifted = {key: _lift(item) for key, item in node.items()}
    while (upcaster := _upcasters.get(str(lifted.get("_")))) is not None:
        lifted = upcaster(lifted)
    return lifted


def _has_old_tag(raw: bytes) -> bool:
    return any(f'"_":"{tag}"'.encode() in raw for tag in _upcasters)
