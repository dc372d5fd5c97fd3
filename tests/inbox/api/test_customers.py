from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from channels_app.models import Channel
from customers.models import Claim, Customer
from inbox import contact_details, joining, people, triage
from inbox.models import Agent, Ticket
from inbox.replies import Reply, send_reply
from tests.flows.saying import ADA_MAIL, ADA_PHONE, EVE_MAIL, mail, sms
from tests.inbox.api.conftest import Program

pytestmark = pytest.mark.django_db

FIELDS = {
    "id",
    "name",
    "identities",
    "claims",
    "attributes",
    "tags",
    "language",
    "timezone",
    "created_at",
    "last_seen_at",
}


def customer_of(message: Any) -> Customer:
    return Ticket.objects.get(pk=message.ticket_id).customer


def test_a_customer_has_exactly_the_promised_fields(program: Program, text_line: Channel) -> None:
    ada = customer_of(sms(text_line, "Hi"))
    Claim.objects.create(customer=ada, kind="email", value=ADA_MAIL, key=ADA_MAIL, source="form")
    shown = program.get(f"customers/{ada.pk}/").json()
    assert shown.keys() == FIELDS
    assert shown["identities"] == [
        {"kind": "phone", "value": ADA_PHONE, "proven_by": "provider", "is_shared": False}
    ]
    assert shown["claims"] == [{"kind": "email", "value": ADA_MAIL, "source": "form"}]


def test_only_customers_with_a_ticket_you_may_see(
    program: Program, stranger_program: Program, support: Channel, sales: Channel
) -> None:
    ada, eve = customer_of(mail(support, "Hi")), customer_of(mail(sales, "Hi", sender=EVE_MAIL))
    assert [one["id"] for one in program.get("customers/").json()["results"]] == [ada.pk]
    hidden = program.get(f"customers/{eve.pk}/")
    assert hidden.status_code == 404
    assert hidden.content == program.get("customers/999999/").content
    assert program.get("customers/", q=EVE_MAIL).json()["results"] == []
    assert program.patch(f"customers/{eve.pk}/", {"name": "x"}).status_code == 404
    assert program.get(f"customers/{eve.pk}/timeline/").status_code == 404
    assert stranger_program.get(f"customers/{eve.pk}/").status_code == 200


def test_found_by_part_of_a_name_or_a_whole_address(
    program: Program, support: Channel, text_line: Channel
) -> None:
    ada, eve = customer_of(sms(text_line, "Hi")), customer_of(mail(support, "Hi", sender=EVE_MAIL))
    contact_details.describe(ada, name="Ada Lovelace")

    def found(text: str) -> list[int]:
        return [one["id"] for one in program.get("customers/", q=text).json()["results"]]

    assert found("lovel") == [ada.pk]
    assert found("EVE@stranger.example") == [eve.pk]
    assert found(ADA_PHONE) == [ada.pk]
    assert found("nobody@nowhere.example") == []


def test_a_change_changes_what_is_named(program: Program, text_line: Channel) -> None:
    ada = customer_of(sms(text_line, "Hi"))
    wanted = {"name": "Ada", "tags": ["vip"], "attributes": {"plan": "gold"}, "language": "en"}
    shown = program.patch(f"customers/{ada.pk}/", wanted)
    assert shown.status_code == 200, shown.content
    assert wanted.items() <= shown.json().items()
    assert program.get(f"customers/{ada.pk}/").json() == shown.json()
    assert program.patch(f"customers/{ada.pk}/", {"id": 5}).status_code == 400
    assert program.patch(f"customers/{ada.pk}/", {"identities": []}).status_code == 400


