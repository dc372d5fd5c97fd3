"""Guessing passwords is slow work."""

from __future__ import annotations

import uuid

import pytest
from django.core.cache import cache
from django.test import Client

from inbox.models import Agent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    """Other tests sign in too, from the same address."""
    cache.clear()


def sign_in(password: str, email: str) -> int:
    form = {"login": email, "password": password}
    return Client().post("/accounts/login/", form).status_code


def test_after_five_wrong_passwords_even_the_right_one_waits() -> None:
    email = f"{uuid.uuid4().hex}@desk.example"
    Agent.objects.create_user(email, "the-right-password")
    assert sign_in("the-right-password", email) == 302
    assert [sign_in("wrong", email) for _ in range(5)] == [200] * 5
    assert sign_in("the-right-password", email) != 302


def test_one_address_can_not_knock_without_end() -> None:
    answers = [sign_in("wrong", f"{number}@desk.example") for number in range(32)]
    assert 429 in answers
