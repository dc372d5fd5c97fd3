from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.utils import timezone

from inbox.models import Agent, Invitation, LiveEvent

pytestmark = pytest.mark.django_db

PASSWORD = "grace-password"
FRESH = "correct horse battery"


def sign_in(password: str = PASSWORD, email: str = "grace@desk.example") -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": email, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_an_agent_signs_in_by_email_whatever_its_case(grace: Agent) -> None:
    assert is_in(sign_in())
    assert is_in(sign_in(email="GRACE@desk.example"))
    assert not is_in(sign_in(password="wrong"))


def test_whoever_may_not_sign_in_any_more_is_out_at_once(grace: Agent) -> None:
    client = sign_in()
    Agent.objects.update(is_active=False)
    assert not is_in(client)
    assert not is_in(sign_in())


def test_a_wrong_password_and_an_unknown_address_look_the_same(grace: Agent) -> None:
    pages = [
        Client().post("/accounts/login/", {"login": email, "password": "wrong"}).content
        for email in ("grace@desk.example", "nobb@desk.example")
    ]
    hidden = [page.decode().split("csrfmiddlewaretoken")[1].split(">", 1)[1] for page in pages]
    assert hidden[0].replace("grace", "nobb") == hidden[1]


def test_nobody_signs_up_by_themselves(db: None) -> None:
    before = Agent.objects.count()
    form = {"email": "eve@stranger.example", "password1": FRESH, "password2": FRESH}
    Client().post("/accounts/signup/", form)
    assert Agent.objects.count() == before


def test_another_password_ends_the_other_sessions_and_their_sockets(grace: Agent) -> None:
    here, elsewhere = sign_in(), sign_in()
    form = {"oldpassword": PASSWORD, "password1": FRESH, "password2": FRESH}
    here.post("/accounts/password/change/", form)
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert LiveEvent.objects.filter(kind="access", audience=[f"agent.{grace.pk}"]).exists()


def test_signing_out_closes_the_tabs_of_the_session(grace: Agent) -> None:
    client = sign_in()
    client.post("/accounts/logout/")
    assert not is_in(client)
    assert LiveEvent.objects.filter(kind="access").exists()


def test_an_agent_with_an_authenticator_is_asked_for_its_code(grace: Agent) -> None:
    TOTP.activate(grace, "A" * 32)
    client = Client()
    form = {"login": "grace@desk.example", "password": PASSWORD}
    response = client.post("/accounts/login/", form)
    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(client)


def test_the_secret_is_shown_as_a_picture_without_an_address(grace: Agent) -> None:
    client, address = sign_in(), "/accounts/2fa/totp/activate/"
    client.post(client.get(address)["Location"], {"password": PASSWORD})
    page = client.get(address).content.decode()
    assert "<svg" in page
    assert "data:image" not in page


class TestInvitations:
    @pytest.fixture
    def newcomer(self) -> Agent:
        return Agent.objects.create_user("new@desk.example")

    def test_the_invited_person_chooses_a_password_and_signs_in(self, newcomer: Agent) -> None:
        address = f"/invitations/{Invitation.objects.issue(newcomer)}/"
        assert b"new@desk.example" in Client().get(address).content
        response = Client().post(address, {"name": "Nora", "password": FRESH})
        assert response["Location"] == "/accounts/login/"
        assert is_in(sign_in(FRESH, "new@desk.example"))
        assert Agent.objects.get(pk=newcomer.pk).name == "Nora"

    def test_a_weak_password_is_refused_and_uses_nothing_up(self, newcomer: Agent) -> None:
        address = f"/invitations/{Invitation.objects.issue(newcomer)}/"
        for weak in ("", "12345678", "password", "new@desk.example"):
            page = Client().post(address, {"name": "Nora", "password": weak})
            assert (page.status_code, b"errorlist" in page.content) == (200, True)
        assert Client().get(address).status_code == 200

    def test_it_works_once(self, newcomer: Agent) -> None:
        address = f"/invitations/{Invitation.objects.issue(newcomer)}/"
        Client().post(address, {"name": "Nora", "password": FRESH})
        again = Client().post(address, {"name": "Eve", "password": "another long one"})
        assert again.status_code == 404
        assert is_in(sign_in(FRESH, "new@desk.example"))

    def test_it_ends_after_three_days_and_with_the_agent(self, newcomer: Agent) -> None:
        address = f"/invitations/{Invitation.objects.issue(newcomer)}/"
        Agent.objects.filter(pk=newcomer.pk).update(is_active=False)
        assert Client().get(address).status_code == 404
        Agent.objects.filter(pk=newcomer.pk).update(is_active=True)
        assert Client().get(address).status_code == 200
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert Client().get(address).status_code == 404

    def test_a_newer_one_replaces_it(self, newcomer: Agent) -> None:
        first = Invitation.objects.issue(newcomer)
        second = Invitation.objects.issue(newcomer)
        assert Client().get(f"/invitations/{first}/").status_code == 404
        assert Client().get(f"/invitations/{second}/").status_code == 200
