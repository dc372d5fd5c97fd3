"""The only outgoing HTTP: bounded in time and size, and never into our own network."""

from __future__ import annotations

import json as jsonlib
import os
import time
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import httpcore
import httpx

from channels_app.network import (
    ForbiddenAddress,
    PublicNetwork,
    callable_addresses,
    deadline,
    is_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "File",
    "ForbiddenAddress",
    "Response",
    "TooLarge",
    "Unreachable",
    "is_allowed",
    "refuse_private",
    "request",
]

SECONDS = 10.0
MAX_BYTES = 1_000_000
MAX_REDIRECTS = 3
IDLE_SECONDS = 15.0
# Name and three numbers: the form that Meta's API description asks for.
AGENT = "Parley/0.1.0"


class File(NamedTuple):
    """A file in a form that is posted."""

    name: str
    stream: BinaryIO
    content_type: str


class Unreachable(Exception):
    """No usable answer came. `sent`: whether the other side may have received the request."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


class TooLarge(Unreachable):
    """The answer is larger than the caller wants to hold."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. Header names are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return jsonlib.loads(self.body)


def request(
    method: str,
    url: str,
    *,
    auth: tuple[str, str] | None = None,
    data: Mapping[str, str | list[str] | File] | None = None,
    json: Any = None,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
    seconds: float = SECONDS,
) -> Response:
    """Make one call and read its whole answer within `seconds`, the look-up of the name apart.

    GET follows up to three redirects, without `auth` once they leave the host; other methods
    get the redirect as their answer. A list in `data` repeats its key, a File makes it a
    form with files. Raises ForbiddenAddress, Unreachable and its kind TooLarge.
    """
    deadline.set(time.monotonic() + seconds)
    try:
        call = _client().build_request(method, url, json=json, headers=headers, **_form(data or {}))
        answer = _client().send(call, auth=auth, follow_redirects=method == "GET", stream=True)
        try:
            return Response(answer.status_code, answer.headers, _read(answer, max_bytes=max_bytes))
        finally:
            answer.close()
    except _NOT_SENT as error:
        raise Unreachable(_reason(error), sent=False) from error
    except _MAYBE_SENT as error:
        raise Unreachable(_reason(error), sent=True) from error


def _form(data: Mapping[str, str | list[str] | File]) -> dict[str, Any]:
    files = {name: value for name, value in data.items() if isinstance(value, File)}
    fields = {name: value for name, value in data.items() if name not in files}
    return {"data": fields or None, "files": files or None}


def refuse_private(url: str) -> None:
    """Raise ForbiddenAddress when no call to this URL would be made.

    Raises Unreachable when it is no http(s) URL or its host has no address.
    """
    host, port = _host_and_port(url)
    try:
        callable_addresses(host, port)
    except OSError as error:
        raise Unreachable(f"{host} has no address", sent=False) from error


def is_allowed(url: str) -> bool:
    """Whether OUTBOUND_ALLOW_HOSTS names this URL's host. Raises Unreachable as above."""
    return is_named(*_host_and_port(url))


def _host_and_port(url: str) -> tuple[str, int]:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Unreachable(_reason(error), sent=False) from error
    if parts.scheme not in _PORTS or not parts.host:
        raise Unreachable("only http:// and https:// addresses can be called", sent=False)
    return parts.raw_host.decode(), parts.port or _PORTS[parts.scheme]


_PORTS = {"http": 80, "https": 443}
_NOT_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
    httpcore.LocalProtocolError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
_MAYBE_SENT = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpx.HTTPError,
)


def _read(answer: httpx.Response, *, max_bytes: int) -> bytes:
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        # We asked for plain bytes; unpacking what was not asked for is how small answers get big.
        raise httpx.DecodingError("the answer is compressed although we asked for plain bytes")
    body = bytearray()
    for block in answer.iter_raw():
        body += block
        if len(body) > max_bytes:
            raise TooLarge(f"the answer is larger than {max_bytes} bytes", sent=True)
    return bytes(body)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


@cache
def _client() -> httpx.Client:
    """One pool a process. It keeps no cookies: it speaks for many accounts."""
    return httpx.Client(
        transport=_Transport(),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
        max_redirects=MAX_REDIRECTS,
        trust_env=False,
    )


# A child must not speak on its parent's connections.
os.register_at_fork(after_in_child=_client.cache_clear)


class _Transport(httpx.BaseTransport):
    """httpx on an httpcore pool whose sockets we open. A pooled connection stays with the
    address that was checked when it was made, and with its scheme, host and port."""

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=True),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=PublicNetwork(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions={"timeout": {"pool": SECONDS}},
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
