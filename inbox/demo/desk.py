"""The demo's desk: who works there, and through which channels it is reached."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings

from channels_app.models import Channel
from inbox.demo import whatsapp
from inbox.models import Agent, CannedReply, ChannelPolicy, Team, Ticket

ADMIN = "admin@demo.example"
GRACE = "grace@demo.example"
HEIDI = "heidi@demo.example"
MAIL = "support@demo.example"
NUMBER = "+15005550006"
ACCOUNT_SID = "AC" + "d" * 32
CHAT = "Lamplight chat"


@dataclass(frozen=True, slots=True)
class Desk:
    """The rows the stories are told with."""

    admin: Agent
    grace: Agent
    heidi: Agent
    mail: Channel
    sms: Channel
    chat: Channel
    whatsapp: Channel


@dataclass(frozen=True, slots=True)
class Ports:
    """Where on this machine the pretend providers listen."""

    sms: int
    smtp: int
    whatsapp: int


def may_be_filled() -> bool:
    """Only an empty desk, or one that is a demo already."""
    if Agent.objects.filter(email=ADMIN).exists():
        return True
    return not (Agent.objects.exists() or Channel.objects.exists() or Ticket.objects.exists())


def furnish(ports: Ports) -> Desk:
    """Make the desk's agents, teams, channels and canned replies, or bring them up to date."""
    shop, _ = Team.objects.get_or_create(name="Shop")
    accounts, _ = Team.objects.get_or_create(name="Accounts", defaults={"is_members_only": True})
    admin = _agent(ADMIN, "Admin", role=Agent.Role.ADMIN)
    grace, heidi = _agent(GRACE, "Grace"), _agent(HEIDI, "Heidi")
    shop.members.add(grace)
    accounts.members.add(heidi)
    _canned_replies()
    return Desk(
        admin,
        grace,
        heidi,
        mail=_mail(shop, ports.smtp),
        sms=_sms(shop, ports.sms),
        chat=_chat(shop),
        whatsapp=_whatsapp(shop, ports.whatsapp),
    )


def _agent(email: str, name: str, *, role: Agent.Role = Agent.Role.AGENT) -> Agent:
    agent, _ = Agent.objects.get_or_create(email=email, defaults={"name": name, "role": role})
    if not agent.check_password(settings.DEMO_PASSWORD):  # the same one anew ends all sessions
        agent.set_password(settings.DEMO_PASSWORD)
        agent.save(update_fields=["password"])
    return agent


def _mail(team: Team, smtp_port: int) -> Channel:
    return _channel(
        "email",
        MAIL,
        team=team,
        name="Support mail",
        settings={"address": MAIL, "trusted_authserv_id": "demo.example", "form_senders": []},
        secrets={"smtp_url": f"smtp://127.0.0.1:{smtp_port}"},
    )


def _sms(team: Team, sms_port: int) -> Channel:
    return _channel(
        "sms",
        NUMBER,
        team=team,
        name="SMS",
        settings={
            "provider": "twilio",
            "account_sid": ACCOUNT_SID,
            "number": NUMBER,
            "api_base": f"http://127.0.0.1:{sms_port}",
        },
        secrets={"auth_token": "pretend"},
    )


def _chat(team: Team) -> Channel:
    """A web chat has no address of ours: the first one is the demo's."""
    chat = Channel.objects.filter(kind="webchat").first() or Channel(kind="webchat", name=CHAT)
    chat.account = chat.key
    chat.settings = {
        "identity": "optional",
        "brand_colour": "#7a4a12",
        "greeting": "A question about a lamp? We are in the workshop and glad to answer.",
        "ask_name": "optional",
        "ask_email": "optional",
        "mail_channel": MAIL,
        "mail_after": 2,
    }
    chat.secrets = chat.secrets or {"identity_secret": secrets.token_urlsafe(32)}
    chat.save()
    ChannelPolicy.objects.get_or_create(channel=chat, defaults={"team": team})
    return chat


def _whatsapp(team: Team, port: int) -> Channel:
    return _channel(
        "whatsapp",
        whatsapp.PHONE_NUMBER_ID,
        team=team,
        name="WhatsApp",
        settings={
            "phone_number_id": whatsapp.PHONE_NUMBER_ID,
            "waba_id": whatsapp.WABA_ID,
            "api_base": f"http://127.0.0.1:{port}",
        },
        secrets=dict.fromkeys(["access_token", "app_secret", "verify_token"], whatsapp.SECRET),
    )


def _channel(
    kind: str,
    account: str,
    *,
    team: Team,
    name: str,
    settings: dict[str, object],
    secrets: dict[str, str],
) -> Channel:
    channel, is_new = Channel.objects.update_or_create(
        kind=kind,
        account=account,
        defaults={"settings": settings, "secrets": secrets, "templates_synced_at": None},
    )
    if is_new:
        Channel.objects.filter(pk=channel.pk).update(name=name)
        channel.name = name
    ChannelPolicy.objects.get_or_create(channel=channel, defaults={"team": team})
    return channel


def _canned_replies() -> None:
    replies = {
        "hello": (
            "Hello",
            "Hello {{customer.first_name|there}},\n\nthank you for writing. I am on it.",
        ),
        "delivery": (
            "How long delivery takes",
            "Orders leave our workshop within two days and reach you within five.",
        ),
        "return": (
            "How to return a lamp",
            (
                "Put it back in its box and leave it with any parcel shop. "
                "We refund you as soon as it arrives. Your ticket is #{{ticket.number}}."
            ),
        ),
        "bye": (
            "Goodbye",
            "You are welcome, {{customer.first_name|and good night}}.\n{{agent.name}}",
        ),
    }
    for shortcut, (title, text) in replies.items():
        CannedReply.objects.get_or_create(
            shortcut=shortcut, defaults={"title": title, "text": text}
        )
