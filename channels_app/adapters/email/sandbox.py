"""Reads mails in a process of their own, so that the worst mail costs four seconds, half a
gigabyte and nothing else.

Readers are kept and used again. One that hangs, dies or grows too large is killed, and its mail
counts as unreadable.
"""

from __future__ import annotations

import io
import logging
import os
import pickle
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from channels_app.adapters.email.desk import Desk
from channels_app.adapters.email.frames import receive, send
from channels_app.adapters.email.unreadable import unreadable
from channels_app.messages import InboundMessage

logger = logging.getLogger(__name__)

SECONDS = 4.0
MAX_IDLE = 4
ROOT = Path(__file__).resolve().parents[3]
# All that an answer may be made of: a reader that fell to a hostile mail gets nothing else in.
MESSAGE = ("InboundMessage", "Address", "Attachment", "Envelope", "Mailbox", "Bounce")
ALLOWED = {
    "channels_app.messages": frozenset(MESSAGE),
    "datetime": frozenset(("datetime", "timedelta", "timezone")),
}


def read(raw: bytes, *, desk: Desk, received_at: datetime) -> InboundMessage:
    """What this mail says; the "unreadable mail" message when it can't be read in bounds.
    Raises nothing on any bytes."""
    reader = _free_reader()
    answer = reader.ask((raw, desk, received_at))
    if reader.is_fit and len(_idle) < MAX_IDLE:
        _idle.append(reader)
    else:
        reader.end()
    if isinstance(answer, InboundMessage):
        return answer
    return unreadable(raw, desk=desk, received_at=received_at, reason=answer)


def _free_reader() -> _Reader:
    """Another thread may take the last one between a look and a grasp."""
    try:
        return _idle.pop()
    except IndexError:
        return _Reader()


class _Reader:
    """One child process, used by one thread at a time."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "channels_app.adapters.email.child"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=ROOT, env={}
        )
        self.is_fit = True

    def ask(self, request: tuple[bytes, Desk, datetime]) -> InboundMessage | str:
        """The reader's answer: a message, or why there is none."""
        watchdog = threading.Timer(SECONDS, self._give_up)
        watchdog.start()
        try:
            answer = self._exchange(pickle.dumps(request, protocol=5))
        finally:
            watchdog.cancel()
        if answer is None:
            late = not self.is_fit
            self.is_fit = False
            return "reading it took too long" if late else "reading it took too much memory"
        return answer

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            _close(stream)

    def _exchange(self, request: bytes) -> InboundMessage | str | None:
        try:
            send(self.process.stdin, request)  # type: ignore[arg-type]
            answer = receive(self.process.stdout)  # type: ignore[arg-type]
        except OSError:
            return None
        return _loaded(answer) if answer else None

    def _give_up(self) -> None:
        self.is_fit = False
        self.process.kill()


class _Answers(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name not in ALLOWED.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a message")
        return super().find_class(module, name)


def _loaded(answer: bytes) -> InboundMessage | str:
    try:
        loaded = _Answers(io.BytesIO(answer)).load()
    except pickle.UnpicklingError as error:
        logger.warning("mail_reader_strayed", extra={"error": str(error)})
        return "its reader answered something else"
    return loaded if isinstance(loaded, InboundMessage) else str(loaded)


def _close(stream: Any) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        return  # what was not written yet has nobody to read it


_idle: list[_Reader] = []
os.register_at_fork(after_in_child=_idle.clear)
