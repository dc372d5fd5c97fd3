from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from channels_app.models import Channel
from customers.models import Customer, Identity
from inbox import delivery, reading, triage
from inbox.models import (
    Agent,
    Attachment,
    ContactPoint,
    LiveEvent,
    Message,
    Note,
    Ticket,
    Visitor,
)
from inbox.widget import saying, visitors
from tests.inbox.widget.chat import Browser, answer

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def test_a_visitors_first_word_opens_a_ticket(ada: Browser, grace: Agent):
    said = ada.say("Is the brass lamp in stock?")
    assert said.status_code == 201
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.last_channel_kind) == ("open", "webchat")
    assert ada.texts() == ["Is the brass lamp in stock?"]


def test_somebody_who_says_nothing_leaves_no_trace(ada: Browser):
    assert ada.call("get", "frame").status_code == 200
    assert ada.call("get", "config.js").status_code == 200
    assert (Visitor.objects.count(), Customer.objects.count()) == (0, 0)


def test_the_token_is_kept_as_a_digest_only(ada: Browser):
    ada.say("Hello")
    visitor = Visitor.objects.get()
    assert ada.token not in (visitor.token_hash, visitor.handle)
    assert visitor.token_hash == visitors.digest(ada.token)
    assert Identity.objects.get().value == visitor.handle


def test_an_answer_is_heard_delivered_and_read(ada: Browser, grace: Agent):
    ada.say("Hello")
    ours = answer("Good morning", by=grace)
    heard = ada.hear().json()
    assert [(one["mine"], one["text"], one["author"]) for one in heard["messages"]] == [
        (True, "Hello", "Shop chat"),
        (False, "Good morning", grace.name),
    ]
    assert heard["unread"] == 1
    ada.post("seen", {"upto": ours.pk, "read": False})
    assert Message.objects.get(pk=ours.pk).status == "delivered"
    ada.post("seen", {"upto": ours.pk, "read": True})
    assert Message.objects.get(pk=ours.pk).status == "read"
    assert ada.hear().json()["unread"] == 0


def test_a_message_is_sent_as_soon_as_it_is_committed(ada: Browser, grace: Agent):
    ada.say("Hello")
    ours = answer("Good morning", by=grace)
    assert ada.texts() == ["Hello", "Good morning"]
    delivery.deliver(ours.pk)
    assert Message.objects.get(pk=ours.pk).status == "sent"


def test_a_lost_call_was_sent_all_the_same(ada: Browser, grace: Agent):
    from django.utils import timezone

    from inbox.models import DeliveryAttempt

    ada.say("Hello")
    ours = answer("Good morning", by=grace)
    DeliveryAttempt.objects.create(message=ours, number=1)
    past = timezone.now() - timezone.timedelta(seconds=5)
    Message.objects.filter(pk=ours.pk).update(status="sending", leased_until=past)
    delivery.reconcile(ours.pk)
    assert Message.objects.get(pk=ours.pk).status == "sent"


