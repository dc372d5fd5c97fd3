from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from channels_app.adapters import ADAPTERS, adapter_class
from channels_app.errors import SendError
from channels_app.messages import CheckResult, OutboundMessage, Receipt
from channels_app.models import Channel, InboundEvent
from inbox.models import ChannelPolicy, Message, Team
from tests.flows.saying import sms

pytestmark = pytest.mark.django_db

ADD = "/admin/channels_app/channel/add/"
TWILIO = {
    "name": "SMS UK",
    "is_active": "on",
    "provider": "twilio",
    "account_sid": "AC" + "0" * 32,
    "auth_token": "a-secret-token",
    "number": "+447700900999",
    "keyword_replies": "provider",
}
POLICY = {
    "policy-TOTAL_FORMS": "1",
    "policy-INITIAL_FORMS": "0",
    "policy-0-reopen_days": "7",
    "policy-0-join_hours": "48",
}


def change_path(channel: Channel) -> str:
    return reverse("admin:channels_app_channel_change", args=[channel.pk])


def stored(desk: Client, **changes: Any) -> Channel:
    answer = desk.post(f"{ADD}?kind=sms", TWILIO | POLICY | changes)
    assert answer.status_code == 302, answer.content.decode()
    return Channel.objects.get()


def policy_of(channel: Channel) -> dict[str, Any]:
    return {
        **POLICY,
        "policy-INITIAL_FORMS": "1",
        "policy-0-id": channel.policy.pk,
        "policy-0-channel": channel.pk,
    }


class TestForms:
    def test_first_the_kind_then_its_form(self, desk: Client) -> None:
        kinds = desk.get(ADD).content.decode()
        for kind in ADAPTERS:
            assert f"?kind={kind}" in kinds
            form = desk.get(f"{ADD}?kind={kind}").content.decode()
            for name, field in adapter_class(kind).settings_form.base_fields.items():
                assert f'name="{name}"' in form
                assert field.help_text, f"{kind}.{name} does not say where to find its value"
        assert desk.get(f"{ADD}?kind=pigeon").content.decode().count("?kind=") == len(ADAPTERS)

    def test_a_channel_with_its_policy(self, desk: Client, front: Team) -> None:
        channel = stored(desk, **{"policy-0-team": front.pk})
        assert (channel.kind, channel.account) == ("sms", "+447700900999")
        assert channel.secrets == {"auth_token": "a-secret-token"}
        assert ChannelPolicy.objects.get().team == front

    def test_a_wrong_field_is_marked_and_nothing_is_stored(self, desk: Client) -> None:
        answer = desk.post(f"{ADD}?kind=sms", TWILIO | POLICY | {"number": "12"})
        assert answer.status_code == 200
        assert "number" in answer.context["adminform"].form.errors
        assert not Channel.objects.exists()

    def test_two_active_channels_never_share_an_address(self, desk: Client) -> None:
        stored(desk)
        answer = desk.post(f"{ADD}?kind=sms", TWILIO | POLICY)
        assert "already uses this address" in answer.content.decode()
        assert Channel.objects.count() == 1

    def test_nothing_is_deleted(self, desk: Client, text_line: Channel) -> None:
        path = reverse("admin:channels_app_channel_delete", args=[text_line.pk])
        assert desk.post(path, {"post": "yes"}).status_code == 403


class TestSecrets:
    def test_they_are_never_shown_again(self, desk: Client) -> None:
        channel = stored(desk)
        pages = [change_path(channel), "/admin/channels_app/channel/", "/admin/"]
        pages.append(reverse("admin:channels_app_channel_history", args=[channel.pk]))
        for page in pages:
            assert b"a-secret-token" not in desk.get(page).content
        assert "a-secret-token" not in str(list(LogEntry.objects.values()))

    def test_a_wrong_form_does_not_send_them_back(self, desk: Client) -> None:
        answer = desk.post(f"{ADD}?kind=sms", TWILIO | POLICY | {"number": "12"})
        assert b"a-secret-token" not in answer.content

    def test_left_blank_they_stay_entered_they_change(self, desk: Client) -> None:
        channel = stored(desk)
        unchanged = TWILIO | policy_of(channel) | {"auth_token": "", "name": "SMS"}
        assert desk.post(change_path(channel), unchanged).status_code == 302
        channel.refresh_from_db()
        assert (channel.name, channel.secrets) == ("SMS", {"auth_token": "a-secret-token"})
        desk.post(change_path(channel), unchanged | {"auth_token": "another-secret"})
        channel.refresh_from_db()
        assert channel.secrets == {"auth_token": "another-secret"}
        assert "another-secret" not in str(list(LogEntry.objects.values()))

    def test_history_names_the_fields_that_changed(self, desk: Client) -> None:
        channel = stored(desk)
        desk.post(change_path(channel), TWILIO | policy_of(channel) | {"auth_token": "x" * 32})
        newest = LogEntry.objects.latest("pk").get_change_message()
        assert "Auth token" in newest
        assert "Name" not in newest

    def test_the_list_opens_without_the_key_of_a_secret(
        self, desk: Client, text_line: Channel, settings: Any
    ) -> None:
        settings.FIELD_ENCRYPTION_KEYS = ["A" * 43 + "="]
        answer = desk.get("/admin/channels_app/channel/")
        assert answer.status_code == 200
        assert b"SMS UK" in answer.content


