"""The pretend provider on a socket."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from channels_app.pretend import api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels_app.pretend.twilio import PretendTwilio


@contextmanager
def serving(
    twilio: PretendTwilio, *, host: str = "127.0.0.1", port: int = 0
) -> Iterator[PretendTwilio]:
    """Answer HTTP in threads of this process; `twilio.url` is the address. Ends with the block."""
    server = make_server(twilio, host=host, port=port)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield twilio
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        twilio.stop()


def make_server(twilio: PretendTwilio, *, host: str, port: int) -> ThreadingHTTPServer:
    """A bound server, for `serve_forever`; it gives the account its address."""
    server = _Server((host, port), type("Handler", (_Handler,), {"twilio": twilio}))
    twilio.url = f"http://{host}:{server.server_port}"
    return server


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
    twilio: ClassVar[PretendTwilio]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Silent: the journal tells."""

    def _answer(self) -> None:
        try:
            self._send(api.answer(self.twilio, self._call()))
        except api.Dropped:
            self.close_connection = True

    def _call(self) -> api.Call:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        parts, fields = urlsplit(self.path), parse_qs(body, keep_blank_values=True)
        return api.Call(
            method=self.command,
            path=parts.path,
            authorization=self.headers.get("authorization", ""),
            query={name: values[0] for name, values in parse_qs(parts.query).items()},
            fields={name: values[0] for name, values in fields.items()},
            media_urls=tuple(fields.get("MediaUrl", [])),
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
