"""Tickets that we begin ourselves, and tickets given to another customer."""

from __future__ import annotations

from typing import Any

import pytest

from channels_app.models import Channel
from customers.models import Customer, Identity
from inbox.models import Agent, Message, Tag, Team, Ticket
from tests.flows.saying import ADA_MAIL, ADA_PHONE, EVE_MAIL, mail, sms
from tests.inbox.api.conftest import Program

pytestmark = pytest.mark.django_db

PHONE = {"kind": "phone", "value": ADA_PHONE}


def customer_of(message: Message) -> Customer:
    return Ticket.objects.get(pk=message.ticket_id).customer


def test_a_ticket_to_somebody_new(
    program: Program, text_line: Channel, front: Team, grace: Agent
) -> None:
    wanted = {"identity": PHONE, "channel": text_line.key, "subject": "Your parcel", "text": "Hi"}
    begun = program.post("tickets/", {**wanted, "assignee": "me", "tags": ["parcel"]})
    assert begun.status_code == 201, begun.content
    ticket = begun.json()
    assert (ticket["subject"], ticket["status"]) == ("Your parcel", "pending")
    assert (ticket["team"], ticket["assignee"], ticket["tags"]) == (front.pk, grace.pk, ["parcel"])
    assert ticket["conversations"][0]["identity"] == PHONE
    message = Message.objects.get()
    assert (message.text, message.status, message.agent) == ("Hi", "queued", grace)
    assert Identity.objects.get().proven_by == "agent"


def test_the_answer_comes_back_into_it(program: Program, text_line: Channel) -> None:
    wanted = {"identity": PHONE, "channel": text_line.key, "text": "Hi"}
    number = program.post("tickets/", wanted).json()["number"]
    assert sms(text_line, "Who is this?").ticket_id == number


def test_a_ticket_to_a_customer_goes_where_they_are_reached(
    program: Program, support: Channel, text_line: Channel
) -> None:
    ada = customer_of(mail(support, "Hi"))
    begun = program.post("tickets/", {"customer": ada.pk, "channel": support.key})
    assert begun.json()["conversations"][0]["identity"] == {"kind": "email", "value": ADA_MAIL}
    assert begun.json()["status"] == "open"
    nowhere = program.post("tickets/", {"customer": ada.pk, "channel": text_line.key})
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "not-possible")


def test_one_ticket_for_one_call(program: Program, text_line: Channel) -> None:
    wanted = {"identity": PHONE, "channel": text_line.key, "text": "Hi"}
    first, again = (program.post("tickets/", wanted, key="k") for _ in range(2))
    assert first.json() == again.json()
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({}, 400),
        ({"channel": "nowhere"}, 400),
        ({"identity": {"kind": "visitor", "value": "x"}}, 400),
        ({"identity": {"kind": "phone", "value": "12"}}, 422),
        ({"identity": {"kind": "email", "value": ADA_MAIL}}, 422),
        ({"identity": PHONE, "customer": 1}, 400),
        ({"identity": PHONE, "customer": None}, 400),
        ({"customer": 999_999}, 400),
        ({"customer": 2**70}, 400),
        ({"identity": PHONE, "text": "x" * 2000}, 422),
        ({"identity": PHONE, "color": "red"}, 400),
        ({"identity": PHONE, "team": 999_999}, 400),
    ],
)
def test_what_can_not_be_begun_leaves_nothing_behind(
    program: Program, text_line: Channel, wrong: dict[str, Any], status: int
) -> None:
    answer = program.post("tickets/", {"channel": text_line.key, **wrong})
    assert answer.status_code == status, answer.content
    assert not Ticket.objects.exists()
    assert not Customer.objects.exists()


def test_nobody_begins_what_they_would_not_see(
    program: Program, stranger_program: Program, sales: Channel, vault: Team, support: Channel
) -> None:
    wanted = {"identity": {"kind": "email", "value": ADA_MAIL}, "channel": sales.key}
    assert program.post("tickets/", wanted).status_code == 422
    assert stranger_program.post("tickets/", wanted).status_code == 201
    hidden = {**wanted, "channel": support.key}
    assert program.post("tickets/", hidden).status_code == 422
    ada = Customer.objects.get()
    assert program.post("tickets/", {"customer": ada.pk, "channel": support.key}).status_code == 400


def test_a_ticket_is_given_to_another_customer(
    program: Program, support: Channel, sales: Channel, text_line: Channel
) -> None:
    ticket = sms(text_line, "Hi").ticket_id
    ada = customer_of(mail(support, "Hi"))
    hidden = customer_of(mail(sales, "Hi", sender=EVE_MAIL))
    given = program.patch(f"tickets/{ticket}/", {"customer": ada.pk, "tags": ["given"]})
    assert given.json()["customer"]["id"] == ada.pk
    assert Tag.objects.get().name == "given"
    for nobody in (hidden.pk, 999_999, "x", True, None):
        assert program.patch(f"tickets/{ticket}/", {"customer": nobody}).status_code == 400
