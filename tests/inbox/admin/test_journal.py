from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from channels_app.models import Channel, InboundEvent
from inbox.models import Message
from tests.flows.saying import sms

pytestmark = pytest.mark.django_db

LIST = "/admin/channels_app/inboundevent/"


def event(channel: Channel, key: str, **fields: object) -> InboundEvent:
    known = {"channel": channel, "source": "webhook", "content_key": key, "body": b"x"}
    return InboundEvent.objects.create(**(known | fields))


class TestJournal:
    def test_a_body_is_shown_bounded_and_inert(self, desk: Client, text_line: Channel) -> None:
        body = b"<script>alert(1)</script>\x00\xff" + b"a" * 10_000
        one = event(text_line, "1", body=body, headers={"authorization": "Bearer canary"})
        page = desk.get(reverse("admin:channels_app_inboundevent_change", args=[one.pk]))
        html = page.content.decode()
        assert "&lt;script&gt;alert(1)" in html
        assert "<script>alert(1)" not in html
        assert "a" * 3_000 in html
        assert "a" * 5_000 not in html
        assert str(len(body)) in html
        assert "canary" not in html

    def test_an_event_whose_body_is_gone_still_opens(
        self, desk: Client, text_line: Channel
    ) -> None:
        one = event(text_line, "1", body=None, state="processed")
        path = reverse("admin:channels_app_inboundevent_change", args=[one.pk])
        assert desk.get(path).status_code == 200

    def test_dead_letters_are_the_held_and_the_unreadable(
        self, desk: Client, text_line: Channel
    ) -> None:
        for key, state in enumerate(InboundEvent.State.values):
            event(text_line, str(key), state=state)
        dead = desk.get(f"{LIST}?state=dead").context["cl"].queryset
        assert {one.state for one in dead} == {"held", "unreadable"}
        waiting = desk.get(f"{LIST}?state=received").context["cl"].queryset
        assert {one.state for one in waiting} == {"received"}

    def test_replay_moves_dead_letters_only_and_twice_is_once(
        self, desk: Client, text_line: Channel
    ) -> None:
        held = event(text_line, "1", state="held", attempts=5)
        done = event(text_line, "2", state="processed", attempts=1)
        wanted = {"action": "replay", "_selected_action": [held.pk, done.pk]}
        answer = desk.post(LIST, wanted, follow=True)
        assert "1 event is waiting again." in answer.content.decode()
        held.refresh_from_db()
        done.refresh_from_db()
        assert (held.state, held.attempts, done.state) == ("received", 0, "processed")
        assert (
            "0 events are waiting again." in desk.post(LIST, wanted, follow=True).content.decode()
        )

    def test_nothing_is_edited(self, desk: Client, text_line: Channel) -> None:
        one = event(text_line, "1")
        path = reverse("admin:channels_app_inboundevent_change", args=[one.pk])
        assert desk.post(path, {"state": "processed"}).status_code == 403
        assert desk.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 403
        assert desk.get(f"{LIST}add/").status_code == 403

    def test_the_list_reads_no_bodies_and_asks_no_more_for_more_rows(
        self,
        desk: Client,
        text_line: Channel,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        counts = []
        for keys in (["1"], ["2", "3"]):
            for key in keys:
                event(text_line, key)
            with django_assert_max_num_queries(10) as queries:
                desk.get(LIST)
            counts.append(len(queries))
            assert not any('"body"' in one["sql"] for one in queries)
        assert counts[0] == counts[1]


class TestTroubledMessages:
    @pytest.fixture
    def failed(self, text_line: Channel) -> Message:
        said = sms(text_line, "Hi")
        return Message.objects.create(
            ticket=said.ticket,
            conversation=said.conversation,
            channel=text_line,
            position=99,
            direction="outbound",
            author_type="agent",
            text="private words",
            status="failed",
            error_text="<i>busy</i>",
        )

    def test_only_failed_and_uncertain_ones_without_their_text(
        self, desk: Client, failed: Message
    ) -> None:
        page = desk.get("/admin/inbox/message/")
        assert list(page.context["cl"].queryset) == [failed]
        html = page.content.decode()
        assert "&lt;i&gt;busy&lt;/i&gt;" in html
        assert f"#{failed.ticket_id}" in html
        assert "private words" not in html

    def test_failed_ones_are_sent_again(self, desk: Client, failed: Message) -> None:
        wanted = {"action": "retry", "_selected_action": [failed.pk]}
        answer = desk.post("/admin/inbox/message/", wanted, follow=True)
        assert "1 message is on its way." in answer.content.decode()
        failed.refresh_from_db()
        assert failed.status == "queued"

    def test_one_that_may_not_be_sent_says_why_and_holds_up_nobody(
        self, desk: Client, failed: Message
    ) -> None:
        failed.channel.is_active = False
        failed.channel.save()
        wanted = {"action": "retry", "_selected_action": [failed.pk]}
        answer = desk.post("/admin/inbox/message/", wanted, follow=True)
        assert "switched off" in answer.content.decode()
        failed.refresh_from_db()
        assert failed.status == "failed"
