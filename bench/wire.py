"""Calls prepared in advance and made over kept connections, so that the caller costs little."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from bench.founding import LINE
from bench.ground import ACCOUNT, TOKEN
from channels_app.adapters.sms.signing import sign

NO_ANSWER = 0
SECONDS = 30
PAUSE = 0.3


@dataclass(frozen=True, slots=True)
class Answer:
    """status 0: the connection ended, nobody knows what became of the call."""

    status: int
    body: bytes = b""
    seconds: float = 0.0

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status < 300


class Line:
    """One kept HTTP/1.1 connection, from a local address if one is named; a lost one is made
    anew for the next call."""

    def __init__(self, port: int, *, local: str = "127.0.0.1") -> None:
        self.port, self.local = port, local
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, request: bytes) -> Answer:
        """Make one call."""
        started = time.perf_counter()
        try:
            async with asyncio.timeout(SECONDS):
                status, body = await self._exchange(request)
        except (OSError, EOFError, TimeoutError, ValueError):
            self.close()
            return Answer(NO_ANSWER, seconds=time.perf_counter() - started)
        return Answer(status, body, time.perf_counter() - started)

    def close(self) -> None:
        """Let the connection go."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self.port, local_addr=(self.local, 0)
            )
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        return status, await self._body(head, status)

    async def _body(self, head: bytes, status: int) -> bytes:
        assert self._reader is not None
        if b"content-length:" in head:
            size = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            return await self._reader.readexactly(size)
        body = b""
        while b"chunked" in head and status != 204:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            body += (await self._reader.readexactly(size + 2))[:-2]
            if not size:
                break
        return body


def sms_call(
    url: str, *, sender: str, text: str, sid: str = "", token: str = "", zone: str = "1"
) -> bytes:
    """A signed call of the provider: `sender` wrote `text`. The same sid and token again is a
    repeated delivery, which may come with other words about itself (`zone`)."""
    sid = sid or f"SM{uuid4().hex}"
    fields = {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": sender,
        "To": LINE,
        "Body": text,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "FromZip": zone,
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": sign(url, list(fields.items()), secret=TOKEN),
        "I-Twilio-Idempotency-Token": token or str(uuid4()),
    }
    return post(url, urlencode(fields).encode(), headers)


def reply_call(url: str, *, token: str, key: str, **said: Any) -> bytes:
    """An agent's reply by the API; the same key again is the same reply."""
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": key,
    }
    return post(url, json.dumps(said).encode(), headers)


def post(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST as it goes over the wire."""
    host, _, path = url.removeprefix("http://").partition("/")
    lines = [f"POST /{path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(url: str, headers: dict[str, str]) -> bytes:
    """A GET as it goes over the wire."""
    host, _, path = url.removeprefix("http://").partition("/")
    lines = [f"GET /{path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


async def as_fast_as_possible(port: int, calls: Iterable[bytes], *, lines: int) -> list[Answer]:
    """Make all calls, `lines` at a time."""
    waiting = iter(calls)
    answers: list[Answer] = []

    async def work() -> None:
        line = Line(port)
        for request in waiting:
            answers.append(await line.call(request))  # noqa: PERF401 (an exception loses none)
        line.close()

    await asyncio.gather(*(work() for _ in range(lines)))
    return answers


async def at_rate(
    port: int, calls: Iterable[bytes], *, per_second: float, lines: int = 50
) -> list[Answer]:
    """Make calls at fixed moments, however long the answers take: the time a call waits for a
    free line counts as its own."""
    free: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(lines):
        free.put_nowait(Line(port))
    started = time.perf_counter()

    async def one(number: int, request: bytes) -> Answer:
        due = started + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        line = await free.get()
        answer = await line.call(request)
        free.put_nowait(line)
        return Answer(answer.status, answer.body, time.perf_counter() - due)

    answers = await asyncio.gather(*(one(*numbered) for numbered in enumerate(calls)))
    while not free.empty():
        free.get_nowait().close()
    return list(answers)


async def until_ok(
    line: Line, request: bytes, *, is_over: Callable[[], bool], note: Callable[[Answer], None]
) -> Answer:
    """Repeat a call, as a provider would, until it is answered with 2xx or it is over; every
    answer is noted."""
    while True:
        answer = await line.call(request)
        note(answer)
        if answer.is_ok or is_over():
            return answer
        await asyncio.sleep(PAUSE)
