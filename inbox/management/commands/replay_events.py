from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from channels_app import journal
from channels_app.models import InboundEvent
from inbox import intake, workers

State = InboundEvent.State


class Command(BaseCommand):
    help = (
        "Put dead letters back among what waits: events that were held back and those nobody could "
        "read; and wake the workers. What was processed stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--failed", action="store_true", help="wake nobody unless there are dead letters"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        dead = InboundEvent.objects.filter(state__in=[State.HELD, State.UNREADABLE])
        replayed = journal.replay(dead.only("pk"))
        if replayed or not options["failed"]:
            _wake_workers()
        self.stdout.write(
            json.dumps({"replayed": replayed})
            if options["json"]
            else f"{replayed} events are waiting again."
        )


def _wake_workers() -> None:
    for source in ("webhook", "mail"):
        workers.ask(intake.drain_journal, source)
