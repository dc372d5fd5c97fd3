"""Working off fresh events right where they were stored: a thread beside the web process.

It makes a message visible within milliseconds of its commit. It is a short cut only: what it
leaves undone, for whatever reason, the clock finds and a worker does.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import AbstractContextManager, nullcontext

from django.db import InterfaceError, OperationalError, connection

from channels_app.journal import Source
from inbox import intake

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAILURE = 1.0


class Drains:
    """One thread per kind of event, started by the first ring."""

    def __init__(self) -> None:
        self._bells: dict[Source, threading.Event] = {}
        self._lock = threading.Lock()

    def ring(self, source: Source) -> None:
        """Something is waiting in the journal."""
        with self._lock:
            if source not in self._bells:
                self._start(source)
            self._bells[source].set()

    def _start(self, source: Source) -> None:
        bell = self._bells[source] = threading.Event()
        name = f"drain-{source}"
        threading.Thread(target=self._run, args=(source, bell), name=name, daemon=True).start()

    def _run(self, source: Source, bell: threading.Event) -> None:
        while True:
            bell.wait()
            bell.clear()
            try:
                self._drain(source)
            except (OperationalError, InterfaceError):
                logger.warning("drain_interrupted", extra={"source": source})
                connection.close()
                time.sleep(PAUSE_AFTER_FAILURE)
                bell.set()

    def _drain(self, source: Source) -> None:
        while self._drain_a_batch(source):
            pass

    def _drain_a_batch(self, source: Source) -> int:
        with writing:
            return intake.drain(source)


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


drains = Drains()
# SQLite has one writer at a time and lets whoever is quickest be it: a drain that goes from batch
# to batch would keep those waiting to whom a provider listens.
writing: AbstractContextManager[None] = InTurn() if connection.vendor == "sqlite" else nullcontext()
