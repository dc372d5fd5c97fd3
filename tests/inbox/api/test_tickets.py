from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from channels_app.models import Channel
from inbox import joining, triage
from inbox.models import Agent, Team, Ticket
from tests.flows.saying import mail, sms
from tests.inbox.api.conftest import Program

pytestmark = pytest.mark.django_db

FIELDS = {
    "number",
    "subject",
    "status",
    "priority",
    "assignee",
    "team",
    "tags",
    "customer",
    "conversations",
    "rev",
    "created_at",
    "updated_at",
    "last_message_at",
    "waiting_since",
    "first_replied_at",
    "resolved_at",
    "snoozed_until",
    "merged_into",
    "follows",
}


def numbers(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [ticket["number"] for ticket in answer.json()["results"]]


def ticket_of(message: Any) -> Ticket:
    return Ticket.objects.get(pk=message.ticket_id)


class TestReading:
    def test_a_ticket_has_exactly_the_promised_fields(
        self, program: Program, support: Channel
    ) -> None:
        message = mail(support, "Where is it?")
        shown = program.get(f"tickets/{message.ticket_id}/").json()
        assert shown.keys() == FIELDS
        assert shown["conversations"] == [
            {
                "id": message.conversation_id,
                "channel": {"key": support.key, "kind": "email", "name": "Support mail"},
                "identity": {"kind": "email", "value": "ada@customer.example"},
                "accepted": True,
                "reply_window_ends_at": None,
            }
        ]
        assert shown["customer"].keys() == {"id", "name"}
        assert (shown["status"], shown["priority"], shown["tags"]) == ("open", "normal", [])
        assert shown["merged_into"] is shown["follows"] is shown["assignee"] is None

    def test_no_secret_is_in_any_answer(self, program: Program, text_line: Channel) -> None:
        message = sms(text_line, "Hi")
        paths = [f"tickets/{message.ticket_id}/", "tickets/", "channels/"]
        paths += [f"tickets/{message.ticket_id}/messages/", f"messages/{message.pk}/"]
        for path in paths:
            answer = program.get(path)
            assert answer.status_code == 200
            assert b"12345" not in answer.content

    def test_forbidden_looks_exactly_like_missing(
        self, stranger_program: Program, program: Program, sales: Channel, support: Channel
    ) -> None:
        hidden = mail(sales, "For the vault").ticket_id
        assert program.get(f"tickets/{hidden}/").content == program.get("tickets/999999/").content
        assert program.get(f"tickets/{hidden}/").status_code == 404
        assert stranger_program.get(f"tickets/{hidden}/").status_code == 200
        assert numbers(program.get("tickets/")) == []
        assert numbers(program.get("tickets/", q="vault")) == []

    def test_a_ticket_it_follows_is_named_only_to_those_who_see_it(
        self, program: Program, program_of: Any, support: Channel, vault: Team, heidi: Agent
    ) -> None:
        old, new = ticket_of(mail(support, "One")), ticket_of(sms_like(support))
        Ticket.objects.filter(pk=new.pk).update(follows=old)
        assert program.get(f"tickets/{new.pk}/").json()["follows"] == old.pk
        triage.move_to_team(old, team=vault)
        assert program.get(f"tickets/{new.pk}/").json()["follows"] is None
        assert program_of(heidi).get(f"tickets/{new.pk}/").json()["follows"] == old.pk

    def test_a_merged_ticket_says_into_which_and_is_in_no_list(
        self, program: Program, support: Channel, grace: Agent
    ) -> None:
        one, other = ticket_of(mail(support, "One")), ticket_of(sms_like(support))
        joining.join(one, into=other, by=grace)
        assert program.get(f"tickets/{one.pk}/").json()["merged_into"] == other.pk
        assert numbers(program.get("tickets/")) == [other.pk]


def sms_like(channel: Channel) -> Any:
    return mail(channel, "Another thing", subject="Another thing")


class TestFilters:
    @pytest.fixture
    def tickets(
        self, support: Channel, text_line: Channel, grace: Agent, front: Team
    ) -> dict[str, Ticket]:
        kept = {
            "open": ticket_of(mail(support, "A parcel", subject="Parcel")),
            "pending": ticket_of(mail(support, "A bill", subject="Bill", sender="eve@s.example")),
            "snoozed": ticket_of(sms(text_line, "Later please")),
        }
        triage.set_status(kept["pending"], status=Ticket.Status.PENDING)
        triage.snooze(kept["snoozed"], until=timezone.now() + timedelta(hours=1))
        triage.assign(kept["open"], to=grace)
        triage.tag(kept["open"], names=["VIP"])
        triage.move_to_team(kept["pending"], team=None)
        return kept

    @pytest.mark.parametrize("status", ["open", "pending", "snoozed"])
    def test_by_status_as_it_is_shown(
        self, program: Program, tickets: dict[str, Ticket], status: str
    ) -> None:
        assert numbers(program.get("tickets/", status=status)) == [tickets[status].pk]
        assert program.get("tickets/", status=status).json()["results"][0]["status"] == status

    def test_by_people_places_and_words(
        self,
        program: Program,
        tickets: dict[str, Ticket],
        grace: Agent,
        text_line: Channel,
        front: Team,
    ) -> None:
        is_open, pending, snoozed = (tickets[name].pk for name in ("open", "pending", "snoozed"))
        assert numbers(program.get("tickets/", assignee="me")) == [is_open]
        assert numbers(program.get("tickets/", assignee=grace.pk)) == [is_open]
        assert numbers(program.get("tickets/", assignee="none")) == [snoozed, pending]
        assert numbers(program.get("tickets/", team=front.pk)) == [snoozed, is_open]
        assert numbers(program.get("tickets/", team="none")) == [pending]
        assert numbers(program.get("tickets/", tag="vip")) == [is_open]
        assert numbers(program.get("tickets/", channel=text_line.key)) == [snoozed]
        assert numbers(program.get("tickets/", q="parcel")) == [is_open]
        customer = tickets["pending"].customer_id
        assert numbers(program.get("tickets/", customer=customer)) == [pending]
        assert numbers(program.get("tickets/", customer=customer, status="open")) == []

    @pytest.mark.parametrize(
        "query",
        [
            {"colour": "red"},
            {"status": "lost"},
            {"assignee": "grace"},
            {"team": "me"},
            {"customer": "x"},
            {"page_size": "0"},
            {"page_size": "1000"},
            {"cursor": "x"},
            {"ordering": "subject"},
            {"format": "xml"},
        ],
    )
    def test_a_key_or_value_nobody_knows_is_an_error(
        self, program: Program, query: dict[str, str]
    ) -> None:
        answer = program.get("tickets/", **query)
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert list(answer.json()["errors"]) == list(query)

    def test_detail_pages_take_no_parameters(
        self, program: Program, tickets: dict[str, Ticket]
    ) -> None:
        assert program.get(f"tickets/{tickets['open'].pk}/", q="x").status_code == 400


class TestPages:
    def test_a_walk_meets_each_ticket_once_there_and_back(
        self, program: Program, support: Channel
    ) -> None:
        made = [mail(support, f"No {n}", subject=f"No {n}").ticket_id for n in range(5)]
        page = program.get("tickets/", page_size=2).json()
        there = [page]
        while page["next"]:
            page = program.client.get(page["next"]).json()
            there.append(page)
        assert [t["number"] for page in there for t in page["results"]] == made[::-1]
        assert [len(page["results"]) for page in there] == [2, 2, 1]
        assert there[0]["previous"] is None
        back = program.client.get(there[2]["previous"]).json()
        assert back["results"] == there[1]["results"]

    def test_the_number_of_queries_does_not_grow_with_the_rows(
        self,
        program: Program,
        support: Channel,
        grace: Agent,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        counts = []
        for subjects in (["One"], ["Two", "Three"]):
            for subject in subjects:
                triage.tag(ticket_of(mail(support, subject, subject=subject)), names=[subject])
            with django_assert_max_num_queries(6) as queries:
                program.get("tickets/")
            counts.append(len(queries))
            with django_assert_max_num_queries(6):
                program.get(
                    "tickets/", status="open", assignee="none", tag="one", channel=support.key
                )
        assert counts[1] <= counts[0]


class TestChanging:
    def test_everything_at_once(
        self, program: Program, support: Channel, grace: Agent, front: Team
    ) -> None:
        number = mail(support, "Hello").ticket_id
        wanted = {
            "status": "resolved",
            "priority": "urgent",
            "assignee": "me",
            "team": None,
            "tags": ["vip", "Paris"],
            "subject": "A better one",
        }
        answer = program.patch(f"tickets/{number}/", wanted)
        assert answer.status_code == 200, answer.content
        shown = answer.json()
        assert shown["assignee"] == grace.pk
        assert sorted(shown["tags"]) == ["Paris", "vip"]
        assert {key: shown[key] for key in ("status", "priority", "team", "subject")} == {
            key: wanted[key] for key in ("status", "priority", "team", "subject")
        }
        assert ticket_of_number(number).activities.filter(agent=grace).count() == 6

    def test_snooze_and_wake(self, program: Program, support: Channel) -> None:
        number = mail(support, "Hello").ticket_id
        until = (timezone.now() + timedelta(hours=2)).isoformat()
        assert program.patch(f"tickets/{number}/", {"status": "snoozed"}).status_code == 400
        snoozed = program.patch(f"tickets/{number}/", {"status": "snoozed", "snoozed_until": until})
        assert snoozed.json()["status"] == "snoozed"
        woken = program.patch(f"tickets/{number}/", {"snoozed_until": None})
        assert (woken.json()["status"], woken.json()["snoozed_until"]) == ("open", None)

    @pytest.mark.parametrize(
        "body",
        [
            {"colour": "red"},
            {"status": "lost"},
            {"priority": "extreme"},
            {"assignee": 999},
            {"assignee": True},
            {"team": 999},
            {"tags": "vip"},
            {"number": 5},
            {"status": "open", "snoozed_until": "2100-01-01T00:00:00Z"},
        ],
    )
    def test_a_field_or_value_nobody_knows_changes_nothing(
        self, program: Program, support: Channel, body: dict[str, Any]
    ) -> None:
        number = mail(support, "Hello").ticket_id
        before = program.get(f"tickets/{number}/").json()
        answer = program.patch(f"tickets/{number}/", body)
        assert answer.status_code == 400
        assert program.get(f"tickets/{number}/").json() == before

    def test_all_or_nothing(self, program: Program, support: Channel) -> None:
        number = mail(support, "Hello").ticket_id
        before = program.get(f"tickets/{number}/").json()
        past = {"priority": "high", "snoozed_until": "2001-01-01T00:00:00Z"}
        answer = program.patch(f"tickets/{number}/", past)
        assert (answer.status_code, answer.json()["code"]) == (422, "not-possible")
        assert program.get(f"tickets/{number}/").json() == before

    def test_an_agent_of_another_team_changes_nothing(
        self, program: Program, sales: Channel
    ) -> None:
        number = mail(sales, "Hello").ticket_id
        assert program.patch(f"tickets/{number}/", {"status": "spam"}).status_code == 404
        assert ticket_of_number(number).status == "open"

    def test_broken_json_and_other_media_types_are_problems(
        self, program: Program, support: Channel
    ) -> None:
        address = f"/api/v1/tickets/{mail(support, 'Hello').ticket_id}/"
        broken = program.client.patch(address, "{", "application/json")
        assert (broken.status_code, broken["Content-Type"]) == (400, "application/problem+json")
        form = program.client.patch(address, "status=open", "application/x-www-form-urlencoded")
        assert (form.status_code, form["Content-Type"]) == (415, "application/problem+json")
        listed = program.client.patch(address, "[1]", "application/json")
        assert listed.status_code == 400

    def test_no_method_is_smuggled_in(self, program: Program, support: Channel) -> None:
        address = f"/api/v1/tickets/{mail(support, 'Hello').ticket_id}/"
        override = program.client.get(address, headers={"X-HTTP-Method-Override": "PATCH"})
        assert override.status_code == 200
        for verb in ("post", "put", "delete", "options"):
            assert getattr(program.client, verb)(address).status_code == 405


def ticket_of_number(number: int) -> Ticket:
    return Ticket.objects.get(pk=number)
