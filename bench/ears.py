"""Many sockets at little cost: they shake hands, say one thing, and note when they are told."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: {cookie}\r\n\r\n"
)


class Ear(asyncio.Protocol):
    """One socket; `heard_at` is when it was last told something."""

    def __init__(self, request: bytes, hello: bytes) -> None:
        self.request = request
        self.hello = hello
        self.is_open = asyncio.Event()
        self.heard_at = 0.0
        self.said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.perf_counter()
        self.said = (self.said + data)[-1000:]
        if data[0] == 0x89:  # a ping, by itself in its segment
            self.transport.write(_masked(data[2:], opcode=0x8A))
        if not self.is_open.is_set() and data.startswith(b"HTTP/1.1 101"):
            if self.hello:
                self.transport.write(_masked(self.hello))
            self.is_open.set()


async def open_ears(
    number: int, *, port: int, path: str = "/", cookie: str = "", hello: bytes = b""
) -> list[Ear]:
    """So many sockets, all past their handshake, fifty at a time."""
    request = HANDSHAKE.format(path=path, port=port, cookie=cookie).encode()
    loop = asyncio.get_running_loop()
    ears: list[Ear] = []
    while len(ears) < number:
        some = min(50, number - len(ears))
        made = [loop.create_connection(lambda: Ear(request, hello), "127.0.0.1", port)
                for _ in range(some)]  # fmt: skip
        fresh = [ear for _, ear in await asyncio.gather(*made)]
        await asyncio.wait_for(asyncio.gather(*(ear.is_open.wait() for ear in fresh)), 60)
        ears += fresh
    return ears


async def quiet(ears: Sequence[Ear], *, seconds: float = 1.0) -> None:
    """Return when nobody has been told anything for a while."""
    waits = seconds
    while waits > 0:
        await asyncio.sleep(waits)
        waits = seconds - (time.perf_counter() - max(ear.heard_at for ear in ears))


async def until_said(ears: Sequence[Ear], words: bytes, *, seconds: float = 60) -> None:
    """Return when each of them has been told these words. Raises TimeoutError."""
    deadline = time.perf_counter() + seconds
    while not all(words in ear.said for ear in ears):
        if time.perf_counter() > deadline:
            raise TimeoutError(f"not everybody was told {words!r}")
        await asyncio.sleep(0.05)


async def last_heard(ears: Sequence[Ear], *, after: float, seconds: float = 30) -> float:
    """When the last of them was told something after this moment."""
    deadline = time.perf_counter() + seconds
    while not all(ear.heard_at > after for ear in ears):
        if time.perf_counter() > deadline:
            deaf = sum(ear.heard_at <= after for ear in ears)
            raise TimeoutError(f"{deaf} of {len(ears)} sockets were told nothing")
        await asyncio.sleep(0.001)
    return max(ear.heard_at for ear in ears)


def hang_up(ears: Sequence[Ear]) -> None:
    """They are gone, without a word."""
    for ear in ears:
        ear.transport.abort()


def _masked(text: bytes, opcode: int = 0x81) -> bytes:
    """A frame as a browser sends it (RFC 6455, 5.3); at most 125 bytes."""
    assert len(text) < 126
    mask = os.urandom(4)
    return (
        bytes([opcode, 0x80 | len(text)])
        + mask
        + bytes(byte ^ mask[place % 4] for place, byte in enumerate(text))
    )