def test_the_same_message_sent_again_is_the_same_message(ada: Browser):
    name = str(uuid.uuid4())
    first, second = (ada.say("Once", client_id=name).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert Message.objects.count() == 1


def test_nobody_takes_the_place_of_anothers_message(ada: Browser, eve: Browser):
    name = str(uuid.uuid4())
    ada.say("Mine", client_id=name)
    eve.say("Also mine", client_id=name)
    assert (ada.texts(), eve.texts()) == (["Mine"], ["Also mine"])


def test_history_is_for_its_own_token_alone(ada: Browser, eve: Browser, grace: Agent):
    ada.say("My address is a secret")
    ours = answer("We keep it", by=grace)
    eve.begin()
    assert eve.texts() == []
    eve.post("seen", {"upto": ours.pk, "read": True})
    assert Message.objects.get(pk=ours.pk).status == "queued"
    eve.token = "made-up"
    assert eve.hear().status_code == 401
    other = Browser(Channel.objects.create(kind="webchat", name="Other", account="other"))
    other.token = ada.token
    assert other.hear().status_code == 401


def test_only_this_strand_is_heard_never_notes_or_mails(ada: Browser, grace: Agent, post: Channel):
    from tests.inbox.desk import hear

    ada.say("Hello")
    ticket = Ticket.objects.get()
    triage.add_note(ticket, text="Careful with this one", by=grace)
    mail = hear(post, "From somewhere else").ticket
    Ticket.objects.filter(pk=mail.pk).update(customer=ticket.customer)
    from inbox import joining

    joining.join(Ticket.objects.get(pk=mail.pk), into=ticket, by=grace)
    assert Note.objects.count() == 1
    assert ada.texts() == ["Hello"]


def test_catching_up_goes_by_position(ada: Browser, grace: Agent):
    first = ada.say("one").json()["id"]
    for text in ("two", "three"):
        answer(text, by=grace)
    after = ada.hear(after=first).json()
    assert [one["text"] for one in after["messages"]] == ["two", "three"]
    last = after["messages"][-1]["id"]
    assert [one["text"] for one in ada.hear(before=last).json()["messages"]] == ["one", "two"]


def test_a_failed_answer_is_heard_once_it_was_sent_again(ada: Browser, grace: Agent):
    ada.say("Hello")
    ours = answer("Good morning", by=grace)
    Message.objects.filter(pk=ours.pk).update(status="failed")
    heard = ada.hear().json()
    assert ours.pk not in heard["tail"]
    delivery.retry(Message.objects.get(pk=ours.pk), by=grace)
    assert ours.pk in ada.hear(after=ours.pk).json()["tail"]


def test_a_resolved_conversation_is_reopened_by_a_word(ada: Browser, grace: Agent):
    ada.say("Hello")
    triage.resolve(Ticket.objects.get(), by=grace)
    assert ada.hear().json()["resolved"] is True
    ada.say("One more thing")
    assert Ticket.objects.get().status == "open"
    assert ada.hear().json()["resolved"] is False


def test_or_a_new_one_begins_where_the_channel_says_so(make_chat, grace: Agent):
    ada = Browser(make_chat(after_resolved="new"))
    ada.say("Hello")
    first = Ticket.objects.get()
    triage.resolve(first, by=grace)
    ada.say("Something else")
    second = Ticket.objects.exclude(pk=first.pk).get()
    assert second.follows == first
    assert ada.texts() == ["Hello", "Something else"]


def test_whoever_is_blocked_is_told_so(ada: Browser):
    ada.say("Hello")
    ContactPoint.objects.update(is_blocked=True)
    refused = ada.say("Hello?")
    assert (refused.status_code, refused.json()) == (403, {"error": "blocked"})
    assert ada.hear().json()["blocked"] is True
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("lamp.png", PNG, "image/png"),
        ("list.csv", b"a,b\n", "text/csv"),
        ("manual.PDF", b"%PDF-1.7 ...", "application/pdf"),
    ],
)
def test_a_file_comes_along(ada: Browser, name: str, content: bytes, kind: str):
    said = ada.say("", file=SimpleUploadedFile(name, content, "text/html"))
    assert said.status_code == 201
    kept = Attachment.objects.get()
    assert (kept.name, kept.content_type, kept.file.read()) == (name, kind, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("lamp.svg", b"<svg onload=alert(1)>"),
        ("lamp.png", b"<html>not a picture"),
        ("run.exe", b"MZ"),
        ("notes.txt", b"a\0b"),
        ("none", b"x"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(ada: Browser, name: str, content: bytes):
    refused = ada.say("Look", file=SimpleUploadedFile(name, content))
    assert (refused.status_code, refused.json()["error"]) == (415, "file-refused")
    assert Message.objects.count() == 0


def test_a_file_of_more_than_ten_megabytes_is_refused(ada: Browser):
    huge = SimpleUploadedFile("lamp.png", PNG + b"0" * (10 * 1024 * 1024))
    refused = ada.say("", file=huge)
    assert (refused.status_code, refused.json()["error"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("form", "status", "word"),
    [
        ({"id": "x", "text": "Hi"}, 400, "unreadable"),
        ({"text": "Hi"}, 400, "unreadable"),
        ({"id": str(uuid.uuid4()), "text": " \n"}, 422, "empty"),
        ({"id": str(uuid.uuid4()), "text": "x" * 8001}, 422, "too-long"),
    ],
)
def test_what_is_no_message_is_refused(ada: Browser, form, status: int, word: str):
    ada.begin()
    refused = ada.call("post", "messages", data=form)
    assert (refused.status_code, refused.json()["error"]) == (status, word)


def test_nul_in_a_message_is_left_out(ada: Browser):
    assert ada.say("a\0b").status_code == 201
    assert ada.texts() == ["ab"]


@pytest.mark.parametrize("query", ["after=x", "after=-1", "before=99999999999999999999", "after=٣"])
def test_a_cursor_that_is_none_is_refused(ada: Browser, query: str):
    ada.begin()
    assert ada.call("get", f"messages?{query}").status_code == 400


def test_hearing_costs_the_same_for_one_answer_and_for_three(
    ada: Browser, grace: Agent, django_assert_max_num_queries
):
    ada.say("Hello")
    answer("one", by=grace)
    with django_assert_max_num_queries(10):
        ada.hear()
    for text in ("two", "three"):
        answer(text, by=grace)
    with django_assert_max_num_queries(10):
        ada.hear()


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_speak_first_at_once_share_one_ticket(chat: Channel):
    pairs = 20
    people = [visitors.begin(chat)[0] for _ in range(pairs)]
    barrier = Barrier(2)

    def say(number: int, tab: str) -> None:
        barrier.wait()
        try:
            visitor = Visitor.objects.select_related("channel").get(pk=people[number].pk)
            saying.say(visitor, saying.Words(uuid.uuid4(), tab))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for number in range(pairs):
            done = [pool.submit(say, number, tab) for tab in ("left", "right")]
            [one.result() for one in done]
    assert Ticket.objects.count() == pairs
    assert Customer.objects.count() == pairs
    assert Message.objects.count() == 2 * pairs


@pytest.mark.django_db(transaction=True)
def test_one_message_sent_twice_at_once_is_kept_once(chat: Channel):
    visitor, _ = visitors.begin(chat)
    barrier = Barrier(2)

    def say(words: saying.Words) -> int:
        barrier.wait()
        try:
            return saying.say(visitor, words).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for number in range(10):
            words = saying.Words(uuid.uuid4(), str(number))
            first, second = (pool.submit(say, words) for _ in range(2))
            assert first.result() == second.result()
    assert Message.objects.count() == 10


def test_a_visitor_knows_what_an_agent_has_read(ada: Browser, grace: Agent):
    first, second = (ada.say(text).json()["id"] for text in ("one", "two"))
    assert ada.hear().json()["seen"] == 0
    ticket = Ticket.objects.get()
    reading.mark_read(ticket, upto=Message.objects.get(pk=first).position, by=grace)
    assert ada.hear().json()["seen"] == first
    reading.mark_read(ticket, upto=ticket.last_position, by=grace)
    assert ada.hear().json()["seen"] == second
    group = Visitor.objects.get().live_group
    assert group in LiveEvent.objects.filter(kind="read").latest("pk").audience
