"""Working off fresh events right where they were stored: a thread beside the web process.

It makes a message visible within milliseconds of its commit. It is a short cut only: what it
leaves undone, for whatever reason, the clock finds and a worker does, at the latest when the
claim on it ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

from django.db import InterfaceError, OperationalError, connection

from channels_app.models import InboundEvent
from inbox import intake

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE = 1.0
MOST_HANDED = 50


class Drain:
    """One thread, started by the first event."""

    def __init__(self) -> None:
        self._claimed: deque[InboundEvent] = deque()
        self._bell = threading.Event()
        self._is_more = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def has_time(self) -> bool:
        """Whether it will come to what it is handed now long before the claim on it ends, and
        nothing older waits in the journal."""
        return len(self._claimed) < MOST_HANDED and not self._is_more.is_set()

    def take(self, events: Iterable[InboundEvent]) -> None:
        """Work off these events, which the caller has claimed."""
        self._claimed.extend(events)
        self._wake()

    def ring(self) -> None:
        """More is waiting in the journal, claimed by nobody."""
        self._is_more.set()
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="drain", daemon=True)
                self._thread.start()
        self._bell.set()

    def _run(self) -> None:
        while True:
            self._bell.wait()
            self._bell.clear()
            try:
                self._drain()
            except (OperationalError, InterfaceError):
                logger.warning("drain_interrupted")
                connection.close()
                time.sleep(PAUSE_AFTER_FAILURE)
                self.ring()

    def _drain(self) -> None:
        while self._claimed or self._is_more.is_set():
            with writing:
                self._drain_a_batch()

    def _drain_a_batch(self) -> None:
        if events := self._next():
            intake.work_off(events)
            return
        self._is_more.clear()
        if intake.drain("webhook"):
            self._is_more.set()

    def _next(self) -> list[InboundEvent]:
        count = min(len(self._claimed), intake.BATCH["webhook"])
        return [self._claimed.popleft() for _ in range(count)]


class InTurn:
    """A lock that is given in the order of asking."""

    def __init__(self) -> None:
        self._asked = self._served = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            mine = self._asked
            self._asked += 1
            self._changed.wait_for(lambda: self._served == mine)

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._served += 1
            self._changed.notify_all()


drain = Drain()
# SQLite has one writer at a time and lets whoever is quickest be it: a drain that goes from batch
# to batch would keep those waiting to whom a provider listens.
writing: AbstractContextManager[None] = InTurn() if connection.vendor == "sqlite" else nullcontext()
