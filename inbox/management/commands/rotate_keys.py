from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from channels_app.models import Channel
from channels_app.secrets import UnreadableSecret


class Command(BaseCommand):
    help = "Encrypt every channel's secrets anew, with the first of FIELD_ENCRYPTION_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        names = dict(Channel.objects.values_list("pk", "name"))
        for pk, name in names.items():
            _rotate(pk, name)
        done = json.dumps({"rotated": len(names)})
        self.stdout.write(done if options["json"] else f"{len(names)} channels re-encrypted.")


def _rotate(pk: int, name: str) -> None:
    """Under the row's lock, so that secrets saved at this moment are not written over."""
    try:
        channel = Channel.objects.select_for_update().only("secrets").get(pk=pk)
    except UnreadableSecret as error:
        raise CommandError(f"{name}: {error}; nothing was changed") from error
    channel.save(update_fields=["secrets"])
