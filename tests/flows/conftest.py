from __future__ import annotations

import pytest

from channels_app.models import Channel
from inbox.models import Agent, ChannelPolicy, Team
from tests.flows.whatsapping import LINE


@pytest.fixture
def front(db: None) -> Team:
    return Team.objects.create(name="Front desk")


@pytest.fixture
def vault(db: None) -> Team:
    return Team.objects.create(name="Vault", is_members_only=True)


@pytest.fixture
def grace(front: Team) -> Agent:
    grace = Agent.objects.create_user("grace@desk.example", "grace-password", name="Grace")
    front.members.add(grace)
    return grace


@pytest.fixture
def heidi(vault: Team) -> Agent:
    heidi = Agent.objects.create_user("heidi@desk.example", "heidi-password", name="Heidi")
    vault.members.add(heidi)
    return heidi


@pytest.fixture
def support(front: Team) -> Channel:
    """The desk's mail."""
    channel = Channel.objects.create(
        kind="email", name="Support mail", account="support@desk.example"
    )
    ChannelPolicy.objects.create(channel=channel, team=front)
    return channel


@pytest.fixture
def sales(vault: Team) -> Channel:
    """Another mail address, of another team."""
    channel = Channel.objects.create(kind="email", name="Sales mail", account="sales@desk.example")
    ChannelPolicy.objects.create(channel=channel, team=vault)
    return channel


@pytest.fixture
def text_line(front: Team) -> Channel:
    """The desk's SMS number."""
    channel = Channel.objects.create(
        kind="sms",
        name="SMS UK",
        account="+447700900999",
        settings={"provider": "twilio", "account_sid": "AC" + "0" * 32},
        secrets={"auth_token": "12345"},
    )
    ChannelPolicy.objects.create(channel=channel, team=front)
    return channel


@pytest.fixture
def whatsapp(front: Team) -> Channel:
    channel = Channel.objects.create(
        kind="whatsapp",
        name="WhatsApp",
        account=LINE.phone_number_id,
        settings={"waba_id": LINE.waba_id},
        secrets={"app_secret": "secret", "access_token": "token", "verify_token": "word"},
    )
    ChannelPolicy.objects.create(channel=channel, team=front)
    return channel
