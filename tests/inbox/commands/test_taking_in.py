"""receive_email and replay_events."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from channels_app import journal
from channels_app.models import Channel, InboundEvent
from inbox import intake
from inbox.management.commands import receive_email
from inbox.models import Message, Ticket
from tests.inbox.commands.conftest import Run

pytestmark = pytest.mark.django_db

TEMPFAIL, DATAERR, NOINPUT = 75, 65, 66


def raw(text: str = "Where is it?", *, serial: int = 1, headers: str = "") -> bytes:
    return (
        f"From: Ada <ada@customer.example>\r\nTo: support@desk.example\r\n"
        f"Subject: Parcel {serial}\r\nMessage-ID: <m{serial}@customer.example>\r\n{headers}"
        f"\r\n{text}\r\n"
    ).encode()


class TestOneMail:
    def test_from_standard_input_to_a_ticket(self, run: Run, support: Channel) -> None:
        [shown] = run("receive_email", support.key, stdin=raw())
        message = Message.objects.get()
        assert shown == {"ticket": message.ticket_id, "message": message.pk, "duplicate": False}
        assert message.text.strip() == "Where is it?"

    def test_the_same_mail_again_names_the_same_message(self, run: Run, support: Channel) -> None:
        [first] = run("receive_email", support.key, stdin=raw())
        [again] = run("receive_email", support.key, stdin=raw())
        assert again == {**first, "duplicate": True}
        assert Message.objects.count() == 1

    def test_another_way_of_the_same_mail_is_a_duplicate_too(
        self, run: Run, support: Channel
    ) -> None:
        [first] = run("receive_email", support.key, stdin=raw())
        [again] = run("receive_email", support.key, stdin=b"Received: from elsewhere\r\n" + raw())
        assert again == {**first, "duplicate": True}

    def test_later_only_stores(self, run: Run, support: Channel) -> None:
        nothing = {"ticket": None, "message": None, "duplicate": False}
        assert run("receive_email", support.key, "--later", stdin=raw()) == [nothing]
        assert InboundEvent.objects.get().state == "received"
        [shown] = run("receive_email", support.key, stdin=raw())
        assert (shown["ticket"], shown["duplicate"]) == (Ticket.objects.get().pk, True)

    def test_a_damaged_mail_becomes_a_ticket(self, run: Run, support: Channel) -> None:
        [shown] = run("receive_email", support.key, stdin=b"\x00\xff not a mail at all")
        assert Ticket.objects.get().pk == shown["ticket"]

    def test_one_that_fails_is_kept_and_no_failure_of_the_mail_server(
        self, run: Run, support: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_args: Any) -> None:
            raise ValueError("bug")

        with monkeypatch.context() as patch:
            patch.setattr(intake, "receive", broken)
            [shown] = run("receive_email", support.key, stdin=raw())
        assert shown == {"ticket": None, "message": None, "duplicate": False}
        assert InboundEvent.objects.get().state == "received"


class TestExitCodes:
    def exit_code(self, run: Run, *arguments: str, stdin: bytes = b"") -> int:
        with pytest.raises((SystemExit, CommandError)) as stopped:
            run("receive_email", *arguments, stdin=stdin)
        error = stopped.value
        return error.returncode if isinstance(error, CommandError) else int(error.code or 0)

    @pytest.mark.parametrize(
        "trouble", [OperationalError("database is locked"), OSError(28, "No space left on device")]
    )
    def test_what_could_not_be_stored_stays_with_the_mail_server(
        self, run: Run, support: Channel, monkeypatch: pytest.MonkeyPatch, trouble: Exception
    ) -> None:
        def broken(*_args: Any, **_more: Any) -> None:
            raise trouble

        monkeypatch.setattr(journal, "store", broken)
        assert self.exit_code(run, support.key, stdin=raw()) == TEMPFAIL

    def test_without_a_database(
        self, run: Run, support: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_args: Any, **_more: Any) -> None:
            raise OperationalError("connection refused")

        monkeypatch.setattr(Channel.objects, "get", away)
        assert self.exit_code(run, support.key, stdin=raw()) == TEMPFAIL

    def test_a_channel_that_is_missing_off_or_no_mail_channel_can_be_mended(
        self, run: Run, support: Channel, text_line: Channel
    ) -> None:
        support.is_active = False
        support.save()
        for key in ("nothing", support.key, text_line.key):
            assert self.exit_code(run, key, stdin=raw()) == TEMPFAIL

    def test_too_large(self, run: Run, support: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(receive_email, "MAX_SIZE", 200)
        assert self.exit_code(run, support.key, stdin=raw("x" * 300)) == DATAERR
        assert not InboundEvent.objects.exists()

    @pytest.mark.parametrize("broken", ["database", "setting", "arguments"])
    def test_the_program_itself_ends_with_75_whatever_is_broken(
        self, tmp_path: Path, broken: str
    ) -> None:
        if broken == "database":
            (tmp_path / "parley.sqlite3").write_bytes(b"this is no database" * 100)
        wrong = {"REDIS_URL": "nonsense"} if broken == "setting" else {}
        ended = subprocess.run(
            [
                sys.executable,
                "manage.py",
                "receive_email",
                *([] if broken == "arguments" else ["key"]),
            ],
            cwd=Path(__file__).parents[3],
            input=raw(),
            capture_output=True,
            env={"DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", **wrong},
            check=False,
            timeout=60,
        )
        assert ended.returncode == TEMPFAIL, ended.stderr
        assert ended.stderr
        assert b"Traceback" not in ended.stderr


class TestManyFiles:
    def test_one_line_a_mail_in_order_also_after_a_bad_one(
        self, support: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(receive_email, "MAX_SIZE", 1000)
        contents = [raw(serial=1), raw("x" * 2000, serial=2), raw(serial=3), raw(serial=1)]
        files = [tmp_path / f"{number}.eml" for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        names = [str(file) for file in files]
        names.insert(2, str(tmp_path / "missing.eml"))
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit) as stopped:
            call_command("receive_email", support.key, *names, stdout=out, stderr=err)
        assert stopped.value.code == NOINPUT
        assert "missing.eml" in err.getvalue()
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        one, three = Ticket.objects.order_by("pk")
        assert [line["ticket"] for line in lines] == [one.pk, None, None, three.pk, one.pk]
        assert [line["duplicate"] for line in lines] == [False, False, False, False, True]

    def test_new_ones_share_their_commits_and_their_questions(
        self,
        run: Run,
        support: Channel,
        tmp_path: Path,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        files = [tmp_path / f"{number}.eml" for number in range(10)]
        for number, file in enumerate(files):
            sender = f"somebody{number}@customer.example".encode()
            file.write_bytes(raw(serial=number).replace(b"ada@customer.example", sender))
        with django_assert_max_num_queries(14 * len(files)):
            shown = run("receive_email", support.key, *map(str, files))
        numbers = list(Ticket.objects.order_by("subject").values_list("pk", flat=True))
        assert [line["ticket"] for line in shown] == numbers
        assert {event.attempts for event in InboundEvent.objects.all()} == {1}

    def test_later_stores_them_for_whoever_claims_them(
        self, run: Run, support: Channel, tmp_path: Path
    ) -> None:
        files = [tmp_path / f"{number}.eml" for number in range(3)]
        for number, file in enumerate(files):
            file.write_bytes(raw(serial=number))
        run("receive_email", "--later", support.key, *map(str, files))
        assert len(journal.claim("mail", limit=5)) == 3
        assert Message.objects.count() == 0

    def test_hostile_mails_are_all_taken_in(
        self, run: Run, support: Channel, tmp_path: Path
    ) -> None:
        from tests.channels_app.email.hostile import hostile_mails

        names = []
        for number, (_name, content) in enumerate(hostile_mails()):
            if number % 10 == 0 and len(content) < 1_000_000:
                file = tmp_path / f"{number}.eml"
                file.write_bytes(content)
                names.append(str(file))
        shown = run("receive_email", support.key, *names)
        assert len(shown) == len(names) >= 10
        assert all(line["ticket"] for line in shown)


class TestReplay:
    @pytest.fixture
    def dead(self, support: Channel) -> list[InboundEvent]:
        """Two dead letters and one that was processed."""
        events = [journal.store_mail(support, raw(serial=number))[0] for number in range(3)]
        states = [
            InboundEvent.State.HELD,
            InboundEvent.State.UNREADABLE,
            InboundEvent.State.PROCESSED,
        ]
        for event, state in zip(events, states, strict=True):
            InboundEvent.objects.filter(pk=event.pk).update(state=state, attempts=5, error="bug")
        return events

    def test_dead_letters_wait_again_and_twice_is_once(
        self, run: Run, dead: list[InboundEvent]
    ) -> None:
        assert run("replay_events", "--failed", "--json") == [{"replayed": 2}]
        assert list(InboundEvent.objects.order_by("pk").values_list("state", "attempts")) == [
            ("received", 0),
            ("received", 0),
            ("processed", 5),
        ]
        while intake.drain("mail"):
            pass
        assert run("replay_events", "--json") == [{"replayed": 0}]
        assert Message.objects.count() == 2

    def test_a_replayed_event_that_had_become_a_message_makes_no_second_one(
        self, run: Run, support: Channel
    ) -> None:
        run("receive_email", support.key, stdin=raw())
        InboundEvent.objects.update(state=InboundEvent.State.HELD)
        assert run("replay_events", "--json") == [{"replayed": 1}]
        while intake.drain("mail"):
            pass
        assert Message.objects.count() == 1
        assert InboundEvent.objects.get().state == "processed"
