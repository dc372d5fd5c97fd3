from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import transaction
from django.db.models import FileField
from django.utils import timezone

from channels_app import messages
from channels_app.errors import SendError
from channels_app.models import Channel
from inbox import joining, media
from inbox.models import Agent, Attachment, Conversation, LiveEvent, Ticket
from inbox.triage import NotPossible
from tests.inbox.desk import hear, reply
from tests.inbox.line import Line

pytestmark = pytest.mark.django_db


def received(line: Channel, **fields) -> Attachment:
    file = messages.Attachment(**({"name": "a.png", "content_type": "image/png"} | fields))
    return hear(line, attachments=(file,)).attachments.get()


def remote(line: Channel) -> Attachment:
    return received(line, remote_url="https://provider.example/media/1")


def make_due(attachment: Attachment) -> Attachment:
    Attachment.objects.filter(pk=attachment.pk).update(next_attempt_at=timezone.now())
    return Attachment.objects.get(pk=attachment.pk)


class TestKeeping:
    def test_bytes_are_stored_with_their_digest(self, line: Channel) -> None:
        kept = received(line, content=b"picture")
        assert (kept.state, kept.size, kept.file.read()) == ("stored", 7, b"picture")
        assert kept.sha256 == hashlib.sha256(b"picture").hexdigest()

    def test_the_stored_name_is_random_and_the_label_only_a_label(self, line: Channel) -> None:
        kept = received(line, name="../../etc/passwd", content=b"x")
        assert kept.name == "../../etc/passwd"
        assert "passwd" not in kept.file.name
        assert ".." not in kept.file.name

    @pytest.mark.parametrize(
        ("name", "label"),
        [
            ("a\x00b.png", "ab.png"),
            ("exe\u202egnp.scr", "exegnp.scr"),
            ("a\u200bb\r\n.png", "ab.png"),
            ("", "file"),
            ("x" * 300, "x" * 255),
        ],
    )
    def test_a_label_is_one_visible_line(self, name: str, label: str) -> None:
        assert media.label(name) == label

    @pytest.mark.parametrize(
        ("declared", "kept"),
        [
            ("IMAGE/PNG; name=x", "image/png"),
            ("", "application/octet-stream"),
            ("text/html\r\nX: y", "application/octet-stream"),
            ("a/b/c", "application/octet-stream"),
        ],
    )
    def test_a_content_type_is_one_or_unknown(
        self, line: Channel, declared: str, kept: str
    ) -> None:
        assert received(line, content_type=declared, content=b"x").content_type == kept


