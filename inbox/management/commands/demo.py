from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from inbox.demo import desk, stories
from inbox.models import Ticket


class Command(BaseCommand):
    help = "Fill an empty desk with demo data; safe to run twice, leaves a real desk alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sms-port", type=int, default=0, help="the pretend SMS provider's")
        parser.add_argument("--smtp-port", type=int, default=0, help="the pretend mail server's")

    def handle(self, *args: Any, **options: Any) -> None:
        if not desk.may_be_filled():
            self.stdout.write("This desk has data of its own: no demo data was added.")
            return
        with transaction.atomic():
            furnished = desk.furnish(
                sms_port=options["sms_port"], smtp_port=options["smtp_port"]
            )
            if not Ticket.objects.exists():
                stories.tell_all(furnished)
