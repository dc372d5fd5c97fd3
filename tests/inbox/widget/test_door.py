from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.models import Channel
from customers.models import Claim, Customer
from inbox.models import Attachment, Message, Visitor
from inbox.widget import limits, origins, visitors
from tests.inbox.widget.chat import Browser, signed

OWN = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("origin", "is_in"),
    [
        ("https://shop.example", True),
        ("https://www.shop.example", True),
        ("https://a.b.shop.example", True),
        ("http://shop.example", False),
        ("https://shop.example:8443", False),
        ("https://evilshop.example", False),
        ("https://shop.example.evil.example", False),
        ("https://.shop.example", False),
        ("null", False),
        ("", False),
        ("https://[", False),
        ("file://", False),
    ],
)
def test_only_listed_websites_may_show_the_chat(chat: Channel, origin: str, is_in: bool):
    assert origins.is_allowed(chat, origin) is is_in


def test_the_desks_own_pages_always_may(chat: Channel, settings):
    assert all(origins.is_allowed(chat, own) for own in settings.SOCKET_ORIGINS)


def test_a_call_from_another_website_is_refused(ada: Browser):
    refused = ada.post("visitor", {}, HTTP_ORIGIN="https://evil.example")
    assert (refused.status_code, refused.json()["error"]) == (403, "origin-not-allowed")
    assert Visitor.objects.count() == 0


@pytest.mark.parametrize("path", ["visitor", "logout", "messages", "seen"])
def test_a_chat_that_is_off_or_unknown_answers_nothing(ada: Browser, path: str):
    ada.say("Hello")
    Channel.objects.update(is_active=False)
    assert ada.post(path).status_code == 404
    ada.channel.key = "unknown"
    assert ada.post(path).status_code == 404


@pytest.mark.parametrize("path", ["messages", "seen"])
def test_without_a_token_there_is_nothing_to_hear(ada: Browser, path: str):
    assert ada.post(path).status_code == 401


def test_a_token_in_the_address_is_none(ada: Browser):
    ada.begin()
    token, ada.token = ada.token, ""
    assert ada.call("get", f"messages?token={token}&after=0").status_code == 401


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b"\xff", b"7", b'"x"', b"[" * 5000, b'{"upto": "1"}', b'{"upto": 0}']
)
@pytest.mark.parametrize("path", ["visitor", "seen"])
def test_what_is_no_sound_json_is_refused(ada: Browser, path: str, body: bytes):
    ada.begin()
    answer = ada.call("post", path, data=body, content_type="application/json")
    assert answer.status_code in ((200,) if path == "visitor" and b"upto" in body else (400,))


def test_a_body_out_of_all_proportion_is_not_read(ada: Browser):
    body = json.dumps({"profile": {"name": "x" * 100_000}}).encode()
    assert (
        ada.call("post", "visitor", data=body, content_type="application/json").status_code == 413
    )


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_only_what_is_offered_is_done(ada: Browser, method: str):
    ada.begin()
    assert ada.call(method, "messages").status_code == 405


def test_a_get_changes_nothing(ada: Browser):
    for path in ("visitor", "logout", "seen"):
        assert ada.call("get", path).status_code == 405


def test_answers_are_kept_by_nobody(ada: Browser):
    ada.begin()
    assert ada.hear()["Cache-Control"] == "no-store"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=40),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    name=st.sampled_from(["profile", "attributes", "jwt", "language", "upto"]),
)
def test_nothing_said_about_oneself_breaks_the_door(ada: Browser, monkeypatch, said, name: str):
    monkeypatch.setattr(limits, "BY_VISITOR", {})
    monkeypatch.setattr(limits, "BY_ADDRESS", {})
    ada.begin()
    assert ada.post("visitor", {name: said}).status_code in (200, 403, 422)


@pytest.fixture
def _one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted by the clock's minute, which must not end in the middle of a test."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1_000_000_020.0))