class TestFetching:
    def test_a_file_at_the_provider_is_fetched(self, line: Channel) -> None:
        pending = remote(line)
        assert (pending.state, pending.size) == ("pending", 0)
        LiveEvent.objects.all().delete()
        Line.media = b"picture"
        media.fetch(pending.pk)
        stored = Attachment.objects.get()
        assert (stored.state, stored.size, stored.file.read()) == ("stored", 7, b"picture")
        assert LiveEvent.objects.get().kind == "message"

    def test_it_is_fetched_once(self, line: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
        pending = remote(line)
        calls = []
        monkeypatch.setattr(Line, "fetch_media", lambda _, url: calls.append(url) or b"x")
        for _ in range(3):
            media.fetch(pending.pk)
        assert calls == ["https://provider.example/media/1"]

    def test_a_failure_is_tried_again_by_plan_then_shown(self, line: Channel) -> None:
        pending = remote(line)
        Line.media = SendError("not now")
        waits = []
        while pending.state == "pending":
            media.fetch(pending.pk)
            pending.refresh_from_db()
            if pending.next_attempt_at:
                waits.append((pending.next_attempt_at - timezone.now()).total_seconds())
            pending = make_due(pending) if pending.state == "pending" else pending
        assert [round(wait) for wait in waits] == [5, 30, 120, 600, 3600]
        assert (pending.state, pending.error) == ("failed", "not now")

    def test_a_file_that_is_gone_is_not_asked_for_again(self, line: Channel) -> None:
        pending = remote(line)
        Line.media = SendError("gone", permanent=True)
        media.fetch(pending.pk)
        assert Attachment.objects.get().state == "failed"

    def test_a_worker_that_dies_leaves_it_to_the_next_after_a_minute(self, line: Channel) -> None:
        pending = remote(line)
        Line.media = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            media.fetch(pending.pk)
        pending.refresh_from_db()
        assert (pending.state, pending.attempts) == ("pending", 1)
        assert pending.next_attempt_at is not None
        wait = pending.next_attempt_at - timezone.now()
        assert timedelta(seconds=50) < wait <= timedelta(seconds=60)

    def test_a_file_that_ends_every_worker_is_given_up(self, line: Channel) -> None:
        pending = remote(line)
        Line.media = KeyboardInterrupt()
        for _ in range(len(media.WAITS) + 1):
            with pytest.raises(KeyboardInterrupt):
                media.fetch(make_due(pending).pk)
        media.fetch(make_due(pending).pk)
        pending.refresh_from_db()
        assert (pending.state, pending.next_attempt_at) == ("failed", None)

    def taken_over(self, pending: Attachment, monkeypatch: pytest.MonkeyPatch, then: Any) -> None:
        """A first worker is so slow that a second one has taken the file over."""
        others = iter([then])

        def fetch_media(_line: Line, _url: str) -> bytes:
            other = next(others, None)
            if other is not None:
                Line.media, slow = other, Line.media
                media.fetch(make_due(pending).pk)
                Line.media = slow
            if isinstance(Line.media, BaseException):
                raise Line.media
            return Line.media

        monkeypatch.setattr(Line, "fetch_media", fetch_media)
        media.fetch(pending.pk)

    def test_a_slow_worker_that_fails_does_not_undo_what_another_has_fetched(
        self, line: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Line.media = SendError("cut off", permanent=True)
        self.taken_over(remote(line), monkeypatch, then=b"picture")
        stored = Attachment.objects.get()
        assert (stored.state, stored.file.read()) == ("stored", b"picture")

    @pytest.mark.parametrize("permanent", [False, True])
    def test_a_slow_worker_s_file_counts_while_the_other_one_failed(
        self, line: Channel, monkeypatch: pytest.MonkeyPatch, permanent: bool
    ) -> None:
        Line.media = b"picture"
        self.taken_over(remote(line), monkeypatch, then=SendError("busy", permanent=permanent))
        stored = Attachment.objects.get()
        assert (stored.state, stored.file.read()) == ("stored", b"picture")

    def test_its_ticket_is_told_of_where_it_is_by_then(
        self, line: Channel, grace: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pending = remote(line)
        assert pending.message is not None
        ticket = pending.message.ticket
        other = Ticket.objects.create(customer=ticket.customer)

        def moved(_line: Line, _url: str) -> bytes:
            joining.join(ticket, into=other, by=grace)
            LiveEvent.objects.all().delete()
            return b"picture"

        monkeypatch.setattr(Line, "fetch_media", moved)
        media.fetch(pending.pk)
        assert LiveEvent.objects.get().ticket_id == other.pk


class Streamed(TemporaryUploadedFile):
    """An upload on disk that nobody may read as a whole."""

    def __init__(self, content: bytes) -> None:
        super().__init__("film.mp4", "video/mp4", len(content), None)
        self.file.write(content)

    def read(self, size: int = -1) -> bytes:
        assert 0 < size <= self.DEFAULT_CHUNK_SIZE
        return self.file.read(size)


class TestUploads:
    def test_an_upload_is_kept_piece_by_piece(self, grace: Agent) -> None:
        content = b"0123456789" * 20_000
        kept = media.keep_upload(Streamed(content), by=grace)
        assert (kept.size, kept.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert kept.file.read() == content

    def test_one_that_is_too_large_is_refused_by_its_size_alone(
        self, grace: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(media, "MAX_UPLOAD", 10)
        upload = Streamed(b"more than ten bytes")
        monkeypatch.setattr(upload, "chunks", None)
        with pytest.raises(NotPossible, match=r"film\.mp4 is larger"):
            media.keep_upload(upload, by=grace)
        assert not Attachment.objects.exists()


class TestSharing:
    def test_a_file_we_send_has_an_address_for_a_while(
        self, strand: Conversation, grace: Agent, settings
    ) -> None:
        upload = SimpleUploadedFile("a b.png", b"picture", content_type="image/png")
        file = media.keep_upload(upload, by=grace)
        reply(strand, "", by=grace, attachments=(file,))
        url = media.public_url(file)
        assert url.startswith(f"{settings.PUBLIC_URL}/files/")
        assert url.endswith("/a%20b.png")
        assert media.shared_file(url.split("/")[-2]) == file

    def test_a_file_a_customer_sent_has_none(self, line: Channel) -> None:
        kept = received(line, content=b"x")
        assert media.shared_file(media.public_url(kept).split("/")[-2]) is None

    def test_an_address_ends(
        self, strand: Conversation, grace: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = media.keep_upload(SimpleUploadedFile("a", b"x"), by=grace)
        reply(strand, "Hello", by=grace)
        monkeypatch.setattr(media, "LINK_LIFETIME", timedelta(seconds=-1))
        assert media.shared_file(media.public_url(file).split("/")[-2]) is None

    @pytest.mark.parametrize("link", ["", "1", "1:x:y", "x" * 5000, "\x00"])
    def test_a_forged_address_leads_nowhere(self, link: str) -> None:
        assert media.shared_file(link) is None


class TestStrays:
    @pytest.fixture(autouse=True)
    def _own_folder(self, settings: Any, tmp_path: Path) -> None:
        settings.MEDIA_ROOT = tmp_path

    def days_later(self, days: float) -> datetime:
        """The first minute of the day, whose share one folder is."""
        later = timezone.now() + timedelta(days=days)
        return later.replace(hour=0, minute=0)

    def test_a_file_whose_message_never_came_to_be_goes_after_a_day(self, line: Channel) -> None:
        received(line, content=b"kept")
        with suppress(ZeroDivisionError), transaction.atomic():
            stray = received(line, content=b"x").file
            raise ZeroDivisionError
        assert media.remove_strays(at=self.days_later(0)) == 0
        two_folders = [self.days_later(3) + timedelta(minutes=number) for number in (0, 1)]
        assert sum(media.remove_strays(at=minute) for minute in two_folders) == 1
        assert not stray.storage.exists(stray.name)

    def test_a_file_of_a_message_stays(self, line: Channel) -> None:
        kept = received(line, content=b"x")
        assert media.remove_strays(at=self.days_later(400)) == 0
        assert kept.file.read() == b"x"

    def test_files_of_another_database_are_left_alone(self, line: Channel, tmp_path: Path) -> None:
        (tmp_path / "ab").mkdir()
        (tmp_path / "ab" / "older").touch()
        assert media.remove_strays(at=self.days_later(3)) == 0
        Attachment.objects.create(name="a", created_at=timezone.now() + timedelta(seconds=1))
        assert media.remove_strays(at=self.days_later(3)) == 0

    def test_every_folder_has_its_minute(self, line: Channel, tmp_path: Path) -> None:
        Attachment.objects.create(name="a", created_at=timezone.now() - timedelta(minutes=1))
        for number in range(1500):
            (tmp_path / f"{number:04}").mkdir()
            (tmp_path / f"{number:04}" / "stray").touch()
        day = self.days_later(3)
        minutes = (day + timedelta(minutes=number) for number in range(1440))
        assert sum(media.remove_strays(at=minute) for minute in minutes) == 1500

    def test_no_other_row_has_files_that_would_be_taken_for_strays(self) -> None:
        fields = (field for model in apps.get_models() for field in model._meta.get_fields())
        assert [one.model for one in fields if isinstance(one, FileField)] == [Attachment]
