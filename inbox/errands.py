"""How the clock gets work done: by a worker, or by itself when no worker answers."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from inbox import workers
from inbox.workers import AnyActor

logger = logging.getLogger(__name__)

HANDS = 4
PATIENCE = 5.0
MEMORY = 60.0
type Errand = tuple[str, tuple[Any, ...]]


class Errands:
    """Work that the clock found undone. Giving out the same errand twice is harmless: rows are
    claimed. It is asked for once and, when it is still undone 5 s later, done here."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(HANDS, thread_name_prefix="errand")
        self._asked: dict[Errand, float] = {}
        self._running: set[Errand] = set()
        self._lock = threading.Lock()
        self._broker_is_away_until = 0.0

    def give(self, actor: AnyActor, *args: Any) -> None:
        """Have this done soon, by whoever can."""
        errand = (actor.actor_name, args)
        asked_at = self._asked.get(errand, -MEMORY)
        if time.monotonic() - asked_at < PATIENCE:
            return
        if time.monotonic() - asked_at > MEMORY and self._ask(actor, *args):
            self._remember(errand)
        else:
            self._do(errand, actor)

    def finish(self) -> None:
        """Wait for what is being done here."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _ask(self, actor: AnyActor, *args: Any) -> bool:
        """A broker that did not answer is left alone for a second: each try may take half one."""
        if time.monotonic() < self._broker_is_away_until:
            return False
        if workers.ask(actor, *args):
            return True
        self._broker_is_away_until = time.monotonic() + 1
        return False

    def _remember(self, errand: Errand) -> None:
        now = time.monotonic()
        self._asked = {one: at for one, at in self._asked.items() if now - at < MEMORY}
        self._asked[errand] = now

    def _do(self, errand: Errand, actor: AnyActor) -> None:
        with self._lock:
            if errand in self._running or len(self._running) >= 2 * HANDS:
                return
            self._running.add(errand)
        self._pool.submit(self._run, errand, actor)

    def _run(self, errand: Errand, actor: AnyActor) -> None:
        try:
            actor.fn(*errand[1])
        except Exception:
            logger.exception("errand_failed", extra={"kind": errand[0]})
        finally:
            connection.close()
            with self._lock:
                self._running.discard(errand)
