"""TLS: who shows what to whom, and what happens to who does not."""

import asyncio
import ssl
from pathlib import Path

import pytest
from fix_links import DECODER, Authority, Hearer, Street, is_well, play, street, until

from fix_gateway.session.session import Session
from fix_gateway.session.settings import SessionSettings
from fix_gateway.session.store import MemoryStore
from fix_gateway.shell.acceptor import Door
from fix_gateway.shell.connection import Link
from fix_gateway.shell.initiator import Initiator, Place
from fix_gateway.shell.secure import Tls, acceptor_context, initiator_context, same_subject

LOGON = b"98=0\x01108=30\x01"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def door(authority: Authority, *, clients: bool) -> Door:
    files = authority.issue("localhost")
    wanted = files if clients else Tls(certificate=files.certificate, key=files.key)
    return Door(tls=acceptor_context(wanted))


async def is_turned_away(desk: Street, name: str, context: ssl.SSLContext) -> None:
    """Whatever way TLS has of saying no, no byte of FIX comes back."""
    try:
        peer = await desk.peer(name, tls=context)
    except OSError:
        return
    peer.say("A", LOGON)
    assert await peer.end() == b""
    await peer.close()


def test_without_client_certificates(authority: Authority) -> None:
    async def story() -> None:
        async with street(door(authority, clients=False)) as desk:
            desk.add("ALPHA")
            peer = await desk.logged_on("ALPHA", tls=initiator_context(Tls(authorities=authority.path)))
            await is_well(peer)
            peer.say("5")
            assert (await peer.hear()).msg_type == "5"
            assert await peer.end() == b""
            await peer.close()

    play(story())


def test_the_client_checks_the_server(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "other")

    async def story() -> None:
        async with street(door(authority, clients=False)) as desk:
            desk.add("ALPHA")
            with pytest.raises(ssl.SSLCertVerificationError):
                await desk.peer("ALPHA", tls=initiator_context(Tls(authorities=other.path)))

    play(story())


def test_a_client_certificate_is_demanded_and_checked(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "other")
    forged = other.issue("alpha")

    async def story() -> None:
        async with street(door(authority, clients=True)) as desk:
            desk.add("ALPHA")
            await is_turned_away(desk, "ALPHA", initiator_context(Tls(authorities=authority.path)))
            wrong = Tls(certificate=forged.certificate, key=forged.key, authorities=authority.path)
            await is_turned_away(desk, "ALPHA", initiator_context(wrong))
            await until(lambda: desk.acceptor.refused == 2)
            assert desk.application.told == []
            peer = await desk.logged_on("ALPHA", tls=initiator_context(authority.issue("alpha")))
            await is_well(peer)
            await peer.close()

    play(story())


def test_a_session_is_bound_to_its_certificate(authority: Authority) -> None:
    alpha, beta = (initiator_context(authority.issue(name)) for name in ("alpha", "beta"))

    async def story() -> None:
        async with street(door(authority, clients=True)) as desk:
            desk.add("ALPHA", certificate="CN=alpha, O=Desk Ltd, C=DE")
            await is_turned_away(desk, "ALPHA", beta)
            assert "may not come with this certificate" in str(desk.lines.of("fix_refused")[-1]["why"])
            peer = await desk.logged_on("ALPHA", tls=alpha)
            await is_well(peer)
            await peer.close()

    play(story())


def test_a_session_with_a_certificate_is_never_met_in_the_clear() -> None:
    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA", certificate="CN=alpha")
            peer = await desk.peer("ALPHA")
            peer.say("A", LOGON)
            assert await peer.end() == b""
            await peer.close()

    play(story())


def test_who_does_not_speak_tls_is_gone_and_others_are_let_in(authority: Authority) -> None:
    async def story() -> None:
        async with street(door(authority, clients=False)) as desk:
            desk.add("ALPHA")
            plain = await desk.peer("ALPHA")
            plain.say("A", LOGON)
            rest = await plain.end()
            assert b"8=FIX" not in rest
            await until(lambda: desk.acceptor.refused == 1)
            peer = await desk.logged_on("ALPHA", tls=initiator_context(Tls(authorities=authority.path)))
            for one in (plain, peer):
                await one.close()

    play(story())


def test_half_a_handshake_is_a_guest(authority: Authority) -> None:
    at = door(authority, clients=False)

    async def story() -> None:
        async with street(Door(tls=at.tls, guests_max=1)) as desk:
            silent = await desk.peer("ALPHA")
            await until(lambda: desk.acceptor.guests == 1)
            second = await desk.peer("ALPHA")
            assert await second.end() == b""
            assert desk.lines.of("fix_refused")[-1]["why"] == "too many guests"
            for peer in (silent, second):
                await peer.close()

    play(story())


def test_our_initiator_shows_its_certificate(authority: Authority) -> None:
    async def story() -> None:
        async with street(door(authority, clients=True)) as desk:
            desk.add("ALPHA", certificate="CN=alpha,O=Desk Ltd,C=DE")
            client = Hearer()
            settings = SessionSettings(
                name="to desk", begin="FIX.4.4", sender="ALPHA", target="DESK", initiator=True
            )
            session = Session(settings, MemoryStore(), DECODER)
            link = Link(session, client, desk.time.now, desk.lines)
            place = Place(
                addresses=(("127.0.0.1", desk.port),),
                tls=initiator_context(authority.issue("alpha")),
                server_name="localhost",
            )
            initiator = Initiator(link, place, desk.time.now, desk.lines)
            initiator.open()
            await until(lambda: client.told == ["to desk up"])
            await initiator.close("done", drain_s=2)
            await asyncio.sleep(0)
            assert client.told == ["to desk up", "to desk down: done"]
            assert desk.application.told[1].startswith("ALPHA down: logged out by the peer")

    play(story())


def test_what_is_too_old_is_not_spoken(authority: Authority) -> None:
    for context in (
        acceptor_context(authority.issue("localhost")),
        initiator_context(Tls(authorities=authority.path)),
    ):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert initiator_context(Tls(authorities=authority.path)).check_hostname
    with pytest.raises(ValueError, match="certificate"):
        acceptor_context(Tls())
    with pytest.raises(ValueError, match="authorities"):
        initiator_context(Tls())


def test_subjects_are_compared_by_their_parts() -> None:
    assert same_subject("CN=a,O=b,C=DE", "C=DE, O=b, CN=a")
    assert not same_subject("CN=a,O=b", "CN=a")
    assert not same_subject(r"O=x\,CN=alpha", "O=x,CN=alpha"), "a comma inside a value parts nothing"
