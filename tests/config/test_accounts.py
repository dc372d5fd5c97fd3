"""How agents get in: invited only, slowly when guessing, admins with a second factor."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def _no_attempts_of_other_tests():
    cache.clear()


def agent(email: str, role: str = "agent"):
    return get_user_model().objects.create_user(email, PASSWORD, role=role)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def try_to_sign_in(email: str, password: str) -> int:
    return Client().post("/accounts/login/", {"login": email, "password": password}).status_code


def test_nobody_signs_up_by_themselves():
    answer = Client().post(
        "/accounts/signup/", {"email": "eve@example.com", "password1": PASSWORD}, follow=True
    )
    assert b"eve@example.com" not in answer.content
    assert not get_user_model().objects.exists()


def test_an_agent_signs_in_by_mail_address_whatever_its_case():
    agent("grace@example.com")
    assert try_to_sign_in("Grace@Example.com", PASSWORD) == 302


def test_signing_in_leaves_no_word_for_a_later_page():
    agent("grace@example.com")
    client = Client()
    client.post("/accounts/login/", {"login": "grace@example.com", "password": PASSWORD})
    client.cookies.pop("sessionid")
    assert b"signed in" not in client.get("/accounts/login/").content


def test_guessing_is_slowed_down_even_for_the_right_password():
    agent("grace@example.com")
    for _ in range(6):
        try_to_sign_in("grace@example.com", "wrong")
    assert try_to_sign_in("grace@example.com", PASSWORD) != 302


def test_a_reset_says_the_same_for_known_and_unknown_addresses(mailoutbox):
    agent("grace@example.com")
    answers = [
        Client().post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in ("grace@example.com", "nobody@example.com")
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert [mail.to for mail in mailoutbox] == [["grace@example.com"]]


def test_an_admin_without_a_second_factor_gets_to_its_set_up_and_nowhere_else(settings):
    settings.ADMINS_NEED_TWO_FACTORS = True
    client = signed_in(agent("admin@example.com", "admin"))
    for path in ("/", "/admin/", "/no-such-page"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (
            302,
            "/accounts/2fa/totp/activate/",
        )
    assert client.get("/healthz").status_code == 200


def test_an_admin_with_a_second_factor_gets_in(settings):
    settings.ADMINS_NEED_TWO_FACTORS = True
    admin = agent("admin@example.com", "admin")
    Authenticator.objects.create(user=admin, type=Authenticator.Type.TOTP, data={"secret": ""})
    assert signed_in(admin).get("/admin/").status_code == 200


def test_an_agent_needs_no_second_factor(settings):
    settings.ADMINS_NEED_TWO_FACTORS = True
    assert signed_in(agent("grace@example.com")).get("/").status_code == 200


def test_the_admins_own_sign_in_form_does_not_go_round_the_second_factor():
    admin = agent("admin@example.com", "admin")
    Authenticator.objects.create(user=admin, type=Authenticator.Type.TOTP, data={"secret": ""})
    client = Client()
    client.post("/admin/login/", {"username": "admin@example.com", "password": PASSWORD})
    assert client.get("/admin/").status_code == 302


def test_a_changed_password_ends_the_other_sessions():
    grace = agent("grace@example.com")
    elsewhere = signed_in(grace)
    assert elsewhere.get("/").status_code == 200
    grace.set_password("another long password")
    grace.save()
    assert elsewhere.get("/").status_code == 302
