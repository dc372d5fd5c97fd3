from __future__ import annotations

import json
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_app.models import Channel
from inbox import mailboxes
from inbox.mailboxes import Fetched


class Command(BaseCommand):
    help = (
        "Fetch mail by IMAP: until stopped, or --once. The clock process does the same by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("channel_keys", nargs="*", metavar="CHANNEL_KEY")
        parser.add_argument("--once", action="store_true", help="look once and end")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, channel_keys: list[str], **options: Any) -> None:
        channels = mailboxes.with_mailbox(channel_keys)
        missing = set(channel_keys) - {channel.key for channel in channels}
        if missing:
            raise CommandError(f"no active channel with a mailbox: {', '.join(sorted(missing))}")
        if options["once"]:
            self._fetch_once(channels, as_json=options["json"])
        else:
            mailboxes.watch(_stop_by_signal(), keys=channel_keys)

    def _fetch_once(self, channels: list[Channel], *, as_json: bool) -> None:
        results = mailboxes.fetch_once(channels)
        for result in results:
            self._say(result, as_json=as_json)
        if any(result.error for result in results):
            raise CommandError("some mailboxes could not be read")

    def _say(self, result: Fetched, *, as_json: bool) -> None:
        if result.error:
            self.stderr.write(f"{result.channel.key}: {result.error}")
        elif as_json:
            self.stdout.write(json.dumps({"channel": result.channel.key, "mails": result.count}))
        else:
            self.stdout.write(f"{result.channel}: {result.count} new mails.")


def _stop_by_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
