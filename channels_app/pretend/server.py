"""A pretend provider on a socket."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from urllib.parse import parse_qs, urlsplit

from channels_app.pretend import api

if TYPE_CHECKING:
    from channels_app.pretend.twilio import PretendTwilio


class Provider(Protocol):
    """A pretend provider: it learns its address once it is served, and can be stopped."""

    url: str

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One HTTP request. Header names are lower case; of a repeated one, and of a repeated
    parameter, the first value counts."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


type Answering = Callable[[Any, Asked], api.Answer]


@contextmanager
def serving[P: Provider](
    provider: P, *, host: str = "127.0.0.1", port: int = 0, answering: Answering | None = None
) -> Iterator[P]:
    """Answer HTTP in threads of this process; `provider.url` is the address. Ends with the
    block."""
    server = make_server(provider, host=host, port=port, answering=answering)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        provider.stop()


def make_server(
    provider: Provider, *, host: str, port: int, answering: Answering | None = None
) -> ThreadingHTTPServer:
    """A bound server, for `serve_forever`; it gives the provider its address."""
    names = {"provider": provider, "answering": staticmethod(answering or _as_twilio)}
    server = _Server((host, port), type("Handler", (_Handler,), names))
    provider.url = f"http://{host}:{server.server_port}"
    return server


def _as_twilio(twilio: PretendTwilio, asked: Asked) -> api.Answer:
    fields = parse_qs(asked.body.decode(), keep_blank_values=True)
    call = api.Call(
        method=asked.method,
        path=asked.path,
        authorization=asked.headers.get("authorization", ""),
        query=asked.query,
        fields={name: values[0] for name, values in fields.items()},
        media_urls=tuple(fields.get("MediaUrl", [])),
    )
    return api.answer(twilio, call)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A desk that is killed in the middle of a call is part of the play."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    # Headers and body leave together: two small packets wait for each other's acknowledgement.
    wbufsize = -1
    provider: ClassVar[Provider]
    answering: ClassVar[Answering]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Silent: the journal tells."""

    def _answer(self) -> None:
        try:
            self._send(type(self).answering(self.provider, self._asked()))
        except api.Dropped:
            self.close_connection = True

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        return Asked(
            method=self.command,
            path=parts.path,
            query={name: values[0] for name, values in parse_qs(parts.query).items()},
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length") or 0)),
        )

    def _send(self, answer: api.Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()
