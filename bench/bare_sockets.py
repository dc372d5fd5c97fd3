"""The limit: asyncio alone with sockets that have shaken hands, `python -m bench.bare_sockets
PORT`; hands one frame to all of them at each line on stdin."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import sys
from typing import cast

import uvloop

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT = b'{"v":1,"seq":100001,"type":"message","ticket":4711,"rev":0}'
FRAME = bytes([0x81, len(TEXT)]) + TEXT


class Bare(asyncio.Protocol):
    """The server's end of one socket."""

    def __init__(self, everybody: set[asyncio.Transport]) -> None:
        self.everybody = everybody

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.transport in self.everybody:
            return
        key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.everybody.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.everybody.discard(self.transport)


async def main(port: int) -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    everybody: set[asyncio.Transport] = set()
    await loop.create_server(lambda: Bare(everybody), "127.0.0.1", port)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("ready", flush=True)
    while await lines.readline():
        for transport in tuple(everybody):
            transport.write(FRAME)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
