"""The demo's desk, made at every start."""

from __future__ import annotations

import pytest
from django.test import Client

from inbox.demo import desk

pytestmark = pytest.mark.django_db

PORTS = desk.Ports(sms=1, smtp=2, whatsapp=3)


@pytest.fixture(autouse=True)
def _password(settings):
    settings.DEMO_PASSWORD = "a lamp in the window"


def test_a_start_signs_nobody_out(client: Client):
    client.force_login(desk.furnish(PORTS).grace)
    desk.furnish(PORTS)
    assert client.get("/").status_code == 200


def test_a_new_demo_password_takes_the_place_of_the_old_one(settings):
    desk.furnish(PORTS)
    settings.DEMO_PASSWORD = "two lamps in the window"
    assert desk.furnish(PORTS).grace.check_password("two lamps in the window")
