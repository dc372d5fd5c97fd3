"""SMTP servers to send to: one that takes everything, one that fails when it is told to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from tests.services import free_port


@dataclass
class Sink:
    """What came in, and what to answer. An answer is given as long as it stands here."""

    mails: list[Envelope] = field(default_factory=list)
    answer_to_sender: str = ""
    answer_to_recipient: dict[str, str] = field(default_factory=dict)
    answer_to_data: str = ""
    port: int = 0

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_options.extend(options)
        if self.answer_to_sender:
            return self.answer_to_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answer_to_recipient.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        if self.answer_to_data:
            return self.answer_to_data
        self.mails.append(envelope)
        return "250 taken"


def only_grace(server, session, envelope, mechanism, data):
    """Signs in grace with the password secret."""
    fits = isinstance(data, LoginPassword) and data == LoginPassword(b"grace", b"secret")
    return AuthResult(success=fits, handled=False)


@contextmanager
def sink(**options) -> Iterator[Sink]:
    """A real SMTP server on a free port of this machine."""
    handler = Sink()
    handler.port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port, **options)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


STEPS = ("connect", "ehlo", "mail", "rcpt", "data", "dot")


class _Dropping(socketserver.StreamRequestHandler):
    """Hangs up instead of answering one step, having read what the client sent for it."""

    server: _DroppingServer

    def handle(self) -> None:
        if not self._says("connect", b"220 hello"):
            return
        for line in self.rfile:
            step = line.split()[0].lower().decode()
            answer = b"354 go on" if step == "data" else b"250 fine"
            if not self._says(step, answer):
                return
            if step == "data" and not self._takes_the_mail():
                return

    def _takes_the_mail(self) -> bool:
        while self.rfile.readline() != b".\r\n":
            pass
        self.server.taken += 1
        return self._says("dot", b"250 taken")

    def _says(self, step: str, answer: bytes) -> bool:
        if step == self.server.drop_at:
            return False
        self.wfile.write(answer + b"\r\n")
        return True


class _DroppingServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    drop_at = ""
    taken = 0


@contextmanager
def dropping_at(step: str) -> Iterator[_DroppingServer]:
    """A server that hangs up at a step of the dialogue; "" never."""
    with _DroppingServer(("127.0.0.1", 0), _Dropping) as server:
        server.drop_at = step
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
