"""Real sockets on loopback for the FIX shell: an acceptor with sessions, a raw counterparty, certificates."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fix_gateway.codec.decode import Decoder
from fix_gateway.codec.decoded import Decoded
from fix_gateway.codec.encode import frame
from fix_gateway.codec.framer import Framer
from fix_gateway.codec.values import stamp
from fix_gateway.dictionary.standard import load
from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore, Store
from fix_gateway.shell.acceptor import Acceptor, Door, Networks, Seat
from fix_gateway.shell.connection import Link
from fix_gateway.shell.ports import LinkSettings
from fix_gateway.shell.secure import Tls
from fix_gateway.shell.wire import new_loop

PATIENCE_S = 30.0
"""Nothing here takes long; who waits longer waits in vain."""
DECODER = Decoder(load("FIX.4.4"))
ORDER = b"11=%b\x0121=1\x0138=1\x0140=1\x0154=1\x0155=BTC\x0160=20260105-08:00:00\x01"


def play(story: Coroutine[Any, Any, None]) -> None:
    """Run a story on a loop of its own, with a deadline."""

    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await story

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(bounded())


async def until(true: Callable[[], object], what: str = "it") -> None:
    """Wait for something that another task brings about."""
    for _ in range(10_000):
        if true():
            return
        await asyncio.sleep(0.002)
    raise AssertionError(f"never: {what}")


class Time:
    """The wall clock, until a test moves it."""

    def __init__(self) -> None:
        self.moved = 0

    def now(self) -> int:
        return time.time_ns() + self.moved

    def at(self, instant: int) -> "Time":
        """It is this instant now."""
        self.moved = instant - time.time_ns()
        return self


class Lines:
    """A scribe that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, dict[str, object]]] = []

    def info(self, event: str, **fields: object) -> None:
        self.told.append(("info", event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.told.append(("warning", event, fields))

    def error(self, event: str, **fields: object) -> None:
        self.told.append(("error", event, fields))

    def of(self, event: str) -> list[dict[str, object]]:
        """The fields of each line of one kind."""
        return [fields for _, name, fields in self.told if name == event]


class Hearer:
    """An application that keeps what it hears; `answer` may be replaced."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.heard: list[Decoded] = []
        self.answer: Callable[[Link, Decoded], bool] = lambda link, message: True

    def on_up(self, link: Link) -> None:
        self.told.append(f"{link.name} up")

    def on_down(self, link: Link, reason: str) -> None:
        self.told.append(f"{link.name} down: {reason}")

    def on_message(self, link: Link, message: Decoded) -> bool:
        self.heard.append(message)
        return self.answer(link, message)

    def ids(self) -> list[bytes]:
        """ClOrdID of each message."""
        return [message.text(11) for message in self.heard]


def echo(link: Link, message: Decoded) -> bool:
    """An answer that sends the order back."""
    link.send("D", ORDER % message.text(11))
    return True


class Street:
    """A desk and who may connect to it. Each name is a counterparty's CompID; the desk's is DESK."""

    def __init__(self, door: Door | None = None) -> None:
        self.time = Time()
        self.lines = Lines()
        self.application = Hearer()
        self.seats: dict[tuple[str, str, str], Seat] = {}
        self.acceptor = Acceptor(door or Door(), self._find, self.time.now, self.lines)
        self.port = 0

    def _find(self, begin: str, sender: str, target: str) -> Seat | None:
        return self.seats.get((begin, sender, target))

    def add(
        self,
        name: str,
        *,
        store: Store | None = None,
        settings: LinkSettings | None = None,
        allowed: Networks = (),
        certificate: str = "",
        committer: Any = None,
        log: Any = None,
        decoder: Any = DECODER,
        **changes: Any,
    ) -> Link:
        """A session with `name`; `changes` are of its SessionSettings."""
        given = {"name": name, "begin": "FIX.4.4", "sender": "DESK", "target": name, **changes}
        session = Session(SessionSettings(**given), store or MemoryStore(), decoder)
        link = Link(
            *(session, self.application, self.time.now, self.lines),
            settings=settings,
            committer=committer,
            log=log,
        )
        self.seats["FIX.4.4", name, "DESK"] = Seat(link=link, allowed=allowed, certificate=certificate)
        return link

    async def peer(self, name: str, **how: Any) -> "Peer":
        """A connection of a counterparty that has not logged on."""
        return await Peer.connect(name, self.port, self.time, **how)

    async def logged_on(self, name: str, **how: Any) -> "Peer":
        """A counterparty that has."""
        peer = await self.peer(name, **how)
        await peer.log_on()
        return peer


@asynccontextmanager
async def street(door: Door | None = None) -> AsyncIterator[Street]:
    """A desk that listens; closed in the end."""
    made = Street(door)
    made.port = await made.acceptor.open()
    try:
        yield made
    finally:
        await made.acceptor.close(drain_s=0.2)


class Peer:
    """A counterparty by hand: it says what it is told to, and hears what comes."""

    def __init__(self, name: str, time: Time, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.name, self.seq = name, 1
        self._time, self._reader, self._writer = time, reader, writer
        self._framer = Framer()
        self._frames: list[bytes] = []

    @classmethod
    async def connect(
        cls, name: str, port: int, time: Time, *, tls: ssl.SSLContext | None = None, room: int = 0
    ) -> "Peer":
        """`room`: how many bytes the kernel may keep for us."""
        connected = socket.socket()
        connected.setblocking(False)
        if room:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        try:
            await asyncio.get_running_loop().sock_connect(connected, ("127.0.0.1", port))
        except OSError:
            connected.close()
            raise
        more: dict[str, Any] = (
            {"ssl": tls, "server_hostname": "localhost", "ssl_shutdown_timeout": 1.0} if tls else {}
        )
        reader, writer = await asyncio.open_connection(sock=connected, **more)
        return cls(name, time, reader, writer)

    def message(self, msg_type: str, body: bytes = b"", *, seq: int = 0, header: bytes = b"") -> bytes:
        """The next message, or one with another number."""
        number = seq or self.seq
        self.seq += not seq
        middle = stamp(self._time.now(), 3)
        head = b"35=%b\x0134=%d\x0149=%b\x0152=%b\x0156=DESK\x01" % (
            msg_type.encode(),
            number,
            self.name.encode(),
            middle,
        )
        return frame(b"FIX.4.4", head + header + body)

    def write(self, *pieces: bytes) -> None:
        """Bytes as they are; into the void if the desk has closed."""
        if not self._writer.is_closing():
            self._writer.write(b"".join(pieces))

    def say(self, msg_type: str, body: bytes = b"", **how: Any) -> None:
        """One message."""
        self.write(self.message(msg_type, body, **how))

    def order(self, name: str) -> None:
        """An order with this ClOrdID."""
        self.say("D", ORDER % name.encode())

    async def drain(self) -> None:
        """Wait until the kernel has taken what was said."""
        await self._writer.drain()

    async def log_on(self, more: bytes = b"") -> Decoded:
        """Say a Logon; the desk's."""
        self.say("A", b"98=0\x01108=30\x01" + more)
        answer = await self.hear()
        assert answer.msg_type == "A", answer
        return answer

    async def hear(self) -> Decoded:
        """The next message."""
        while not self._frames:
            read = await self._reader.read(1 << 16)
            assert read, "the desk has closed"
            for found in self._framer.feed(read):
                assert isinstance(found, bytes), found
                self._frames.append(found)
        return DECODER.decode(self._frames.pop(0))

    async def end(self) -> bytes:
        """Everything that still comes until the desk closes."""
        rest = b"".join(self._frames)
        while True:
            try:
                read = await self._reader.read(1 << 16)
            except ConnectionError:
                return rest
            if not read:
                return rest
            rest += read

    async def close(self) -> None:
        """Our side goes."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


async def is_well(peer: "Peer") -> None:
    """A session that answers."""
    peer.say("1", b"112=well?\x01")
    while (heard := await peer.hear()).msg_type != "0":
        pass
    assert heard.text(112) == b"well?"


class Authority:
    """Makes certificates in a folder; everybody who trusts `path` trusts them."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = folder / f"{name}.pem"
        self._store(self.path, self._signed(self._name, self._key.public_key(), is_authority=True))

    def issue(self, name: str, organization: str = "Desk Ltd") -> Tls:
        """A certificate for `name` (also for localhost), trusting this authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        certificate, secret = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        self._store(certificate, self._signed(subject, key.public_key()))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return Tls(certificate=certificate, key=secret, authorities=self.path)

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, is_authority: bool = False
    ) -> x509.Certificate:
        begun = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begun)
            .not_valid_after(begun + dt.timedelta(days=36_500))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
            )
        )
        return builder.sign(self._key, hashes.SHA256())

    @staticmethod
    def _store(path: Path, certificate: x509.Certificate) -> None:
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
