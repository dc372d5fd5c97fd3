"""The adapter as the desk uses it, with a whole pretend Meta behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app.adapters.whatsapp.adapter import WhatsAppAdapter
from channels_app.errors import InvalidSignature, SendError
from channels_app.messages import Attempt, Template
from channels_app.models import Channel
from tests.channels_app.whatsapp.conftest import ADA, ADA_ID, WABA, message, webhook
from tests.channels_app.wire import ok, wire

BODY = {"type": "BODY", "text": "Hello"}


@pytest.fixture(autouse=True)
def _may_call_here(settings):
    settings.OUTBOUND_ALLOW_HOSTS = ["127.0.0.1"]


@pytest.fixture
def adapter(channel) -> WhatsAppAdapter:
    return WhatsAppAdapter(channel)


def advice(adapter: WhatsAppAdapter) -> dict[str, bool]:
    return {one.label: one.ok for one in adapter.check()}


class TestTrust:
    def test_either_secret_of_a_change_is_trusted(self, adapter):
        from channels_app.adapters.whatsapp.signing import sign

        adapter.channel.secrets["app_secret"] = "new,old"
        for secret in ("new", "old"):
            adapter.verify(webhook(b"{}", ("x-hub-signature-256", sign(b"{}", secret=secret))))
        with pytest.raises(InvalidSignature):
            adapter.verify(webhook(b"{}", ("x-hub-signature-256", sign(b"{}", secret="new,old"))))

    def test_channels_of_one_app_share_its_proof(self, channel):
        other = type(channel)(kind="whatsapp", secrets={"app_secret": "x," + "y"})
        assert not channel.shares_proof_with(other)
        other.secrets["app_secret"] = f"x, {channel.secrets['app_secret']}"
        assert channel.shares_proof_with(other)

    def test_channels_without_a_secret_share_nothing(self, channel):
        empty = type(channel)(kind="whatsapp", secrets={"app_secret": ""})
        assert not empty.shares_proof_with(empty)


class TestReaching:
    @pytest.mark.parametrize(
        ("kind", "scope", "reached"),
        [
            ("whatsapp_user", WABA, True),
            ("whatsapp_user", "another", False),
            ("phone", "", True),
            ("email", "", False),
        ],
    )
    def test_who_can_be_written_to(self, adapter, kind, scope, reached):
        assert adapter.reaches(kind, scope) is reached

    def test_the_portfolio_counts_when_it_is_set(self, adapter):
        adapter.channel.settings["portfolio_id"] = "777"
        assert adapter.reaches("whatsapp_user", "777")
        assert not adapter.reaches("whatsapp_user", WABA)


class TestReconciling:
    @pytest.mark.parametrize(("minutes", "outcome"), [(0, "wait"), (9, "wait"), (11, "unknown")])
    def test_a_status_is_waited_for_ten_minutes(self, adapter, minutes, outcome):
        began = timezone.now() - timedelta(minutes=minutes)
        assert adapter.reconcile(Attempt(message(), began)).outcome == outcome


class TestTemplates:
    def test_all_pages_are_read(self, adapter, meta, monkeypatch):
        monkeypatch.setattr("channels_app.adapters.whatsapp.templates.A_PAGE", 2)
        for number in range(5):
            template = {"name": f"t{number}", "language": "en", "status": "APPROVED"}
            meta.book.put_template(template | {"category": "UTILITY", "components": [BODY]})
        found = adapter.templates()
        assert [one.name for one in found] == ["t0", "t1", "t2", "t3", "t4"]
        assert found[0] == Template("t0", "en", "APPROVED", "UTILITY", (BODY,))

    @pytest.mark.parametrize("answer", [b"no json", b"[]", b'{"error": {"code": 190}}'])
    def test_a_list_that_can_not_be_read_is_an_error(self, adapter, answer):
        status = "400 Bad Request" if b"error" in answer else "200 OK"
        with wire(ok(answer, status=status)) as server:
            adapter.channel.settings["api_base"] = server.url
            with pytest.raises(SendError):
                adapter.templates()

    def test_a_list_without_end_is_not_read_for_ever(self, adapter):
        page = b'{"data": [], "paging": {"cursors": {"after": "x"}, "next": "y"}}'
        with wire(ok(page)) as server:
            adapter.channel.settings["api_base"] = server.url
            with pytest.raises(SendError):
                adapter.templates()


@pytest.mark.django_db
class TestChecking:
    def test_all_is_well(self, adapter, meta, settings):
        settings.PUBLIC_URL = "https://93.184.215.14"
        meta.webhook = adapter.channel.webhook_url
        assert set(advice(adapter).values()) == {True}

    def test_a_wrong_token_is_the_first_thing_said(self, adapter):
        adapter.channel.secrets["access_token"] = "wrong"
        (only,) = adapter.check()
        assert not only.ok
        assert "access token" in only.advice

    def test_a_wrong_account_is_named(self, adapter):
        adapter.channel.settings["waba_id"] = "1"
        assert advice(adapter)["WhatsApp business account ID"] is False

    def test_another_address_is_pointed_out(self, adapter, meta):
        meta.webhook = "https://elsewhere.example/webhooks/x/"
        assert advice(adapter)["Webhook address"] is False

    @pytest.mark.parametrize(
        ("fields", "is_good"),
        [
            ({}, True),
            ({"is_active": False}, False),
            ({"secrets": {"app_secret": "another app's"}}, False),
            ({"kind": "sms"}, False),
        ],
    )
    def test_another_channel_of_this_desk_is_as_good_while_it_answers(
        self, adapter, meta, fields, is_good
    ):
        same = {"kind": "whatsapp", "secrets": {"app_secret": f"old,{meta.app_secret}"}}
        other = Channel.objects.create(name="EU", account="7", **(same | fields))
        meta.webhook = other.webhook_url
        assert advice(adapter)["Webhook address"] is is_good

    def test_a_desk_that_nobody_can_call_says_so(self, adapter, settings):
        settings.PUBLIC_URL = "http://127.0.0.2:8000"
        settings.OUTBOUND_ALLOW_HOSTS = ["127.0.0.1"]
        assert advice(adapter)["Public address"] is False

    def test_an_api_that_is_away_says_so(self, adapter, meta):
        adapter.channel.settings["api_base"] = "http://127.0.0.1:9"
        assert advice(adapter) == {"Connection": False}


def test_an_answer_by_user_id_reaches_somebody_without_a_number(adapter, meta):
    from dataclasses import replace

    meta.say(replace(ADA, phone=""), "text", {"body": "Hello"})
    receipt = adapter.send(message(to=ADA_ID, to_kind="whatsapp_user"))
    assert meta.accepted[0].message_id == receipt.external_id
    assert meta.accepted[0].said["recipient"] == ADA_ID