@pytest.mark.usefixtures("_one_minute")
def test_a_flood_of_words_is_slowed_down_with_a_clear_answer(ada: Browser):
    answers = [ada.say(str(number)) for number in range(limits.BY_VISITOR["say"] + 1)]
    assert [one.status_code for one in answers[:-1]] == [201] * limits.BY_VISITOR["say"]
    assert (answers[-1].status_code, answers[-1].json()["error"]) == (429, "rate-limited")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60


@pytest.mark.usefixtures("_one_minute")
def test_a_flood_of_visitors_from_one_address_leaves_others_alone(chat: Channel):
    most = limits.BY_ADDRESS["begin"]
    answers = [Browser(chat, address="192.0.2.66").begin() for _ in range(most + 5)]
    assert sum(one.status_code == 200 for one in answers) == most
    assert {one.status_code for one in answers[most:]} == {429}
    assert Visitor.objects.count() == most
    assert Browser(chat, address="192.0.2.1").say("Hello").status_code == 201


def test_one_customer_of_a_provider_has_many_addresses_of_ipv6(chat: Channel, rf):
    near = [rf.get("/", REMOTE_ADDR=f"2001:db8:1:2::{n}") for n in (1, 2)]
    far = rf.get("/", REMOTE_ADDR="2001:db8:1:3::1")
    assert limits.network_of(near[0]) == limits.network_of(near[1]) != limits.network_of(far)


def test_without_a_cache_the_chat_goes_on(ada: Browser, settings):
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert ada.say("Hello").status_code == 201
    assert Message.objects.count() == 1


@pytest.mark.usefixtures("_one_minute")
def test_a_flood_of_files_is_slowed_down_before_words_are(ada: Browser):
    file = SimpleUploadedFile("notes.txt", b"x")
    answers = [ada.say("Look", file=file) for _ in range(limits.BY_VISITOR["attach"] + 1)]
    assert answers[-1].status_code == 429
    assert Attachment.objects.count() == limits.BY_VISITOR["attach"]
    assert ada.say("Only words").status_code == 201


def test_a_flood_of_addresses_leaves_the_last_few(ada: Browser, monkeypatch):
    monkeypatch.setattr(limits, "BY_VISITOR", {})
    monkeypatch.setattr(limits, "BY_ADDRESS", {})
    ada.say("Hello")
    for number in range(12):
        ada.post("visitor", {"profile": {"email": f"ada{number}@claims.example"}})
    assert [one.value for one in Claim.objects.order_by("pk")] == [
        f"ada{number}@claims.example" for number in range(7, 12)
    ]


def test_what_many_browsers_tell_of_one_account_has_an_end(signing_chat: Channel):
    for number in range(4):
        browser = Browser(signing_chat)
        browser.begin(jwt=signed(signing_chat, "ada"))
        browser.say("Hello")
        told = {f"browser{number} fact{fact}": "x" for fact in range(20)}
        browser.post("visitor", {"attributes": told})
    customer = Customer.objects.get()
    assert len(customer.attributes) == 20
    assert all(name.startswith("site.browser3") for name in customer.attributes)


@pytest.mark.django_db(transaction=True)
def test_things_a_page_says_at_once_are_all_kept(chat: Channel):
    barrier = Barrier(2)

    def say(visitor: Visitor, tell: Any) -> None:
        barrier.wait(30)
        try:
            tell(visitor)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            begun = visitors.begin(chat)[0]
            both = (
                lambda one: visitors.describe(one, {"name": "Ada"}),
                lambda one: visitors.add_attributes(one, {"plan": "gold"}),
            )
            stale = [Visitor.objects.select_related("channel").get(pk=begun.pk) for _ in both]
            done = [pool.submit(say, *pair) for pair in zip(stale, both, strict=True)]
            [one.result() for one in done]
            begun.refresh_from_db()
            assert begun.profile == {"name": "Ada", "attributes": {"plan": "gold"}}
