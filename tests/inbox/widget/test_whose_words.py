"""Nobody but the same token or the same account sees what was said, whatever else they share."""

from __future__ import annotations

import time
import uuid

import pytest

from channels_app.models import Channel
from customers.models import Customer, Identity
from inbox import contact_details
from inbox.models import Agent, ContactPoint, Message, Visitor
from inbox.widget import saying
from inbox.widget.refusals import Refusal
from tests.inbox.widget.chat import Browser, answer, signed

FAMILY = {"phone": "+447700900123", "phone_verified": True}
OFFICE = {"email": "office@customer.example", "email_verified": True}


@pytest.mark.parametrize("shared", [FAMILY, OFFICE, FAMILY | OFFICE])
def test_two_accounts_with_one_verified_address_do_not_see_each_others_words(
    signing_chat: Channel, grace: Agent, shared: dict[str, object]
):
    ada, eve = Browser(signing_chat), Browser(signing_chat)
    ada.begin(jwt=signed(signing_chat, "ada", **shared))
    eve.begin(jwt=signed(signing_chat, "eve", **shared))
    ada.say("My diagnosis")
    eve.say("My invoice")
    answer("Only for Eve", by=grace)
    ada.say("And my pills")
    assert ada.texts() == ["My diagnosis", "And my pills"]
    assert eve.texts() == ["My invoice", "Only for Eve"]
    assert Customer.objects.living().count() == 1


@pytest.mark.parametrize("is_signed", [False, True])
def test_a_visitor_whose_address_an_agent_has_ended_goes_on_in_their_own_chat(
    signing_chat: Channel, grace: Agent, is_signed: bool
):
    ada = Browser(signing_chat)
    ada.begin(**({"jwt": signed(signing_chat, "ada")} if is_signed else {}))
    ada.say("One")
    contact_details.end(Identity.objects.get())
    ada.say("Two")
    answer("Three", by=grace)
    assert ada.texts()[-2:] == ["Two", "Three"]


@pytest.mark.parametrize(
    "exp", [lambda: int(time.time() + 600) * 1000, lambda: "1e3", lambda: 1e30]
)
def test_an_end_of_a_signature_that_is_no_such_time_is_refused(signing_chat: Channel, exp):
    refused = Browser(signing_chat).begin(jwt=signed(signing_chat, "ada", exp=exp()))
    assert (refused.status_code, refused.json()) == (403, {"error": "bad-identity"})


def test_what_is_said_in_the_moment_of_signing_in_is_the_accounts(
    signing_chat: Channel, grace: Agent
):
    ada = Browser(signing_chat)
    ada.say("Before")
    anonymous = Visitor.objects.select_related("channel").get()
    ada.begin(jwt=signed(signing_chat, "ada"))
    saying.say(anonymous, saying.Words(uuid.uuid4(), "Meanwhile"))
    answer("Welcome", by=grace)
    assert ada.texts() == ["Before", "Meanwhile", "Welcome"]
    assert Customer.objects.living().count() == ContactPoint.objects.count() == 1


def test_what_is_said_in_the_moment_of_leaving_is_refused(ada: Browser):
    ada.begin()
    leaving = Visitor.objects.select_related("channel").get()
    ada.post("logout")
    with pytest.raises(Refusal, match="unknown-visitor"):
        saying.say(leaving, saying.Words(uuid.uuid4(), "Too late"))
    assert Message.objects.count() == 0