class TestTimeline:
    @pytest.fixture
    def ada(self, text_line: Channel, support: Channel, sales: Channel, grace: Agent) -> Customer:
        """Somebody known by phone and mail, with tickets here and in the vault."""
        said = sms(text_line, "First")
        ada = customer_of(said)
        triage.add_note(Ticket.objects.get(pk=said.ticket_id), text="A note", by=grace)
        send_reply(said.conversation, Reply(text="Second"), by=grace)
        for channel, text in ((support, "Third"), (sales, "Hidden")):
            other = Ticket.objects.get(pk=mail(channel, text).ticket_id)
            other.customer = ada
            other.save()
        return ada

    def test_all_channels_in_one_order_without_what_is_hidden(
        self, program: Program, stranger_program: Program, ada: Customer
    ) -> None:
        items = program.get(f"customers/{ada.pk}/timeline/").json()["results"]
        said = [item["text"] for item in items if item["type"] in ("message", "note")]
        assert said == ["First", "A note", "Second", "Third"]
        assert {item["type"] for item in items} == {"message", "note", "activity"}
        for item in items:
            assert {"type", "ticket", "position", "at"} <= item.keys()
        assert [item["at"] for item in items] == sorted(item["at"] for item in items)
        assert b"Hidden" in stranger_program.get(f"customers/{ada.pk}/timeline/").content

    def test_tickets_that_are_out_of_sight_have_no_number(
        self, program: Program, ada: Customer
    ) -> None:
        shown, gone = Ticket.objects.filter(customer=ada).order_by("pk")[:2]
        hidden = Ticket.objects.get(messages__text="Hidden")
        joining.join(gone, into=shown)
        joining.unjoin(joining.join(shown, into=hidden))
        items = program.get(f"customers/{ada.pk}/timeline/").json()["results"]
        named = [item["data"] for item in items if item.get("verb") == "merged"]
        assert named == [{"ticket": gone.pk}, {"into": shown.pk}, {"into": None}]

    def test_a_walk_meets_each_item_once_there_and_back(
        self, program: Program, ada: Customer
    ) -> None:
        whole = program.get(f"customers/{ada.pk}/timeline/").json()
        assert whole["next"] is None
        assert whole["previous"] is None
        page = program.get(f"customers/{ada.pk}/timeline/", page_size=3).json()
        pages = [page]
        while page["next"]:
            page = program.client.get(page["next"]).json()
            pages.append(page)
        assert [item for page in pages for item in page["results"]] == whole["results"]
        back = pages[-1]
        walked = [back["results"]]
        while back["previous"]:
            back = program.client.get(back["previous"]).json()
            walked.insert(0, back["results"])
        assert [item for results in walked for item in results] == whole["results"]
        assert back["next"] is not None

    @pytest.mark.parametrize("cursor", ["x", "W10=", "WzEsIDIsIDMsIDRd", "AAAA"])
    def test_a_made_up_cursor_is_an_error(
        self, program: Program, ada: Customer, cursor: str
    ) -> None:
        answer = program.get(f"customers/{ada.pk}/timeline/", cursor=cursor)
        assert answer.status_code == 400

    def test_the_number_of_queries_does_not_grow_with_the_rows(
        self,
        program: Program,
        text_line: Channel,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        counts = []
        for texts in (["One"], ["Two", "Three"]):
            ada = [customer_of(sms(text_line, text)) for text in texts][-1]
            with django_assert_max_num_queries(8) as queries:
                program.get(f"customers/{ada.pk}/timeline/")
            counts.append(len(queries))
        assert counts[1] <= counts[0]


class TestAdding:
    def test_somebody_new_with_addresses(self, program: Program) -> None:
        wanted = {"name": "Ada", "tags": ["vip"], "attributes": {"plan": "gold"}}
        addresses = [{"kind": "email", "value": ADA_MAIL}, {"kind": "phone", "value": ADA_PHONE}]
        made = program.post("customers/", {**wanted, "identities": addresses})
        assert made.status_code == 201, made.content
        assert wanted.items() <= made.json().items()
        assert [one["proven_by"] for one in made.json()["identities"]] == ["agent", "agent"]
        assert made.json()["claims"] == []
        assert program.get(f"customers/{made.json()['id']}/").json() == made.json()
        assert [one["id"] for one in program.get("customers/", q="gold").json()["results"]] == []
        found = program.get("customers/", q="07700 900").json()["results"]
        assert [one["id"] for one in found] == [made.json()["id"]]

    def test_the_same_call_twice_is_one_customer(self, program: Program) -> None:
        first, again = (program.post("customers/", {"name": "Ada"}, key="k") for _ in range(2))
        assert first.json() == again.json()
        assert Customer.objects.count() == 1

    def test_an_address_of_somebody_else_is_a_conflict(
        self, program: Program, support: Channel, sales: Channel
    ) -> None:
        ada = customer_of(mail(support, "Hi"))
        mail(sales, "Hi", sender=EVE_MAIL)
        count = Customer.objects.count()
        for value, more in ((ADA_MAIL, {"customer": ada.pk}), (EVE_MAIL, {})):
            body = {"identities": [{"kind": "email", "value": value}]}
            refused = program.post("customers/", body)
            assert (refused.status_code, refused.json()["code"]) == (409, "address-taken")
            assert {key: refused.json()[key] for key in more} == more
            assert ("customer" in refused.json()) == bool(more)
        assert Customer.objects.count() == count
        assert not Claim.objects.exists()

    def test_an_address_is_added_or_refused(self, program: Program, support: Channel) -> None:
        ada = customer_of(mail(support, "Hi"))
        path = f"customers/{ada.pk}/identities/"
        added = program.post(path, {"kind": "phone", "value": "+44 7700 900123"})
        assert added.status_code == 201
        assert added.json()["value"] == "+44 7700 900123"
        for wrong in ({"kind": "phone", "value": "12"}, {"kind": "email", "value": "x"}):
            assert program.post(path, wrong).status_code == 422
        assert program.post(path, {"kind": "visitor", "value": "x"}).status_code == 400
        mail(support, "Hi", sender=EVE_MAIL)
        taken = program.post(path, {"kind": "email", "value": EVE_MAIL})
        assert (taken.status_code, taken.json()["code"]) == (409, "address-taken")
        assert not Claim.objects.filter(settled_at=None).exists()


def test_a_merged_customer_answers_as_the_one_they_became(
    program: Program, support: Channel, text_line: Channel, grace: Agent
) -> None:
    ada, caller = customer_of(mail(support, "By mail")), customer_of(sms(text_line, "By phone"))
    people.merge(caller, into=ada, by=grace)
    shown = program.get(f"customers/{caller.pk}/").json()
    assert shown["id"] == ada.pk
    assert {one["value"] for one in shown["identities"]} == {ADA_MAIL, ADA_PHONE}
    assert [one["id"] for one in program.get("customers/").json()["results"]] == [ada.pk]
    items = program.get(f"customers/{caller.pk}/timeline/").json()["results"]
    assert [one["text"] for one in items if one["type"] == "message"] == ["By mail", "By phone"]
    assert "customers_merged" in [one["verb"] for one in items if one["type"] == "activity"]
