"""What one peer may cost us: messages, bytes that wait, lines. Whatever it does, its neighbour goes on."""

import asyncio

import pytest
from fix_links import ORDER, echo, is_well, play, street, until

from fix_gateway.errors import LocalProtocolError
from fix_gateway.shell.ports import LinkSettings, Rate


@pytest.mark.parametrize(("asked", "reason"), [(0, b"0"), (6, b"6")])
def test_one_message_too_many_is_refused_and_the_session_goes_on(asked: int, reason: bytes) -> None:
    async def story() -> None:
        async with street() as desk:
            rate = Rate(per_s=1e-6, burst=2, reason=asked)
            link = desk.add("ALPHA", settings=LinkSettings(rate=rate))
            peer = await desk.logged_on("ALPHA")
            for name in ("a", "b", "c", "d"):
                peer.order(name)
            for seq in (b"4", b"5"):
                answer = await peer.hear()
                assert answer.msg_type == "j" and answer.text(380) == reason and answer.text(45) == seq
                assert answer.text(58) == b"Too many messages"
            assert desk.application.ids() == [b"a", b"b"] and link.throttled == 2
            await is_well(peer)
            assert link.session.store.next_in == 7
            await peer.close()

    play(story())


def test_or_the_session_ends_with_it() -> None:
    async def story() -> None:
        async with street() as desk:
            rate = Rate(per_s=1e-6, burst=1, then="disconnect")
            desk.add("ALPHA", settings=LinkSettings(rate=rate))
            peer = await desk.logged_on("ALPHA")
            peer.order("a")
            peer.order("b")
            assert [(await peer.hear()).msg_type for _ in range(2)] == ["j", "5"]
            peer.say("5")
            assert await peer.end() == b""
            assert desk.application.told[-1] == "ALPHA down: Too many messages"
            await peer.close()

    play(story())


def test_a_slow_reader_is_dropped_while_its_neighbour_goes_on() -> None:
    async def story() -> None:
        async with street() as desk:
            slow = desk.add("ALPHA", settings=LinkSettings(buffer_max=100_000, slow_s=0.05))
            desk.add("BETA")
            alpha, beta = await desk.logged_on("ALPHA", room=4_096), await desk.logged_on("BETA")
            text = b"320=x\x01322=y\x01323=6\x0158=%b\x01" % (b"z" * 30_000)
            sent = 0
            while slow.is_up:
                with_room = 0
                while slow.is_up and with_room < 2:
                    slow.send("d", text)
                    with_room += 1
                    sent += 1
                await is_well(beta)
            assert sent < 1_000
            reason = str(desk.lines.of("fix_dropped")[0]["reason"])
            assert "does not read" in reason or "bytes wait" in reason
            with pytest.raises(LocalProtocolError):
                slow.send("d", text)
            await is_well(beta)
            for peer in (alpha, beta):
                await peer.close()

    play(story())


def test_a_peer_that_only_talks_is_not_read_from_and_dropped() -> None:
    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA", settings=LinkSettings(buffer_max=100_000, slow_s=0.05))
            peer = await desk.logged_on("ALPHA", room=4_096)
            probe = b"112=%b\x01" % (b"x" * 20_000)
            with pytest.raises(ConnectionError):
                while True:
                    peer.say("1", probe)
                    await peer.drain()
            assert not link.is_up
            assert desk.lines.of("fix_dropped") and link.counts.received < 1_000
            await peer.close()

    play(story())


def test_a_long_resend_comes_whole_though_it_is_larger_than_what_may_wait() -> None:
    async def story() -> None:
        async with street() as desk:
            settings = LinkSettings(buffer_max=100_000)
            link = desk.add("ALPHA", settings=settings, replay=None, resend_burst=10)
            peer = await desk.logged_on("ALPHA", room=4_096)
            for number in range(2_000):
                link.send("D", ORDER % b"%d" % number)
                if number % 100 == 0:
                    await asyncio.sleep(0)
                    for _ in range(100 if number else 1):
                        await peer.hear()
            for _ in range(99):
                await peer.hear()
            peer.say("2", b"7=2\x0116=0\x01")
            again = [await peer.hear() for _ in range(2_000)]
            assert [one.text(11) for one in again] == [b"%d" % number for number in range(2_000)]
            assert all(one.poss_dup for one in again) and link.is_up
            await peer.close()

    play(story())


@pytest.mark.parametrize(
    "noise", [b"\x00" * 3_000, b"8=FIX.4.4\x019=5\x01" * 300, b"8=FIX.4.4\x019=abc\x0135=0\x01"]
)
def test_garbage_of_one_never_touches_another(noise: bytes) -> None:
    async def story() -> None:
        async with street() as desk:
            alpha_link, beta_link = desk.add("ALPHA"), desk.add("BETA")
            desk.application.answer = echo
            alpha, beta = await desk.logged_on("ALPHA"), await desk.logged_on("BETA")
            for number in range(200):
                alpha.write(noise)
                if number % 50 == 0:
                    beta.order(f"b{number}")
                    assert (await beta.hear()).text(11) == b"b%d" % number
            await is_well(beta)
            assert beta_link.counts.garbled == 0 and beta_link.session.store.next_in == 7
            assert alpha_link.session.store.next_in == 2, "no number is moved by garbage"
            for peer in (alpha, beta):
                await peer.close()

    play(story())


def test_garbage_does_not_flood_the_operator() -> None:
    async def story() -> None:
        async with street() as desk:
            link = desk.add("ALPHA")
            peer = await desk.logged_on("ALPHA")
            bad = peer.message("0", seq=9)[:-4] + b"999\x01"
            for _ in range(1_000):
                peer.write(bad)
            await is_well(peer)
            assert link.counts.garbled == 1_000
            assert len(desk.lines.told) < 250 and link.untold > 700
            await peer.close()

    play(story())


def test_a_flood_of_good_messages_leaves_room_for_the_neighbour() -> None:
    async def story() -> None:
        async with street() as desk:
            desk.add("ALPHA")
            desk.add("BETA")
            alpha, beta = await desk.logged_on("ALPHA"), await desk.logged_on("BETA")
            flood = [alpha.message("D", ORDER % b"%d" % number) for number in range(5_000)]
            alpha.write(*flood)
            await until(lambda: desk.application.heard)
            await is_well(beta)
            assert len(desk.application.heard) < 5_000
            await until(lambda: len(desk.application.heard) == 5_000)
            assert desk.application.ids() == [b"%d" % number for number in range(5_000)]
            for peer in (alpha, beta):
                await peer.close()

    play(story())
