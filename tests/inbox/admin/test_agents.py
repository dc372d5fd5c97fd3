from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from inbox import staff
from inbox.models import Agent, ApiToken, Invitation, LiveEvent, Team
from inbox.models.access_token import digest

pytestmark = pytest.mark.django_db


def shown_once(answer: object) -> str:
    found = re.search(r'id="shown-once">([^<]+)<', answer.content.decode())  # type: ignore[attr-defined]
    assert found is not None
    return found[1]


def announced() -> list[list[str]]:
    return list(LiveEvent.objects.filter(kind="access").values_list("audience", flat=True))


def form_of(agent: Agent, **changes: object) -> dict[str, object]:
    return {
        "email": agent.email,
        "name": agent.name,
        "role": agent.role,
        "teams": list(agent.teams.values_list("pk", flat=True)),
        "is_active": "on",
        "timezone": "UTC",
        **changes,
    }


class TestInviting:
    def test_a_new_agent_gets_an_invitation_and_no_password(
        self, desk: Client, front: Team
    ) -> None:
        wanted = {
            "email": "Heidi@Desk.example",
            "name": "Heidi",
            "role": "agent",
            "teams": [front.pk],
            "is_active": "on",
            "timezone": "UTC",
        }
        answer = desk.post(reverse("admin:inbox_agent_add"), wanted)
        heidi = Agent.objects.get(email="heidi@desk.example")
        assert not heidi.has_usable_password()
        assert list(heidi.teams.all()) == [front]
        token = shown_once(answer).rstrip("/").rpartition("/")[2]
        assert Invitation.objects.get().digest == digest(token)
        assert "no-store" in answer["Cache-Control"]
        assert token not in str(LogEntry.objects.values())
        assert token not in str(desk.cookies)

    def test_the_invitation_is_mailed_where_there_is_a_mail_server(
        self, desk: Client, grace: Agent, mailoutbox: list[EmailMessage]
    ) -> None:
        path = reverse("admin:inbox_agent_change", args=[grace.pk])
        answer = desk.post(path, form_of(grace, _invite="1"))
        assert "was mailed to grace@desk.example" in answer.content.decode()
        [mail] = mailoutbox
        assert mail.to == ["grace@desk.example"]
        assert shown_once(answer) in mail.body

    def test_a_mail_server_that_refuses_costs_only_the_mail(
        self, desk: Client, grace: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_args: object) -> None:
            raise ConnectionRefusedError

        monkeypatch.setattr(staff, "send_mail", refuse)
        path = reverse("admin:inbox_agent_change", args=[grace.pk])
        answer = desk.post(path, form_of(grace, _invite="1"))
        assert "Send this link to grace@desk.example" in answer.content.decode()
        assert desk.get(shown_once(answer)).status_code == 200

    def test_an_invitation_can_be_made_again_and_ends_the_first(
        self, desk: Client, grace: Agent
    ) -> None:
        first = Invitation.objects.issue(grace)
        path = reverse("admin:inbox_agent_change", args=[grace.pk])
        second = shown_once(desk.post(path, form_of(grace, _invite="1")))
        assert second.rstrip("/").rpartition("/")[2] != first
        assert Invitation.objects.redeem(first) is None

    def test_an_address_is_taken_in_any_case(self, desk: Client, grace: Agent) -> None:
        wanted = form_of(grace, email=grace.email.upper(), teams=[])
        answer = desk.post(reverse("admin:inbox_agent_add"), wanted)
        assert "already an agent with this address" in answer.content.decode()
        assert Agent.objects.filter(email__iexact=grace.email).count() == 1


class TestRights:
    def test_switching_off_tells_open_screens(self, desk: Client, grace: Agent) -> None:
        path = reverse("admin:inbox_agent_change", args=[grace.pk])
        wanted = form_of(grace)
        del wanted["is_active"]
        assert desk.post(path, wanted).status_code == 302
        assert not Agent.objects.get(pk=grace.pk).is_active
        assert announced() == [[f"agent.{grace.pk}"]]

    def test_switching_off_many_spares_oneself(
        self, desk: Client, grace: Agent, heidi: Agent, admin: Agent
    ) -> None:
        wanted = {"action": "switch_off", "_selected_action": [grace.pk, heidi.pk, admin.pk]}
        desk.post(reverse("admin:inbox_agent_changelist"), wanted)
        assert set(Agent.objects.filter(is_active=True)) == {admin}
        assert sorted(announced()) == sorted([[f"agent.{grace.pk}"], [f"agent.{heidi.pk}"]])
        assert LogEntry.objects.count() == 2

    def test_another_team_or_role_tells_open_screens(
        self, desk: Client, grace: Agent, vault: Team
    ) -> None:
        path = reverse("admin:inbox_agent_change", args=[grace.pk])
        desk.post(path, form_of(grace, teams=[vault.pk]))
        assert list(grace.teams.all()) == [vault]
        assert len(announced()) == 1
        desk.post(path, form_of(grace, role="admin"))
        assert len(announced()) == 2
        desk.post(path, form_of(Agent.objects.get(pk=grace.pk), name="Grace H."))
        assert len(announced()) == 2

    def test_members_who_come_and_go_are_told(
        self, desk: Client, grace: Agent, heidi: Agent, front: Team
    ) -> None:
        path = reverse("admin:inbox_team_change", args=[front.pk])
        desk.post(path, {"name": front.name, "members": [heidi.pk]})
        assert sorted(announced()) == sorted([[f"agent.{grace.pk}"], [f"agent.{heidi.pk}"]])

    def test_nobody_is_deleted(self, desk: Client, grace: Agent) -> None:
        path = reverse("admin:inbox_agent_delete", args=[grace.pk])
        assert desk.post(path, {"post": "yes"}).status_code == 403
        assert b"delete_selected" not in desk.get(reverse("admin:inbox_agent_changelist")).content

    def test_no_password_hash_is_shown(self, desk: Client, grace: Agent) -> None:
        hashed = Agent.objects.get(pk=grace.pk).password
        for path in (
            reverse("admin:inbox_agent_change", args=[grace.pk]),
            reverse("admin:inbox_agent_changelist"),
        ):
            assert hashed.encode() not in desk.get(path).content


class TestTokens:
    def test_a_token_is_shown_once_and_works(self, desk: Client, grace: Agent) -> None:
        answer = desk.post(reverse("admin:inbox_apitoken_add"), {"agent": grace.pk})
        token = shown_once(answer)
        called = Client().get("/api/v1/agents/", headers={"Authorization": f"Bearer {token}"})
        assert called.status_code == 200
        assert token not in str(LogEntry.objects.values())
        row = ApiToken.objects.get()
        for path in (
            reverse("admin:inbox_apitoken_changelist"),
            reverse("admin:inbox_apitoken_change", args=[row.pk]),
        ):
            page = desk.get(path).content
            assert token.encode() not in page
            assert row.digest.encode() not in page

    def test_deleting_it_revokes_it(self, desk: Client, grace: Agent) -> None:
        token = ApiToken.objects.issue(grace)
        path = reverse("admin:inbox_apitoken_delete", args=[ApiToken.objects.get().pk])
        assert desk.post(path, {"post": "yes"}).status_code == 302
        called = Client().get("/api/v1/agents/", headers={"Authorization": f"Bearer {token}"})
        assert called.status_code == 401
