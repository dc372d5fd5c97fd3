"""Files: those customers send, those that still lie at the provider, those we send."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import dramatiq
from django.conf import settings
from django.core import signing
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from channels_app import messages
from channels_app.errors import SendError
from channels_app.messages import OutboundFile
from inbox import workers
from inbox.changes import announce
from inbox.models import Agent, Attachment, Message, Ticket
from inbox.triage import NotPossible

MAX_UPLOAD = 100 * 1024 * 1024
LEASE = timedelta(seconds=60)
WAITS = [timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600)]
STRAY_AFTER = timedelta(days=1)
LINK_LIFETIME = timedelta(hours=4)
_SALT = "inbox.media.link"
State = Attachment.State


def keep(message: Message, files: Iterable[messages.Attachment]) -> list[Attachment]:
    """Store the files of an inbound message; a worker fetches those that came as an address."""
    kept = [_row(message, file) for file in files]
    Attachment.objects.bulk_create(kept)
    for attachment in kept:
        if attachment.state == State.PENDING:
            workers.ask_later(fetch_attachment, attachment.pk)
    return kept


def keep_upload(upload: UploadedFile[Any], *, by: Agent) -> Attachment:
    """Store a file an agent is going to send; one that was not sent within a day goes again.
    It is never in memory as a whole. Raises NotPossible when it is larger than 100 MB."""
    if (upload.size or 0) > MAX_UPLOAD:
        raise NotPossible(f"{label(upload.name or '')} is larger than 100 MB.")
    attachment = Attachment(
        name=label(upload.name or ""),
        content_type=_content_type(upload.content_type or ""),
        uploaded_by=by,
    )
    _fill(attachment, upload)
    attachment.save()
    return attachment


def fetch(attachment_id: int) -> None:
    """Fetch a file that lies at the provider, when it is its turn: after 5 s, 30 s, 2 min,
    10 min and 1 h again, then it is marked as failed."""
    attachment = _claim(attachment_id)
    if attachment is None or attachment.message is None:
        return
    try:
        content = _fetched(attachment, attachment.message)
    except SendError as error:
        _postpone(attachment, error)
    else:
        _fill(attachment, ContentFile(content))
        attachment.state, attachment.error, attachment.next_attempt_at = State.STORED, "", None
    _settle(attachment)


def outbound_file(attachment: Attachment) -> OutboundFile:
    """The file as an adapter takes it."""
    name, storage = str(attachment.file.name), attachment.file.storage
    return OutboundFile(
        name=attachment.name,
        content_type=attachment.content_type,
        size=attachment.size,
        open=lambda: cast(BinaryIO, storage.open(name, "rb")),
        url=public_url(attachment),
    )


def public_url(attachment: Attachment) -> str:
    """Where a provider may fetch a file we send, for four hours."""
    link = signing.TimestampSigner(salt=_SALT).sign(str(attachment.pk))
    name = quote(attachment.name.replace("/", "_"), safe="")
    return f"{settings.PUBLIC_URL}/files/{link}/{name}"


def shared_file(link: str) -> Attachment | None:
    """The file of such an address; None when it is forged or too old, or was never sent."""
    try:
        key = signing.TimestampSigner(salt=_SALT).unsign(link, max_age=LINK_LIFETIME)
    except signing.BadSignature:
        return None
    sent = Attachment.objects.filter(message__direction=Message.Direction.OUTBOUND)
    return sent.filter(pk=int(key)).first()


def remove_strays(*, at: datetime) -> int:
    """Remove files that no row has named for a day, left where writing was cut short; how many
    that were. Each minute has its share of the folders: all are looked into once a day. Files
    older than the first row's are left alone: they may be another database's."""
    first = Attachment.objects.order_by("pk").values_list("created_at", flat=True).first()
    if first is None:
        return 0
    folders = sorted(_listed("")[0])[at.hour * 60 + at.minute :: 1440]
    names = [f"{folder}/{name}" for folder in folders for name in _listed(folder)[1]]
    named = set(Attachment.objects.filter(file__in=names).values_list("file", flat=True))
    strays = [
        name
        for name in names
        if name not in named and first <= _written_at(name) < at - STRAY_AFTER
    ]
    for stray in strays:
        default_storage.delete(stray)
    return len(strays)


def label(name: str) -> str:
    """A file's name as people may read it: one line, nothing invisible, at most 255 characters."""
    visible = "".join(letter for letter in name if letter.isprintable())
    return visible.strip()[:255] or "file"


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return folders, files


def _written_at(name: str) -> datetime:
    """Now, when it went meanwhile."""
    try:
        return default_storage.get_modified_time(name)
    except FileNotFoundError:
        return timezone.now()


def _row(message: Message, file: messages.Attachment) -> Attachment:
    attachment = Attachment(
        message=message,
        name=label(file.name),
        content_type=_content_type(file.content_type),
        content_id=file.content_id[:255],
        is_inline=file.is_inline,
        remote_url=file.remote_url,
    )
    if file.content is None:
        attachment.state = State.PENDING
        attachment.next_attempt_at = timezone.now()
    else:
        _fill(attachment, ContentFile(file.content))
    return attachment


def _fill(attachment: Attachment, content: File[Any]) -> None:
    digest = hashlib.sha256()
    for chunk in content.chunks():
        digest.update(chunk)
    attachment.size, attachment.sha256 = content.size or 0, digest.hexdigest()
    attachment.file.save("file", content, save=False)


def _content_type(declared: str) -> str:
    plain = declared.partition(";")[0].strip().lower()
    is_sound = plain.isascii() and plain.isprintable() and " " not in plain
    return plain[:127] if is_sound and plain.count("/") == 1 else "application/octet-stream"


def _claim(attachment_id: int) -> Attachment | None:
    now = timezone.now()
    due = Attachment.objects.filter(pk=attachment_id, state=State.PENDING, next_attempt_at__lte=now)
    if not due.update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1):
        return None
    claimed = Attachment.objects.select_related("message__channel")
    return claimed.get(pk=attachment_id)


def _fetched(attachment: Attachment, message: Message) -> bytes:
    """Raises SendError; for one that ended its worker at each try before, without another."""
    if attachment.attempts > len(WAITS) + 1:
        raise SendError("Fetching it ended without a word, each time.", permanent=True)
    return message.channel.adapter.fetch_media(attachment.remote_url)


def _postpone(attachment: Attachment, error: SendError) -> None:
    attachment.error = error.text
    if error.permanent or attachment.attempts > len(WAITS):
        attachment.state, attachment.next_attempt_at = State.FAILED, None
    else:
        attachment.next_attempt_at = timezone.now() + WAITS[attachment.attempts - 1]


def _settle(attachment: Attachment) -> None:
    """One whose message was taken back meanwhile is not brought back by having been fetched, and
    what somebody else has fetched, or tries again by now, is not undone by having failed here."""
    with transaction.atomic():
        missing = Attachment.objects.exclude(state=State.STORED).filter(pk=attachment.pk)
        present = missing.select_for_update(of=("self",)).first()
        is_stored = attachment.state == State.STORED
        if present is None or not (is_stored or present.attempts == attachment.attempts):
            attachment.file.delete(save=False)
            return
        attachment.save()
        if attachment.state != State.PENDING:
            ticket = Ticket.objects.select_related("team").get(messages=attachment.message_id)
            announce("message", ticket)


@dramatiq.actor(max_retries=0, queue_name="media")
def fetch_attachment(attachment_id: int) -> None:
    fetch(attachment_id)
