from __future__ import annotations

import base64
import json
import time

import jwt
import pytest
from django.utils import timezone

from channels_app.messages import Address
from channels_app.models import Channel
from customers.identify import identify
from customers.models import Claim, Customer, Identity
from inbox.models import Activity, Agent, ContactPoint, Conversation, Ticket, Visitor
from tests.inbox.desk import ADA_MAIL, hear
from tests.inbox.widget.chat import SECRET, Browser, answer, signed


def unsigned(channel: Channel) -> str:
    def part(said: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")

    claims = {"sub": "ada", "aud": channel.key, "exp": int(time.time()) + 600}
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


@pytest.mark.parametrize(
    "make",
    [
        unsigned,
        lambda channel: signed(channel, "ada", secret="another-secret-of-sufficient-length!"),
        lambda channel: signed(channel, "ada", aud="somebody-else"),
        lambda channel: signed(channel, "ada", aud=None),
        lambda channel: signed(channel, "ada", exp=int(time.time()) - 60),
        lambda channel: signed(channel, "ada", exp=int(time.time()) + 3700),
        lambda channel: signed(channel, "ada", exp=None),
        lambda channel: signed(channel, "ada", nbf=int(time.time()) + 300),
        lambda channel: signed(channel, ""),
        lambda channel: signed(channel, "a" * 256),
        lambda channel: signed(channel, "a\0b"),
        lambda channel: signed(channel, 7),
        lambda channel: jwt.encode(
            {"sub": "ada", "aud": channel.key, "exp": int(time.time()) + 600}, SECRET * 2, "HS512"
        ),
        lambda channel: "x" * 9000,
        lambda channel: 7,
        lambda channel: "",
    ],
)
def test_a_signature_that_proves_nothing_is_refused(signing_chat: Channel, make):
    refused = Browser(signing_chat).begin(jwt=make(signing_chat))
    assert (refused.status_code, refused.json()) == (403, {"error": "bad-identity"})
    assert Visitor.objects.count() == 0


def test_two_secrets_count_while_one_is_being_changed(make_chat):
    both = f"{SECRET},{SECRET[::-1]}"
    channel = make_chat(identity="optional", identity_secret=both)
    for secret in both.split(","):
        assert Browser(channel).begin(jwt=signed(channel, "ada", secret=secret)).status_code == 200


def test_an_account_has_one_history_in_every_browser(signing_chat: Channel, grace: Agent):
    laptop, phone = Browser(signing_chat), Browser(signing_chat)
    laptop.begin(jwt=signed(signing_chat, "ada"))
    laptop.say("From the laptop")
    answer("Hello", by=grace)
    phone.begin(jwt=signed(signing_chat, "ada"))
    assert phone.texts() == ["From the laptop", "Hello"]
    phone.say("From the phone")
    assert Ticket.objects.count() == 1
    assert ContactPoint.objects.get().address_kind == "external"


def test_accounts_that_differ_in_anything_are_different_people(signing_chat: Channel):
    ada, other = Browser(signing_chat), Browser(signing_chat)
    ada.begin(jwt=signed(signing_chat, "Ada"))
    ada.say("Mine")
    other.begin(jwt=signed(signing_chat, "ada"))
    assert other.texts() == []


def test_the_first_sign_in_brings_what_was_said_before(signing_chat: Channel):
    ada = Browser(signing_chat)
    ada.say("I was nobody yet")
    planted = ada.token
    ada.begin(jwt=signed(signing_chat, "ada", name="Ada Lovelace"))
    assert ada.token != planted
    assert ada.texts() == ["I was nobody yet"]
    ada.say("Now I am Ada")
    ticket = Ticket.objects.get()
    assert ticket.customer.name == "Ada Lovelace"
    assert ticket.activities.filter(verb=Activity.Verb.SIGNED_IN).count() == 1
    assert Customer.objects.filter(merged_into=None).count() == 1
    thief = Browser(signing_chat)
    thief.token = planted
    assert thief.hear().status_code == 401


def test_signing_in_to_a_known_account_moves_the_ticket_there(signing_chat: Channel, grace: Agent):
    before = Browser(signing_chat)
    before.begin(jwt=signed(signing_chat, "ada", name="Ada"))
    before.say("Last week")
    known = Ticket.objects.get().customer
    later = Browser(signing_chat)
    later.say("Forgot to sign in")
    strand = Conversation.objects.latest("pk")
    later.begin(jwt=signed(signing_chat, "ada"))
    assert {ticket.customer for ticket in Ticket.objects.all()} == {known}
    assert later.texts() == ["Last week", "Forgot to sign in"]
    assert ContactPoint.objects.count() == 1
    assert Conversation.objects.get(is_current=True) == strand
    answer("Both are here", by=grace)
    assert before.texts()[-1] == "Both are here"


def test_a_verified_address_finds_the_person_it_belongs_to(signing_chat: Channel, post: Channel):
    known = hear(post, "By mail").ticket.customer
    ada = Browser(signing_chat)
    ada.say("By chat")
    ada.begin(jwt=signed(signing_chat, "ada", email=ADA_MAIL, email_verified=True))
    assert {ticket.customer for ticket in Ticket.objects.all()} == {known}
    assert set(known.identities.filter(ended_at=None).values_list("kind", flat=True)) == {
        "email",
        "external",
    }
    assert ada.texts() == ["By chat"]


def test_an_unverified_address_is_a_claim_and_finds_nobody(signing_chat: Channel, post: Channel):
    known = hear(post, "By mail").ticket.customer
    ada = Browser(signing_chat)
    ada.begin(jwt=signed(signing_chat, "ada", email=ADA_MAIL))
    ada.say("By chat")
    chatting = Ticket.objects.latest("pk").customer
    assert chatting != known
    assert [(one.kind, one.value) for one in chatting.claims.all()] == [("email", ADA_MAIL)]
    assert not chatting.identities.filter(kind="email").exists()


def test_what_a_visitor_types_is_a_claim(ada: Browser, post: Channel):
    known = hear(post, "By mail").ticket.customer
    ada.begin(profile={"name": "Ada", "email": ADA_MAIL, "phone": "+44 7700 900123"})
    ada.say("By chat")
    chatting = Ticket.objects.latest("pk").customer
    assert (chatting != known, chatting.name) == (True, "Ada")
    assert {one.kind for one in chatting.claims.all()} == {"email", "phone"}
    assert set(chatting.identities.values_list("kind", flat=True)) == {"visitor"}


def test_a_claim_is_written_down_once(ada: Browser):
    ada.say("Hello")
    for _ in range(2):
        ada.post("visitor", {"profile": {"email": "ada@claims.example", "name": "Ada"}})
        ada.say("Again")
    assert Claim.objects.count() == 1
    assert Customer.objects.get().name == "Ada"


@pytest.mark.parametrize(
    "profile", [{"email": "nobody"}, {"email": "a@b\r\nBcc: c@d.example"}, {"phone": "call me"}]
)
def test_an_address_that_is_none_is_refused(ada: Browser, profile):
    refused = ada.begin(profile=profile)
    assert (refused.status_code, refused.json()["error"]) == (422, "bad-profile")


def test_somebody_else_who_signs_in_gets_another_token(signing_chat: Channel):
    shared = Browser(signing_chat)
    shared.begin(jwt=signed(signing_chat, "ada"))
    shared.say("I am Ada")
    old = shared.token
    shared.begin(jwt=signed(signing_chat, "eve"))
    assert shared.token != old
    assert shared.texts() == []
    shared.token = old
    assert shared.hear().status_code == 401


def test_signing_out_ends_the_token_on_a_shared_computer(signing_chat: Channel):
    shared = Browser(signing_chat)
    shared.begin(jwt=signed(signing_chat, "ada"))
    shared.say("I am Ada")
    assert shared.post("logout").status_code == 204
    assert shared.hear().status_code == 401
    shared.token = ""
    shared.begin(jwt=signed(signing_chat, "ada"))
    assert shared.texts() == ["I am Ada"]


def test_history_ends_with_the_signature_until_there_is_a_fresh_one(signing_chat: Channel):
    ada = Browser(signing_chat)
    ada.begin(jwt=signed(signing_chat, "ada"))
    ada.say("I am Ada")
    Visitor.objects.update(proven_until=timezone.now())
    refused = ada.hear()
    assert (refused.status_code, refused.json()["error"]) == (401, "identity-expired")
    assert ada.say("Still me").status_code == 401
    token = ada.token
    ada.begin(jwt=signed(signing_chat, "ada"))
    assert (ada.token, ada.texts()) == (token, ["I am Ada"])


def test_without_a_signature_nobody_enters_where_one_is_required(make_chat):
    channel = make_chat(identity="required", identity_secret=SECRET)
    nobody = Browser(channel)
    assert nobody.begin().json() == {"error": "identity-required"}
    ada = Browser(channel)
    assert ada.begin(jwt=signed(channel, "ada")).status_code == 200
    assert ada.say("Hello").status_code == 201


def test_a_token_from_before_is_not_enough_where_a_signature_is_required(make_chat):
    channel = make_chat(identity="optional", identity_secret=SECRET)
    ada = Browser(channel)
    ada.say("Hello")
    channel.settings["identity"] = "required"
    channel.save()
    assert ada.hear().json() == {"error": "identity-required"}


def test_a_signature_means_nothing_where_identity_is_off(ada: Browser):
    assert ada.begin(jwt=signed(ada.channel, "ada")).json()["subject"] == ""


def test_a_customer_agents_know_better_stays_apart(signing_chat: Channel, grace: Agent):
    """An agent has put a mail address on the visitor: that person is not folded into another."""
    other = identify([Address("external", "boss", scope=signing_chat.key)], name="The boss")
    ada = Browser(signing_chat)
    ada.say("Hello")
    customer = Ticket.objects.get().customer
    visitor = customer.identities.get()
    identify([Address("visitor", visitor.value, scope=visitor.scope), Address("email", ADA_MAIL)])
    ada.begin(jwt=signed(signing_chat, "boss"))
    assert Ticket.objects.get().customer == other.customer
    assert Identity.objects.get(kind="email").customer == customer
    assert Customer.objects.get(pk=customer.pk).merged_into is None
