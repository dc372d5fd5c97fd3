"""The one process that leads: sweeps, mailboxes and the relay run in it and nowhere else."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from typing import Protocol

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import connection, connections

from inbox import mailboxes, relay, sweeps

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
SECONDS_TO_STOP = 5.0
LOCK_NUMBER = 0x5041524C4559  # "PARLEY", the same for every clock of one database

type Part = Callable[[threading.Event], None]
PARTS: dict[str, Part] = {"sweeps": sweeps.run, "mail": mailboxes.watch, "relay": relay.run}


class Lead(Protocol):
    """The right to lead; at most one process has it."""

    def take(self) -> bool:
        """Take it if it is free."""

    def holds(self) -> bool:
        """Whether it is still ours."""

    def give_up(self) -> None:
        """Let another process have it."""


def run(stop: threading.Event) -> None:
    """Lead whenever nobody else does, until told to stop."""
    lead = _lead()
    while not stop.is_set():
        if lead.take():
            _lead_until(stop, lead)
        stop.wait(LOOK_EVERY)


def keep_running(name: str, part: Part, stop: threading.Event) -> None:
    """Run a part until told to stop; one that crashes is logged and begins anew."""
    while not stop.is_set():
        try:
            part(stop)
        except Exception:
            logger.exception("clock_part_failed", extra={"part": name})
            stop.wait(LOOK_EVERY)
        finally:
            connection.close()


class FileLead:
    """A lock on a file: for SQLite, where every process is on this machine."""

    def __init__(self) -> None:
        self._file: int | None = None

    def take(self) -> bool:
        file = os.open(settings.DATA_DIR / "clock.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def holds(self) -> bool:
        return self._file is not None

    def give_up(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class AdvisoryLead:
    """A session lock of PostgreSQL on a connection of its own: gone as soon as that is."""

    def __init__(self) -> None:
        self._own = connections.create_connection("default")

    def take(self) -> bool:
        return self._says("SELECT pg_try_advisory_lock(%s)", [LOCK_NUMBER])

    def holds(self) -> bool:
        return self._says("SELECT true", [])

    def give_up(self) -> None:
        self._says("SELECT pg_advisory_unlock(%s)", [LOCK_NUMBER])
        self._own.close()

    def _says(self, question: str, values: list[int]) -> bool:
        """The database's answer; no, when it does not answer."""
        try:
            with self._own.cursor() as cursor:
                cursor.execute(question, values)
                return bool(cursor.fetchone()[0])
        except DatabaseTrouble:
            logger.warning("lead_unknown", exc_info=True)
            self._own.close()
            return False


def _lead() -> Lead:
    return AdvisoryLead() if connection.vendor == "postgresql" else FileLead()


def _lead_until(stop: threading.Event, lead: Lead) -> None:
    """Run every part while we lead. Parts that don't end would work beside the next leader's:
    then the process does."""
    logger.info("clock_leads")
    over = threading.Event()
    threads = [_start(name, part, over) for name, part in PARTS.items()]
    while lead.holds() and not stop.wait(LOOK_EVERY):
        pass
    over.set()
    for thread in threads:
        thread.join(SECONDS_TO_STOP)
    if any(thread.is_alive() for thread in threads):
        raise SystemExit("a part of the clock did not stop")
    lead.give_up()


def _start(name: str, part: Part, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=keep_running, args=(name, part, stop), name=name, daemon=True)
    thread.start()
    return thread
