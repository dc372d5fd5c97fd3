"""Working off fresh events right where they were stored: a thread beside the web process.

It makes a message visible within milliseconds of its commit. It is a short cut only: what it
leaves undone, for whatever reason, the clock finds and a worker does.
"""

from __future__ import annotations

import logging
import threading
import time

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
        while intake.drain(source):
            pass


drains = Drains()
