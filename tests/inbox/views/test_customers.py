from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels_app.messages import Address
from channels_app.models import Channel
from customers.identify import identify
from customers.models import Claim, Customer, CustomerMerge, Identity
from inbox import triage
from inbox.models import Agent, ContactPoint, Message, Team, Ticket
from inbox.views.customer_history import Place, history
from tests.inbox.desk import ADA_MAIL, hear, reply

pytestmark = pytest.mark.django_db

ADA = (Address("phone", "+447700900123", name="Ada"), Address("email", "ada@customer.example"))


def test_one_timeline_over_all_channels(
    line: Channel, post: Channel, as_grace: Client, grace: Agent
) -> None:
    texted = hear(line, "By phone", sender=ADA)
    hear(post, "By mail")
    triage.add_note(texted.ticket, text="Knows both", by=grace)
    reply(texted.conversation, "Hello Ada", by=grace)
    page = as_grace.get(f"/customers/{texted.ticket.customer_id}/").content.decode()
    places = [page.index(text) for text in ("By phone", "By mail", "Knows both", "Hello Ada")]
    assert places == sorted(places)


def test_what_lies_with_another_team_is_left_out(
    line: Channel, post: Channel, as_grace: Client
) -> None:
    open_ticket = hear(line, "In the open", sender=ADA).ticket
    hidden = hear(post, "In the vault").ticket
    triage.move_to_team(hidden, team=Team.objects.create(name="Vault", is_members_only=True))
    page = as_grace.get(f"/customers/{open_ticket.customer_id}/").content.decode()
    assert "In the open" in page
    assert "In the vault" not in page
    assert f"#{hidden.pk}" not in page


def test_proven_and_claimed_addresses_are_told_apart(line: Channel, as_grace: Client) -> None:
    customer = hear(line).ticket.customer
    Claim.objects.create(
        customer=customer, kind="email", value="c@x.example", key="c@x.example", source="form"
    )
    page = as_grace.get(f"/customers/{customer.pk}/").content.decode()
    assert "Proven by the provider" in page
    assert "Claimed, not proven (form)" in page


def test_more_history_costs_no_more_queries(
    line: Channel,
    as_grace: Client,
    grace: Agent,
    queries: Callable[[Callable[[], Any]], int],
) -> None:
    said = hear(line)
    triage.add_note(said.ticket, text="x", by=grace)
    address = f"/customers/{said.ticket.customer_id}/"
    as_grace.get(address)
    with_few = queries(lambda: as_grace.get(address))
    for _ in range(3):
        hear(line)
        triage.add_note(said.ticket, text="x", by=grace)
    assert queries(lambda: as_grace.get(address)) == with_few


def test_more_addresses_and_suggestions_cost_no_more_queries(
    line: Channel, as_grace: Client, queries: Callable[[Callable[[], Any]], int]
) -> None:
    customer = hear(line).ticket.customer

    def know(number: int) -> None:
        address = f"ada{number}@customer.example"
        identify([Address("phone", "+447700900123"), Address("email", address)])
        for claimant in (
            customer,
            identify([Address("phone", f"+4477009009{number:02}")]).customer,
        ):
            claimant.claims.create(kind="email", value=address, key=address, source="form")

    know(1)
    home = f"/customers/{customer.pk}/"
    as_grace.get(home)
    with_one = queries(lambda: as_grace.get(home))
    for number in range(2, 5):
        know(number)
    assert queries(lambda: as_grace.get(home)) == with_one
    assert as_grace.get(home).content.decode().count("This may be the same person") == 4


class TestMergedAndParted:
    @pytest.fixture
    def caller(self, line: Channel) -> Customer:
        return hear(line, "By phone").ticket.customer

    @pytest.fixture
    def writer(self, post: Channel) -> Customer:
        return hear(post, "By mail").ticket.customer

    def test_a_merge_leads_to_one_page_and_can_be_undone_there(
        self, as_grace: Client, caller: Customer, writer: Customer
    ) -> None:
        home = f"/customers/{writer.pk}/"
        found = as_grace.get(home, {"merge": "7700"}).content.decode()
        assert "Merge into this one" in found
        answer = as_grace.post(f"{home}merge", {"other": caller.pk}, follow=True)
        page = answer.content.decode()
        assert page.index("By phone") < page.index("By mail")
        assert as_grace.get(f"/customers/{caller.pk}/").headers["Location"] == home
        undo = f"/customer-merges/{CustomerMerge.objects.get().pk}/undo"
        assert undo in page
        page = as_grace.post(undo, follow=True).content.decode()
        assert "By phone" not in page
        assert undo not in page
        assert "By phone" in as_grace.get(f"/customers/{caller.pk}/").content.decode()

    def test_a_script_hears_204_or_the_reason(
        self, script: Client, caller: Customer, writer: Customer
    ) -> None:
        merge = f"/customers/{writer.pk}/merge"
        assert script.post(merge, {"other": writer.pk}).status_code == 422
        assert script.post(merge, {"other": caller.pk}).status_code == 204
        assert script.post(merge, {"other": caller.pk}).status_code == 404

    def test_nobody_is_offered_who_is_partly_hidden(
        self, as_grace: Client, caller: Customer, writer: Customer, post: Channel
    ) -> None:
        vault = Team.objects.create(name="Vault", is_members_only=True)
        triage.move_to_team(hear(post, "Secret", subject="Other").ticket, team=vault)
        page = as_grace.get(f"/customers/{caller.pk}/", {"merge": "ada"}).content.decode()
        assert "Nobody found." in page
        merge = f"/customers/{caller.pk}/merge"
        assert as_grace.post(merge, {"other": writer.pk}).status_code == 404
        assert "Find a customer" not in as_grace.get(f"/customers/{writer.pk}/").content.decode()

    def test_a_suggestion_merges_the_claim_into_whom_it_belongs_to(
        self, as_grace: Client, caller: Customer, writer: Customer
    ) -> None:
        caller.claims.create(kind="email", value=ADA_MAIL, key=ADA_MAIL, source="form")
        page = as_grace.get(f"/customers/{caller.pk}/").content.decode()
        assert "This may be the same person as" in page
        assert f'action="/customers/{writer.pk}/merge"' in page


