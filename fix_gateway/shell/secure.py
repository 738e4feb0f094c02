"""TLS: what we accept and what we offer. TLS 1.2 is the oldest that we speak; no protocol is negotiated in the clear.

A peer's certificate says who it is by its subject, written as "CN=alpha,O=Alpha Ltd,C=DE" (most significant last, and a
comma or backslash inside a value after a backslash, as in RFC 4514). A session may be bound to a subject: the Logon is
then refused on any other certificate.
"""

import re
import ssl
from collections.abc import Mapping
from pathlib import Path

import msgspec

HANDSHAKE_S = 5.0
"""A peer that has not finished its handshake by then is dropped."""
SHUTDOWN_S = 2.0
"""How long we wait for a peer's close_notify."""

_ESCAPED = re.compile(r"[,\\]")
_BEFORE = r"\\\g<0>"
_PART = re.compile(r"(?:[^,\\]|\\.)+")
_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
}


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """Files: our certificate with its chain, its key, and the authorities whose certificates we trust in the peer.
    An acceptor needs the first two; with `authorities` it demands a client certificate. An initiator needs
    `authorities`, and shows a certificate if it has one; `server_name` is what the acceptor's certificate must be for
    (empty: the host that we connect to)."""

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    server_name: str = ""


def acceptor_context(tls: Tls) -> ssl.SSLContext:
    """What an acceptor listens with; ValueError or OSError if a file is missing or is no certificate."""
    if tls.certificate is None:
        raise ValueError("tls: an acceptor needs a certificate and its key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context, tls)
    if tls.authorities is not None:
        context.load_verify_locations(tls.authorities)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def initiator_context(tls: Tls) -> ssl.SSLContext:
    """What an initiator connects with: the acceptor's certificate and its name are always checked."""
    if tls.authorities is None:
        raise ValueError("tls: an initiator needs the authorities that it trusts")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _harden(context, tls)
    context.load_verify_locations(tls.authorities)
    return context


def _harden(context: ssl.SSLContext, tls: Tls) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)


def subject(certificate: Mapping[str, object] | None) -> str:
    """The subject of a certificate as `ssl` tells it; "" for none."""
    names = (certificate or {}).get("subject", ())
    assert isinstance(names, tuple)
    parts = [
        f"{_SHORT.get(key, key)}={_ESCAPED.sub(_BEFORE, value)}" for group in names for key, value in group
    ]
    return ",".join(reversed(parts))


def same_subject(one: str, other: str) -> bool:
    """Whether two subjects have the same parts, in whatever order and with whatever space around the commas."""
    return _parts(one) == _parts(other)


def _parts(text: str) -> list[str]:
    return sorted(part.strip() for part in _PART.findall(text))
