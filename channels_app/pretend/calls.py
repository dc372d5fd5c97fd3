"""The calls a provider makes: signed webhooks, in the background and in their own time."""

from __future__ import annotations

import heapq
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx

from channels_app.adapters.sms.signing import sign

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 15.0
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Signer:
    """How calls are signed: by the auth token, or by a shared key (id, secret)."""

    auth_token: str
    shared_key: tuple[str, str] | None = None

    def headers(self, url: str, fields: list[tuple[str, str]]) -> dict[str, str]:
        """The proof for a call with these parameters."""
        if self.shared_key is None:
            return {"X-Twilio-Signature": sign(url, fields, secret=self.auth_token)}
        name, secret = self.shared_key
        return {
            "X-Twilio-Signature": sign(url, fields, secret=secret, algorithm="sha256"),
            "X-Twilio-Webhooks-Signature-Settings": f"key={name},algorithm=HMAC_SHA256",
        }


class Caller:
    """Makes webhook calls. It is no part of the desk, so it does not use the desk's client."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        # A connection a call: a kept one that the desk has just closed would lose the call.
        alone = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=SECONDS, limits=alone, trust_env=False)

    def call(self, url: str, fields: dict[str, str]) -> int:
        """Make one signed call and return the status; 0 when there was no answer."""
        pairs = list(fields.items())
        headers = self.signer.headers(url.partition("#")[0], pairs)
        headers["I-Twilio-Idempotency-Token"] = str(uuid4())
        try:
            return self._client.post(url, data=fields, headers=headers).status_code
        except httpx.HTTPError:
            return 0

    def fetch(self, url: str) -> tuple[bytes, str] | None:
        """A file that a message names, with its type; None when it can't be had."""
        try:
            answer = self._client.get(url, follow_redirects=True)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        content_type = answer.headers.get("content-type", "application/octet-stream")
        return (answer.content, content_type) if answer.is_success else None

    def close(self) -> None:
        """No more calls."""
        self._client.close()


@dataclass(order=True, slots=True)
class _Due:
    at: float
    number: int
    act: Callable[[], object] = field(compare=False)


class Clockwork:
    """Does things later, in threads of its own."""

    def __init__(self) -> None:
        self._due: list[_Due] = []
        self._numbers = count()
        self._wake = threading.Condition()
        self._is_over = False
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pretend")
        self._thread = threading.Thread(target=self._run, name="pretend-clock", daemon=True)
        self._thread.start()

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Do this after so many seconds."""
        with self._wake:
            due = _Due(time.monotonic() + seconds, next(self._numbers), act)
            heapq.heappush(self._due, due)
            self._wake.notify()

    def stop(self) -> None:
        """What is not due yet is not done any more."""
        with self._wake:
            self._is_over = True
            self._wake.notify()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while (due := self._next()) is not None:
            self._pool.submit(due.act).add_done_callback(_show_error)

    def _next(self) -> _Due | None:
        with self._wake:
            while not self._is_over:
                wait = self._due[0].at - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)
                self._wake.wait(wait)
        return None


def _show_error(done: Future[object]) -> None:
    """An error raised here is logged by the pool; kept in the future nobody would see it."""
    if not done.cancelled():
        done.result()
