from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from channels_app.models import Channel
from inbox import triage
from inbox.models import Agent, Tag, Team, Ticket
from inbox.views.snooze_times import snooze_times
from tests.inbox.desk import hear

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(post: Channel) -> Ticket:
    return hear(post).ticket


def present(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def test_a_ticket_is_given_to_somebody_and_to_nobody(
    ticket: Ticket, script: Client, grace: Agent, heidi: Agent
) -> None:
    for to, assignee in [("me", grace), (heidi.pk, heidi), ("", None)]:
        assert script.post(f"/t/{ticket.pk}/assignee", {"to": to}).status_code == 204
        assert present(ticket).assignee == assignee


@pytest.mark.parametrize("to", ["999", "x", "-1", "9" * 30])
def test_nobody_by_that_id_is_not_found(ticket: Ticket, script: Client, to: str) -> None:
    assert script.post(f"/t/{ticket.pk}/assignee", {"to": to}).status_code == 404
    assert script.post(f"/t/{ticket.pk}/team", {"to": to}).status_code == 404


def test_a_ticket_moves_to_a_team_and_out_of_it(ticket: Ticket, script: Client) -> None:
    team = Team.objects.create(name="Returns")
    script.post(f"/t/{ticket.pk}/team", {"to": team.pk})
    assert present(ticket).team == team
    script.post(f"/t/{ticket.pk}/team", {"to": ""})
    assert present(ticket).team is None


def test_tags_are_added_by_comma_and_taken_away_one_by_one(ticket: Ticket, script: Client) -> None:
    script.post(f"/t/{ticket.pk}/tags", {"add": "vip, late , VIP"})
    script.post(f"/t/{ticket.pk}/tags", {"remove": "Late"})
    assert [tag.name for tag in ticket.tags.all()] == ["VIP"]


def test_a_ticket_takes_fifty_tags_and_not_one_more(ticket: Ticket, script: Client) -> None:
    words = ",".join(f"tag {number}" for number in range(50))
    assert script.post(f"/t/{ticket.pk}/tags", {"add": words}).status_code == 204
    assert script.post(f"/t/{ticket.pk}/tags", {"add": "one more"}).status_code == 422
    assert ticket.tags.count() == Tag.objects.count() == 50


@pytest.mark.parametrize("verb", ["subject", "tags", "notes", "replies", "replies/check"])
def test_a_text_that_no_database_keeps_is_the_callers_error(
    ticket: Ticket, script: Client, verb: str
) -> None:
    strand = ticket.conversations.get().pk
    said = {"conversation": strand, "client_id": "0" * 32}
    texts = dict.fromkeys(("subject", "add", "text"), "a\0b")
    assert script.post(f"/t/{ticket.pk}/{verb}", said | texts).status_code == 400


def test_a_verb_that_is_not_possible_says_why(ticket: Ticket, script: Client) -> None:
    answer = script.post(f"/t/{ticket.pk}/priority", {"to": "very"})
    assert (answer.status_code, b"no priority" in answer.content) == (422, True)
    assert script.post(f"/t/{ticket.pk}/status", {"to": "gone"}).status_code == 422


def test_a_new_subject_does_not_roll_over_a_colleagues(ticket: Ticket, script: Client) -> None:
    triage.rename(ticket, subject="Theirs")
    answer = script.post(f"/t/{ticket.pk}/subject", {"subject": "Mine", "was": "Parcel"})
    assert answer.status_code == 409
    assert b"Theirs" in answer.content
    assert b"Mine" in answer.content
    again = script.post(f"/t/{ticket.pk}/subject", {"subject": "Mine", "was": "Theirs"})
    assert (again.status_code, present(ticket).subject) == (204, "Mine")


def test_a_ticket_is_put_off_by_the_agents_clock_and_woken(
    ticket: Ticket, script: Client, grace: Agent
) -> None:
    grace.timezone = "Asia/Tokyo"
    grace.save()
    script.post(f"/t/{ticket.pk}/snooze", {"until": "2999-01-02T09:00"})
    assert present(ticket).snoozed_until == datetime(2999, 1, 2, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
    script.post(f"/t/{ticket.pk}/snooze", {"until": ""})
    assert present(ticket).snoozed_until is None


@pytest.mark.parametrize("until", ["tomorrow", "2026-13-01T09:00", "2001-01-01T09:00"])
def test_a_time_that_makes_no_sense_is_refused(ticket: Ticket, script: Client, until: str) -> None:
    assert script.post(f"/t/{ticket.pk}/snooze", {"until": until}).status_code == 422
    assert present(ticket).snoozed_until is None


def test_the_offered_times_are_later_today_and_nine_on_tomorrows_and_mondays_wall() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        now = timezone.localtime()
        later, tomorrow, monday = [moment for _label, moment in snooze_times()]
    assert timedelta(hours=2, minutes=58) < later - now <= timedelta(hours=3)
    assert (tomorrow.hour, tomorrow.minute) == (monday.hour, monday.minute) == (9, 0)
    assert tomorrow.date() == now.date() + timedelta(days=1)
    assert monday.weekday() == 0
    assert now.date() < monday.date() <= now.date() + timedelta(days=7)


def test_status_changes_through_the_same_verbs(ticket: Ticket, script: Client) -> None:
    for status in ("resolved", "open", "spam", "pending"):
        script.post(f"/t/{ticket.pk}/status", {"to": status})
        assert present(ticket).status == status


@pytest.mark.parametrize("until", ["9999-12-31T23:59-14:00", "0001-01-01T00:00+14:00", "soon", ""])
def test_a_moment_outside_of_the_calendar_is_none(
    ticket: Ticket, script: Client, until: str
) -> None:
    answer = script.post(f"/t/{ticket.pk}/snooze", {"until": until})
    assert answer.status_code == (422 if until else 204)
    assert present(ticket).snoozed_until is None
