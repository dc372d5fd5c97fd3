"""Websites of others that carry the chat: each a server with a policy of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}</head><body><main><h1>Lamps</h1><p><a href="#x">A link</a> <button>Buy</button></p>
<p>{text}</p></main></body></html>"""


@contextmanager
def website(*, policy: str = "", head: str = "", lang: str = "en") -> Iterator[str]:
    """A page with this in its head, under this Content-Security-Policy; its origin. `{desk}` and
    `{key}` are put in by the caller."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.startswith("/favicon")
            body = (
                b""
                if found
                else PAGE.format(lang=lang, head=head, text="Warm light. " * 300).encode()
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
