"""create_channel, create_agent, create_token, rotate_keys."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import authenticate
from django.core.management import CommandError
from django.db import connection
from django.test import Client

from channels_app.models import Channel, new_key
from channels_app.secrets import UnreadableSecret
from inbox.models import Agent, ApiToken, ChannelPolicy, Invitation, LiveEvent, Team
from tests.inbox.commands.conftest import Run

pytestmark = pytest.mark.django_db

TWILIO = {
    "provider": "twilio",
    "account_sid": "AC" + "0" * 32,
    "auth_token": "12345",
    "number": "+447700900999",
}


def pairs(settings: dict[str, str]) -> list[str]:
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


class TestCreateChannel:
    def test_the_settings_of_the_form_and_of_the_policy(self, run: Run, front: Team) -> None:
        wanted = {**TWILIO, "team": "front desk", "join_group": "support"}
        [shown] = run("create_channel", "sms", "SMS UK", *pairs(wanted))
        channel = Channel.objects.get()
        assert shown == {
            "key": channel.key,
            "kind": "sms",
            "name": "SMS UK",
            "webhook_url": channel.webhook_url,
        }
        assert channel.account == "+447700900999"
        assert channel.secrets == {"auth_token": "12345"}
        assert "12345" not in str(channel.settings)
        policy = ChannelPolicy.objects.get()
        assert (policy.channel, policy.team, policy.join_group) == (channel, front, "support")

    def test_mail_needs_an_address_only(self, run: Run) -> None:
        run("create_channel", "email", "Mail", "--set", "address=Support@Desk.example", "--json")
        assert Channel.objects.get().account == "support@desk.example"

    def test_no_key_looks_like_an_option(self) -> None:
        assert all(new_key().isalnum() for _ in range(1000))

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ({"number": "12"}, "number"),
            ({"account_sid": "x"}, "account_sid"),
            ({"auth_token": ""}, "auth_token"),
            ({"colour": "red"}, "colour"),
            ({"team": "Nobody"}, "team"),
            ({"join_group": "x" * 51}, "join_group"),
            ({"allowed_countries": "XX"}, "allowed_countries"),
        ],
    )
    def test_a_wrong_setting_names_itself_and_makes_nothing(
        self, run: Run, wrong: dict[str, str], named: str
    ) -> None:
        with pytest.raises(CommandError, match=named):
            run("create_channel", "sms", "SMS", *pairs(TWILIO | wrong))
        assert not Channel.objects.exists()

    def test_an_unknown_kind_a_broken_pair_and_a_taken_number(self, run: Run) -> None:
        with pytest.raises(CommandError, match="pigeon"):
            run("create_channel", "pigeon", "P")
        with pytest.raises(CommandError, match="key=value"):
            run("create_channel", "sms", "SMS", "--set", "number")
        run("create_channel", "sms", "SMS", *pairs(TWILIO))
        with pytest.raises(CommandError, match="already uses this address"):
            run("create_channel", "sms", "SMS", *pairs(TWILIO))


class TestCreateAgent:
    def test_a_new_agent_gets_an_invitation(self, run: Run) -> None:
        [shown] = run("create_agent", "Grace@Desk.example", "--name", "Grace", "--team", "Front")
        grace = Agent.objects.get()
        assert (shown["id"], shown["email"]) == (grace.pk, "grace@desk.example")
        assert (grace.name, grace.role) == ("Grace", "agent")
        assert [team.name for team in grace.teams.all()] == ["Front"]
        assert Client().get(shown["invite_url"]).status_code == 200

    def test_with_a_password_there_is_no_invitation(self, run: Run) -> None:
        stdin = b"correct horse battery\n"
        [shown] = run("create_agent", "grace@desk.example", "--password-stdin", stdin=stdin)
        assert "invite_url" not in shown
        assert not Invitation.objects.exists()
        found = authenticate(None, email="grace@desk.example", password="correct horse battery")
        assert found == Agent.objects.get()

    def test_again_changes_what_is_named_and_doubles_nothing(self, run: Run) -> None:
        run(
            "create_agent",
            "grace@desk.example",
            "--name",
            "Grace",
            "--team",
            "Front",
            "--team",
            "Back",
        )
        run("create_agent", "GRACE@desk.example", "--admin", "--team", "Front")
        grace = Agent.objects.get()
        assert (grace.name, grace.role) == ("Grace", "admin")
        assert [team.name for team in grace.teams.all()] == ["Front"]
        run("create_agent", "grace@desk.example")
        grace.refresh_from_db()
        assert (grace.name, grace.role, grace.teams.count()) == ("Grace", "admin", 1)
        assert Team.objects.count() == 2
        assert Invitation.objects.count() == 1

    def test_a_password_stays_when_none_is_given(self, run: Run, grace: Agent) -> None:
        [shown] = run("create_agent", grace.email, "--name", "Grace H.")
        assert "invite_url" not in shown
        assert Agent.objects.get(pk=grace.pk).check_password("grace-password")

    def test_changed_rights_are_told_to_open_screens(self, run: Run, grace: Agent) -> None:
        run("create_agent", grace.email, "--admin")
        assert LiveEvent.objects.get().audience == [f"agent.{grace.pk}"]

    @pytest.mark.parametrize(
        ("arguments", "stdin", "named"),
        [
            (["not an address"], b"", "email"),
            (["a@desk.example", "--password-stdin"], b"123\n", "password"),
            (["a@desk.example", "--password-stdin"], b"", "password"),
            (["a@desk.example", "--name", "x" * 81], b"", "name"),
        ],
    )
    def test_a_wrong_value_names_itself_and_makes_nothing(
        self, run: Run, arguments: list[str], stdin: bytes, named: str
    ) -> None:
        with pytest.raises(CommandError, match=named):
            run("create_agent", *arguments, stdin=stdin)
        assert not Agent.objects.exists()


class TestCreateToken:
    def test_a_token_that_works(self, run: Run, grace: Agent) -> None:
        [shown] = run("create_token", "GRACE@desk.example")
        headers = {"Authorization": f"Bearer {shown['token']}"}
        assert Client().get("/api/v1/tickets/", headers=headers).status_code == 200

    def test_only_for_somebody_who_may_sign_in(self, run: Run, grace: Agent) -> None:
        grace.is_active = False
        grace.save()
        for email in (grace.email, "nobody@desk.example"):
            with pytest.raises(CommandError, match="agent_email"):
                run("create_token", email)
        assert not ApiToken.objects.exists()


class TestRotateKeys:
    def stored(self) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT secrets FROM channels_app_channel")
            return str(cursor.fetchone()[0])

    def test_the_first_key_encrypts_anew_and_the_old_one_may_go(
        self, run: Run, text_line: Channel, settings: Any
    ) -> None:
        before, new = self.stored(), Fernet.generate_key().decode()
        settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
        assert run("rotate_keys", "--json") == [{"rotated": 1}]
        assert self.stored() != before
        settings.FIELD_ENCRYPTION_KEYS = [new]
        assert Channel.objects.get().secrets == {"auth_token": "12345"}

    def test_without_the_old_key_nothing_changes_and_the_channel_is_named(
        self, run: Run, text_line: Channel, settings: Any
    ) -> None:
        before = self.stored()
        settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(CommandError, match="SMS UK"):
            run("rotate_keys")
        assert self.stored() == before
        with pytest.raises(UnreadableSecret):
            Channel.objects.get()
