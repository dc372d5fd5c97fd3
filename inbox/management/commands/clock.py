"""`manage.py clock`: sweeps, mailboxes and relay, in whichever clock process leads."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from inbox import clock


class Command(BaseCommand):
    help = "Find what nobody works on, watch mailboxes, pass nudges on. Several may run; one leads."

    def handle(self, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        clock.run(stop)
