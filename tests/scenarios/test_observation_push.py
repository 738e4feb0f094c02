"""Observations pushed over HTTP and WebSocket to a door on loopback."""

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError

from rfq.feeds.observations.push import BYTES_MAX, ROWS_MAX, Push
from rfq.feeds.observations.rows import Observation

AT = 1_790_000_000 * 10**9
NEWS = {"kind": "news", "source": "wire", "text": "Bitcoin rallies", "received_at": "2020-01-01T00:00:00Z"}
Talk = Callable[[ClientSession, str], Awaitable[None]]


def _with_door(talk: Talk, token: str = "") -> tuple[list[Observation], Push]:
    taken: list[Observation] = []
    push = Push(taken.append, lambda: AT, token)

    async def run() -> None:
        port = await push.open()
        try:
            async with ClientSession() as session:
                await talk(session, f"http://127.0.0.1:{port}/observations")
        finally:
            await push.close()

    asyncio.run(run())
    return taken, push


def test_rows_are_taken_with_our_clock_and_bad_ones_named() -> None:
    async def talk(session: ClientSession, url: str) -> None:
        async with session.post(url, json=[NEWS, {"kind": "macro", "source": "bls"}, 7]) as answer:
            assert answer.status == 422
            said = await answer.json()
            assert said["taken"] == 1
            assert [(each["row"], each["field"]) for each in said["refused"]] == [(2, "value"), (3, "row")]
        async with session.post(url, json=NEWS) as answer:
            assert (answer.status, (await answer.json())["taken"]) == (200, 1)
        async with session.post(
            url, data=b'{"kind":"macro","source":"a","value":1}\n{"kind":"x"}\n'
        ) as answer:
            assert (await answer.json())["taken"] == 1

    taken, push = _with_door(talk)
    assert [row.received_at for row in taken] == [AT] * 3
    assert (push.taken, push.refused) == (3, 3)


@pytest.mark.parametrize("raw", [b"", b"\xff\x00", b"[" * 100_000, b'{"kind":', b"[1e999]", b"null"])
def test_no_bytes_bring_it_down(raw: bytes) -> None:
    async def talk(session: ClientSession, url: str) -> None:
        async with session.post(url, data=raw) as answer:
            assert answer.status == 422
            assert (await answer.json())["taken"] == 0
        async with session.post(url, json=NEWS) as answer:
            assert answer.status == 200

    taken, _ = _with_door(talk)
    assert len(taken) == 1


def test_too_much_at_once_is_refused_and_the_next_is_taken() -> None:
    async def talk(session: ClientSession, url: str) -> None:
        async with session.post(url, data=BytesIO(b" " * (BYTES_MAX + 1))) as answer:
            assert answer.status == 413
        async with session.post(url, json=[{}] * (ROWS_MAX + 1)) as answer:
            assert f"{ROWS_MAX} at most" in (await answer.json())["refused"][0]["problem"]
        async with session.post(url, json=NEWS) as answer:
            assert answer.status == 200

    taken, _ = _with_door(talk)
    assert len(taken) == 1


def test_a_socket_takes_the_same_rows() -> None:
    async def talk(session: ClientSession, url: str) -> None:
        async with session.ws_connect(url + "/ws") as socket:
            await socket.send_json(NEWS)
            assert await socket.receive_json() == {"taken": 1, "refused": []}
            await socket.send_bytes(b"no json")
            assert (await socket.receive_json())["taken"] == 0
            await socket.send_str("x" * (BYTES_MAX + 1))
            assert (await socket.receive()).type is WSMsgType.CLOSE

    taken, _ = _with_door(talk)
    assert len(taken) == 1


def test_with_a_token_nobody_else_comes_in() -> None:
    async def talk(session: ClientSession, url: str) -> None:
        for said in ({}, {"Authorization": "Bearer no"}, {"Authorization": "secret"}):
            async with session.post(url, json=NEWS, headers=said) as answer:
                assert answer.status == 401
            with pytest.raises(WSServerHandshakeError):
                await session.ws_connect(url + "/ws", headers=said)
        async with session.post(url, json=NEWS, headers={"Authorization": "Bearer secret"}) as answer:
            assert answer.status == 200

    taken, _ = _with_door(talk, "secret")
    assert len(taken) == 1


def test_beyond_loopback_a_token_is_needed() -> None:
    with pytest.raises(ValueError, match="token"):
        asyncio.run(Push(print, lambda: AT).open("0.0.0.0"))