class TestTryingOut:
    def test_a_check_says_what_holds_and_what_to_do(
        self, desk: Client, text_line: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        results = [CheckResult("Signed in", True), CheckResult("Number", False, "Buy it <first>.")]
        monkeypatch.setattr(adapter_class("sms"), "check", lambda _self: results)
        answer = desk.post(reverse("admin:channel_check", args=[text_line.pk]), follow=True)
        page = answer.content.decode()
        assert "Signed in" in page
        assert "Number: Buy it &lt;first&gt;." in page

    def test_a_test_message_goes_to_the_address_entered(
        self, desk: Client, text_line: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[OutboundMessage] = []

        def send(_self: Any, message: OutboundMessage) -> Receipt:
            sent.append(message)
            return Receipt("SM1")

        monkeypatch.setattr(adapter_class("sms"), "send", send)
        path = reverse("admin:channel_test", args=[text_line.pk])
        answer = desk.post(path, {"to": " +447700900123 "}, follow=True)
        assert "Sent to +447700900123" in answer.content.decode()
        assert sent[0].to == "+447700900123"
        assert "SMS UK" in sent[0].text
        assert not Message.objects.exists()

    def test_a_refusal_is_shown_in_plain_words(
        self, desk: Client, text_line: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def send(_self: Any, _message: OutboundMessage) -> Receipt:
            raise SendError("This number can't receive texts.", permanent=True)

        monkeypatch.setattr(adapter_class("sms"), "send", send)
        path = reverse("admin:channel_test", args=[text_line.pk])
        answer = desk.post(path, {"to": "+447700900123"}, follow=True)
        assert "This number can&#x27;t receive texts." in answer.content.decode()

    def test_looking_changes_and_sends_nothing(self, desk: Client, text_line: Channel) -> None:
        for name in ("channel_check", "channel_test"):
            assert desk.get(reverse(f"admin:{name}", args=[text_line.pk])).status_code == 405
            assert desk.post(reverse(f"admin:{name}", args=[9999])).status_code == 404


class TestHealth:
    def test_the_page_says_how_the_channel_is_doing(self, desk: Client, text_line: Channel) -> None:
        message = sms(text_line, "Hi")
        Message.objects.create(
            ticket=message.ticket,
            conversation=message.conversation,
            channel=text_line,
            position=99,
            direction="outbound",
            author_type="agent",
            status="failed",
            created_at=timezone.now() - timedelta(hours=1),
        )
        InboundEvent.objects.create(
            channel=text_line, source="webhook", content_key="1", state="held", error="<b>bug</b>"
        )
        page = desk.get(change_path(text_line)).content.decode()
        assert text_line.webhook_url in page
        assert re.search(r"Failed within 24 hours</dt>\s*<dd><a[^>]*>1</a>", page)
        assert re.search(r"Dead letters</dt>\s*<dd><a[^>]*>1</a>", page)
        assert "&lt;b&gt;bug&lt;/b&gt;" in page

    def test_a_broken_channel_says_why(self, desk: Client, text_line: Channel) -> None:
        Channel.objects.update(broken_since=timezone.now(), broken_reason="Wrong <password>")
        assert "Wrong &lt;password&gt;" in desk.get(change_path(text_line)).content.decode()
        assert "Wrong &lt;password&gt;" in desk.get("/admin/channels_app/channel/").content.decode()

    def test_the_list_asks_no_more_for_three_channels_than_for_one(
        self,
        desk: Client,
        text_line: Channel,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        counts = []
        for extra in (0, 2):
            for number in range(extra):
                Channel.objects.create(kind="sms", name=f"S{number}", account=str(number))
            with django_assert_max_num_queries(10) as queries:
                desk.get("/admin/channels_app/channel/")
            counts.append(len(queries))
        assert counts[0] == counts[1]
