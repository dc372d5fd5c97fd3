"""Mailboxes we fetch mail from: one thread each, told by the server when a mail comes (IDLE),
looking by itself every few minutes, because a server can go silent without a word."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import Error as DatabaseTrouble
from django.db import close_old_connections, connection
from django.utils import timezone

from channels_app import journal
from channels_app.adapters.email import fetching
from channels_app.adapters.email.fetching import CannotFetch, RawMail
from channels_app.models import Channel
from inbox import intake, workers

logger = logging.getLogger(__name__)

LOOK_FOR_CHANNELS_EVERY = 10.0
POLL_EVERY = 240.0
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
CHUNK = 100
COMPLAINT = "Fetching mail: "


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one look into a mailbox brought; `error` says why it failed, in plain words."""

    channel: Channel
    count: int = 0
    error: str = ""


def watch(stop: threading.Event, *, keys: Iterable[str] = ()) -> None:
    """Fetch from every mailbox until told to stop; channels that are new, changed or gone are
    noticed within 10 s. With `keys`: only those channels."""
    watchers: dict[int, _Watcher] = {}
    while not stop.is_set():
        try:
            _keep_up(watchers, list(keys))
        except DatabaseTrouble:
            logger.warning("mailboxes_unknown", exc_info=True)
        finally:
            connection.close()
        stop.wait(LOOK_FOR_CHANNELS_EVERY)
    for watcher in watchers.values():
        watcher.stop.set()
    for watcher in watchers.values():
        watcher.thread.join(timeout=5)


def fetch_once(channels: Iterable[Channel]) -> list[Fetched]:
    """Look into each mailbox once, all new mail until now."""
    return [_looked(channel) for channel in channels]


def with_mailbox(keys: Iterable[str] = ()) -> list[Channel]:
    """Active channels that have a mailbox to look into; of these keys only, when there are any."""
    channels = Channel.objects.filter(kind="email", is_active=True)
    wanted = list(keys)
    if wanted:
        channels = channels.filter(key__in=wanted)
    return [channel for channel in channels if fetching.has_mailbox(channel)]


def _looked(channel: Channel) -> Fetched:
    try:
        count = _fetch(channel)
    except CannotFetch as error:
        _complain(channel, str(error))
        return Fetched(channel, error=str(error))
    _praise(channel)
    return Fetched(channel, count)


def _fetch(channel: Channel) -> int:
    """Store all new mail in the journal. Raises CannotFetch."""

    def store(mail: RawMail) -> None:
        journal.store_mail(channel, mail.raw, source_key=mail.source_key)

    total = 0
    while count := fetching.fetch(channel, store=store, limit=CHUNK):
        total += count
        workers.ask(intake.drain_journal, "mail")
    return total


def _complain(channel: Channel, reason: str) -> None:
    Channel.objects.filter(pk=channel.pk, broken_since=None).update(
        broken_since=timezone.now(), broken_reason=f"{COMPLAINT}{reason}"
    )


def _praise(channel: Channel) -> None:
    """Take back our own complaint; that of a failed sending stays."""
    Channel.objects.filter(pk=channel.pk, broken_reason__startswith=COMPLAINT).update(
        broken_since=None, broken_reason=""
    )


@dataclass(slots=True)
class _Watcher:
    """The thread of one mailbox, and with which settings it was started."""

    channel: Channel
    settings: str
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        name = f"mailbox-{self.channel.pk}"
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)

    def run(self) -> None:
        failures = 0
        while not self.stop.is_set():
            failures = 0 if self._turn() else failures + 1
            if failures:
                self.stop.wait(_pause(failures))

    def _turn(self) -> bool:
        """One look, then wait for the server's word. False when either failed."""
        close_old_connections()
        try:
            if _looked(self.channel).error:
                return False
            connection.close()
            fetching.idle(self.channel, self.stop, timeout=POLL_EVERY)
        except (CannotFetch, DatabaseTrouble) as error:
            logger.warning(
                "mailbox_failed",
                extra={"channel": self.channel.pk, "error": type(error).__name__},
            )
            return False
        finally:
            connection.close()
        return True


def _keep_up(watchers: dict[int, _Watcher], keys: list[str]) -> None:
    wanted = {channel.pk: channel for channel in with_mailbox(keys)}
    for pk, watcher in list(watchers.items()):
        channel = wanted.get(pk)
        if (
            channel is None
            or _settings(channel) != watcher.settings
            or not watcher.thread.is_alive()
        ):
            watcher.stop.set()
            del watchers[pk]
    for pk in wanted.keys() - watchers.keys():
        watchers[pk] = _Watcher(wanted[pk], _settings(wanted[pk]))
        watchers[pk].thread.start()


def _settings(channel: Channel) -> str:
    """A digest that changes when the mailbox's settings do."""
    parts = json.dumps([channel.account, channel.settings, channel.secrets], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()


def _pause(failures: int) -> float:
    wait: float = min(FIRST_WAIT * 2.0 ** min(failures - 1, 10), LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311
