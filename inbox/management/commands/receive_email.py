from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import batched
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseTrouble

from channels_app import journal
from channels_app.adapters.email.bounds import MAX_SIZE
from channels_app.models import Channel, InboundEvent
from inbox import intake
from inbox.intake import Result
from inbox.models import Message

PATIENCE = 30.0
STDIN = "-"


class NotStored(Exception):
    """This mail is not in the journal; `exit_code` tells the mail server what to do with it."""

    def __init__(self, text: str, *, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


class Command(BaseCommand):
    """Exit codes are those of sysexits.h: with 75 the mail server keeps the mail and tries again,
    with 65 it sends it back."""

    help = "Take in raw mails: one on standard input, or many files."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("channel_key")
        parser.add_argument("files", nargs="*", metavar="FILE")
        parser.add_argument("--later", action="store_true", help="only store; a worker reads it")
        parser.add_argument("--json", action="store_true", help="the output is JSON anyway")

    def handle(self, *_args: Any, channel_key: str, files: list[str], **options: Any) -> None:
        channel = _channel(channel_key)
        failures = []
        for names in batched(files or [STDIN], intake.BATCH["mail"]):
            if len(names) == 1 or not self._take_together(channel, names, later=options["later"]):
                failures += [self._take(channel, name, later=options["later"]) for name in names]
        if any(failures):
            sys.exit(max(failures))

    def _take_together(self, channel: Channel, names: Sequence[str], *, later: bool) -> bool:
        """Take in mails that all can be read and all are new; False, having stored none."""
        store = journal.store_new if later else journal.store_claimed
        try:
            events = [journal.from_mail(channel, _raw(name)) for name in names]
            if not store(events):
                return False
        except (NotStored, DatabaseTrouble, OSError):
            return False  # one by one each says for itself what is wrong
        for result in [Result(None)] * len(events) if later else _worked_off(events):
            self._say(result.message, is_duplicate=result.is_duplicate)
        return True

    def _take(self, channel: Channel, name: str, *, later: bool) -> int:
        """Take in one mail and say on one line what became of it; its exit code."""
        try:
            event, is_new = _store(channel, _raw(name))
        except NotStored as error:
            self.stderr.write(f"{name}: {error}")
            self._say(None, error=str(error))
            return error.exit_code
        message, is_duplicate = (None, not is_new) if later else _processed(event, is_new=is_new)
        self._say(message, is_duplicate=is_duplicate)
        return 0

    def _say(self, message: Message | None, *, is_duplicate: bool = False, **more: str) -> None:
        line = {
            "ticket": message.ticket_id if message else None,
            "message": message.pk if message else None,
            "duplicate": is_duplicate,
        }
        self.stdout.write(json.dumps(line | more))
        self.stdout.flush()


def _channel(key: str) -> Channel:
    """Raises CommandError with 75 for whatever an admin can mend while the mail waits."""
    try:
        return Channel.objects.get(key=key, kind="email", is_active=True)
    except Channel.DoesNotExist as error:
        text = f"channel_key: there is no active mail channel {key!r}"
        raise CommandError(text, returncode=os.EX_TEMPFAIL) from error
    except DatabaseTrouble as error:
        raise CommandError(f"database: {error}", returncode=os.EX_TEMPFAIL) from error


def _raw(name: str) -> bytes:
    try:
        raw = sys.stdin.buffer.read(MAX_SIZE + 1) if name == STDIN else _read(Path(name))
    except OSError as error:
        raise NotStored(error.strerror or str(error), exit_code=os.EX_NOINPUT) from error
    if len(raw) > MAX_SIZE:
        raise NotStored(f"larger than {MAX_SIZE} bytes", exit_code=os.EX_DATAERR)
    return raw


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_SIZE + 1)


def _store(channel: Channel, raw: bytes) -> tuple[InboundEvent, bool]:
    try:
        return journal.store_mail(channel, raw)
    except (DatabaseTrouble, OSError) as error:
        raise NotStored(f"not stored: {error}", exit_code=os.EX_TEMPFAIL) from error


def _worked_off(events: Sequence[InboundEvent]) -> list[Result]:
    try:
        return intake.work_off(events)
    except DatabaseTrouble:
        return [Result(None)] * len(events)


def _processed(event: InboundEvent, *, is_new: bool) -> tuple[Message | None, bool]:
    """The message a stored mail became, and whether it was there before. None when it could not
    be processed: it is kept, shown in the admin and tried again, so this is no failure."""
    try:
        if journal.claim_one(event):
            result = intake.process(event)
            return result.message, result.is_duplicate or not is_new
        return _awaited(event), not is_new
    except DatabaseTrouble:
        return None, not is_new


def _awaited(event: InboundEvent) -> Message | None:
    """The message of an event that somebody else processes now, or did long ago."""
    deadline = time.monotonic() + PATIENCE
    while event.state == InboundEvent.State.RECEIVED and time.monotonic() < deadline:
        time.sleep(0.05)
        event.refresh_from_db(fields=["state"])
    return Message.objects.filter(event=event).order_by("pk").first()
