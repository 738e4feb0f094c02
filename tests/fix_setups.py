"""Engines for the scripts in tests/scenarios/fix: what is agreed with each counterparty, and what the application does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fix_script import Ask, Dial, End, Failed

HOST = "127.0.0.1"
Setup = Callable[[Path], AbstractAsyncContextManager[tuple[Dial, Ask]]]


async def nothing(words: list[str]) -> None:
    raise Failed(f"this set-up does not know {words}")


@asynccontextmanager
async def dialling(port: int) -> AsyncIterator[tuple[Dial, Ask]]:
    """An engine that listens already."""

    async def dial(link: int) -> End:
        return End(*await asyncio.open_connection(HOST, port))

    yield dial, nothing


SETUPS: dict[str, Setup] = {}
