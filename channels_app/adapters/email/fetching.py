"""New mail from a mailbox. The cursor (UIDVALIDITY and the last UID) is the truth about what was
read; the \\Seen flag only tells people who look into the mailbox themselves."""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import close_old_connections
from django.utils import timezone
from imap_tools import BaseMailBox

from channels_app.adapters.email.bounds import MAX_SIZE
from channels_app.adapters.email.mailbox import CannotFetch, imap_server, opened
from channels_app.models import Channel, MailCursor

__all__ = ["CannotFetch", "RawMail", "fetch", "has_mailbox", "idle"]

WINDOW = 50_000
BATCH_BYTES = 20 * 1024 * 1024
IDLE_SLICE = 1.0
# Servers may hang up on who idles for half an hour (RFC 2177).
LONGEST_IDLE = 28 * 60.0
_UID = re.compile(rb"UID (\d{1,10})")
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,20})")


@dataclass(frozen=True, slots=True)
class RawMail:
    """One mail as it lay there. source_key: where that was, unique in the channel."""

    raw: bytes
    source_key: str


def has_mailbox(channel: Channel) -> bool:
    """Whether this channel has a mailbox to look into."""
    return bool(channel.secrets.get("imap_url"))


def fetch(channel: Channel, *, store: Callable[[RawMail], None], limit: int = 100) -> int:
    """Give up to `limit` new mails to `store`, oldest first; how many were looked at, 0 when
    there is nothing new. Raises CannotFetch, and what `store` raises.

    `store` commits before the cursor moves and the mail is marked as seen, so what happens in
    between costs nothing: the mail comes again under the same source_key. Mail that lay there
    before the channel was made is new if nobody has read it.
    """
    with opened(channel) as box:
        cursor, next_uid = _cursor(channel, box)
        uids = _new_uids(box, channel, cursor, next_uid, limit)
        for batch in _batches(box, uids):
            for uid, raw in _download(box, batch):
                store(RawMail(raw, _source_key(cursor, uid)))
            _advance(cursor, batch[-1])
            _mark_seen(box, batch)
        if not uids:
            _advance(cursor, next_uid - 1)
    return len(uids)


def idle(channel: Channel, stop: threading.Event, *, timeout: float) -> bool:
    """Wait until the server tells of new mail (True), `stop` is set or `timeout` seconds are
    over. Mail that came since the last fetch counts as news. Raises CannotFetch."""
    deadline = time.monotonic() + min(timeout, LONGEST_IDLE)
    with opened(channel) as box:
        cursor, next_uid = _cursor(channel, box)
        close_old_connections()  # nobody holds a database connection while waiting
        if next_uid - 1 > cursor.last_uid:
            return True
        if "IDLE" not in box.client.capabilities:
            stop.wait(min(timeout, 60))
            return False
        with box.idle as waiting:
            lines = _told_already(box)
            while not (news := any(b"EXISTS" in line for line in lines)):
                if stop.is_set() or time.monotonic() >= deadline:
                    break
                lines = _told(waiting.poll)
        return news


def _cursor(channel: Channel, box: BaseMailBox) -> tuple[MailCursor, int]:
    """How far we are in this mailbox, and the next UID it will give. A mailbox that was made
    anew counts from the beginning; what we have of it is known by its content."""
    name = imap_server(channel).mailbox
    status = box.folder.status(name, ("UIDVALIDITY", "UIDNEXT"))
    cursor, _ = MailCursor.objects.get_or_create(
        channel=channel, mailbox=name, defaults={"uidvalidity": status["UIDVALIDITY"]}
    )
    if cursor.uidvalidity != status["UIDVALIDITY"]:
        cursor.uidvalidity, cursor.last_uid = status["UIDVALIDITY"], 0
        cursor.save(update_fields=["uidvalidity", "last_uid"])
    return cursor, status["UIDNEXT"]