class TestDetails:
    @pytest.fixture
    def home(self, line: Channel) -> str:
        return f"/customers/{hear(line).ticket.customer_id}/"

    def test_what_is_known_is_changed(self, as_grace: Client, home: str) -> None:
        facts = {"name": "Ada Lovelace", "tags": "vip, press, vip", "attributes": "plan: gold\n"}
        page = as_grace.post(f"{home}details", facts, follow=True).content.decode()
        customer = Customer.objects.get()
        assert (customer.name, customer.tags) == ("Ada Lovelace", ["vip", "press"])
        assert customer.attributes == {"plan": "gold"}
        assert "<h1>Ada Lovelace</h1>" in page

    def test_what_nobody_changed_keeps_its_type(self, as_grace: Client, home: str) -> None:
        Customer.objects.update(attributes={"orders": 3, "plan": "free"})
        as_grace.post(f"{home}details", {"attributes": "orders: 3\nplan: gold"})
        assert Customer.objects.get().attributes == {"orders": 3, "plan": "gold"}

    @pytest.mark.parametrize("wrong", [{"attributes": "no colon"}, {"timezone": "Mars/Base"}])
    def test_what_can_not_be_is_said_beside_it(
        self, as_grace: Client, home: str, wrong: dict[str, str]
    ) -> None:
        answer = as_grace.post(f"{home}details", {"name": "Ada", **wrong})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
        assert Customer.objects.get().name == ""

    def test_a_refusal_is_told_on_the_page(self, as_grace: Client, home: str) -> None:
        page = as_grace.post(f"{home}addresses", {"value": "12"}, follow=True).content.decode()
        assert "With its country code" in page

    def test_an_address_can_be_added_shared_blocked_and_ended(
        self, as_grace: Client, home: str
    ) -> None:
        as_grace.post(f"{home}addresses", {"value": "ada@customer.example"})
        identity = Identity.objects.get(kind="phone")
        point = ContactPoint.objects.get()
        as_grace.post(f"/identities/{identity.pk}/share", {"shared": "yes"})
        as_grace.post(f"/contact-points/{point.pk}/block", {"blocked": "yes"})
        page = as_grace.get(home).content.decode()
        for told in ("ada@customer.example", "shared by several people", "blocked: Line"):
            assert told in page
        as_grace.post(f"/contact-points/{point.pk}/block", {"blocked": "no"})
        as_grace.post(f"/identities/{identity.pk}/end")
        page = as_grace.get(home).content.decode()
        assert "blocked" not in page.split("Addresses")[1]
        assert 'title="+447700900123"' not in page


class TestHistory:
    def test_pages_meet_everything_once(
        self, line: Channel, post: Channel, grace: Agent, as_grace: Client
    ) -> None:
        ticket = hear(line, "text 0", sender=ADA).ticket
        for number in range(1, 7):
            hear(line if number % 2 else post, f"text {number}")
        tickets = Ticket.objects.filter(customer=ticket.customer)
        seen: list[int] = []
        before = None
        while True:
            page = history(tickets, reader=grace, before=before, limit=2)
            seen = [entry.message.pk for entry in page.entries if entry.message] + seen
            if page.earlier is None:
                break
            before = Place.read(str(page.earlier))
        assert seen == list(Message.objects.order_by("created_at").values_list("pk", flat=True))

    @pytest.mark.parametrize(
        "before", ["x", "~~", "2026-01-01~1~1", f"2026-01-01T00:00Z~1~{2**70}"]
    )
    def test_an_address_nobody_gave_out_shows_the_newest(
        self, line: Channel, as_grace: Client, before: str
    ) -> None:
        home = f"/customers/{hear(line, 'Hello').ticket.customer_id}/"
        assert "Hello" in as_grace.get(home, {"before": before}).content.decode()


class TestList:
    def test_customers_are_found_by_what_one_knows(
        self, line: Channel, post: Channel, as_grace: Client
    ) -> None:
        hear(line)
        hear(post)
        page = as_grace.get("/customers/").content.decode()
        assert page.index(ADA_MAIL) < page.index("+44 7700 900123")
        found = as_grace.get("/customers/", {"q": "07700 900"}).content.decode()
        assert "+44 7700 900123" in found
        assert ADA_MAIL not in found

    def test_pages_follow_each_other(self, as_grace: Client) -> None:
        Customer.objects.bulk_create([Customer(name=f"One of {n:02}") for n in range(55)])
        first = as_grace.get("/customers/").content.decode()
        last = Customer.objects.order_by("-pk")[49]
        assert f"?before={last.pk}" in first
        assert "One of 00" not in first
        second = as_grace.get("/customers/", {"before": last.pk}).content.decode()
        assert "One of 00" in second
        assert "More customers" not in second

    def test_more_rows_cost_no_more_queries(
        self, as_grace: Client, queries: Callable[[Callable[[], Any]], int]
    ) -> None:
        Customer.objects.create(label="one")
        as_grace.get("/customers/")
        with_one = queries(lambda: as_grace.get("/customers/"))
        Customer.objects.bulk_create([Customer(label="more") for _ in range(3)])
        assert queries(lambda: as_grace.get("/customers/")) == with_one