def _new_uids(
    box: BaseMailBox, channel: Channel, cursor: MailCursor, next_uid: int, limit: int
) -> list[int]:
    """In windows, because an answer line of a large mailbox is longer than imaplib reads."""
    since = (channel.created_at - timedelta(days=1)).strftime("%d-%b-%Y")
    for low in range(cursor.last_uid + 1, next_uid, WINDOW):
        # Without an upper end a server answers with the last mail, new or not.
        high = min(low + WINDOW, next_uid) - 1
        found = box.uids(f"UID {low}:{high} OR UNSEEN SINCE {since}", charset=None)
        uids = sorted(uid for uid in map(int, found) if low <= uid <= high)
        if uids:
            return uids[:limit]
    return []


def _batches(box: BaseMailBox, uids: list[int]) -> Iterator[list[int]]:
    """Runs of UIDs whose mails fit into memory together."""
    sizes = _sizes(box, uids)
    batch: list[int] = []
    total = 0
    for uid in uids:
        size = min(sizes.get(uid, MAX_SIZE), MAX_SIZE)
        if batch and total + size > BATCH_BYTES:
            yield batch
            batch, total = [], 0
        batch.append(uid)
        total += size
    if batch:
        yield batch


def _sizes(box: BaseMailBox, uids: list[int]) -> dict[int, int]:
    if not uids:
        return {}
    lines = _fetched(box, uids, "(UID RFC822.SIZE)")
    found = [(_UID.search(line), _SIZE.search(line)) for line in lines if isinstance(line, bytes)]
    return {int(uid[1]): int(size[1]) for uid, size in found if uid and size}


def _download(box: BaseMailBox, uids: list[int]) -> list[tuple[int, bytes]]:
    """The mails' bytes; of one that is too large just enough to see that it is."""
    answer = _fetched(box, uids, f"(UID BODY.PEEK[]<0.{MAX_SIZE + 1}>)")
    mails: dict[int, bytes] = {}
    for item, following in zip(answer, [*answer[1:], b""], strict=True):
        if not isinstance(item, tuple):
            continue
        # Servers name the UID before or behind the mail.
        behind = following if isinstance(following, bytes) else b""
        named = _UID.search(item[0]) or _UID.search(behind)
        if named:
            mails[int(named[1])] = item[1]
    return [(uid, mails[uid]) for uid in uids if uid in mails]


def _fetched(box: BaseMailBox, uids: list[int], parts: str) -> list[bytes | tuple[bytes, bytes]]:
    state, answer = box.client.uid("FETCH", ",".join(map(str, uids)), parts)
    if state != "OK":
        raise CannotFetch(f"The mail server did not hand out mail: {state}")
    return [line for line in answer if line is not None]


def _source_key(cursor: MailCursor, uid: int) -> str:
    return f"imap:{cursor.mailbox}:{cursor.uidvalidity}:{uid}"


def _advance(cursor: MailCursor, uid: int) -> None:
    cursor.last_uid = max(cursor.last_uid, uid)
    cursor.checked_at = timezone.now()
    cursor.save(update_fields=["last_uid", "checked_at"])


def _mark_seen(box: BaseMailBox, uids: list[int]) -> None:
    # Whether the server lets us is not asked: a mailbox we may only read works as well.
    box.client.uid("STORE", ",".join(map(str, uids)), "+FLAGS.SILENT", r"(\Seen)")


def _told_already(box: BaseMailBox) -> list[bytes]:
    """What the server said in one breath with its consent to wait: that was read together and
    lies in the client, where no waiting for the socket finds it."""
    lines: list[bytes] = []
    sock = box.client.sock
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        while line := box.client.readline():
            lines.append(line)
    except (BlockingIOError, ssl.SSLWantReadError):
        pass  # no more for now
    finally:
        sock.settimeout(timeout)
    return lines


def _told(poll: Callable[[float], list[bytes]]) -> list[bytes]:
    """What the server says within a second. Raises CannotFetch when it hung up."""
    started = time.monotonic()
    lines = poll(IDLE_SLICE)
    if not lines and time.monotonic() - started < IDLE_SLICE / 2:
        raise CannotFetch("The mail server hung up.")
    return lines
