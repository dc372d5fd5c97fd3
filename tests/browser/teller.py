"""Plays customers and colleagues inside the desk's own environment: one JSON call a line on
stdin, one answer a line on stdout. `python -m tests.browser.teller`."""

from __future__ import annotations

import base64
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.browser.settings")
django.setup()

from channels_app.messages import Attachment  # noqa: E402  (needs the apps)
from channels_app.models import Channel  # noqa: E402  (needs the apps)
from inbox import contact_details, delivery, presence, triage  # noqa: E402
from inbox.models import (  # noqa: E402
    Agent,
    CannedReply,
    ChannelPolicy,
    Draft,
    Message,
    Team,
    Ticket,
)
from tests.browser import visits, whatsapp  # noqa: E402
from tests.flows import saying  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "a-long-password"


def furnish() -> None:
    team = Team.objects.create(name="Front desk")
    for name in ("Grace", "Heidi"):
        email = f"{name.lower()}@desk.example"
        team.members.add(Agent.objects.create_user(email, PASSWORD, name=name))
    _channel(team, kind="email", name="Support mail", account="support@desk.example")
    sms = {"provider": "twilio", "account_sid": "AC" + "0" * 32}
    number = "+447700900999"
    secrets = {"auth_token": "12345"}
    _channel(team, kind="sms", name="SMS", account=number, settings=sms, secrets=secrets)
    CannedReply.objects.create(
        title="Thanks", shortcut="thanks", text="Thank you, {{customer.first_name|friend}}."
    )
    CannedReply.objects.create(title="Opening hours", shortcut="hours", text="Nine to five.")


def sms(text: str, sender: str = saying.ADA_PHONE) -> dict[str, int]:
    return _place(saying.sms(Channel.objects.get(account="+447700900999"), text, sender=sender))


def mail(
    text: str,
    subject: str,
    sender: str = saying.ADA_MAIL,
    html: str = "",
    pictures: list[dict[str, str]] | None = None,
) -> dict[str, int]:
    channel = Channel.objects.get(account="support@desk.example")
    files = tuple(_picture(number, one) for number, one in enumerate(pictures or []))
    said = saying.mail(channel, text, subject=subject, sender=sender, html=html, attachments=files)
    return _place(said)


def form(text: str, subject: str, sender: str) -> dict[str, int]:
    """Somebody typed an address into a form on the website."""
    channel = Channel.objects.get(account="support@desk.example")
    return _place(saying.mail(channel, text, subject=subject, sender=sender, is_claimed=True))


def vouch(ticket: int, value: str) -> None:
    """Grace knows another number of the ticket's customer."""
    grace = Agent.objects.get(name="Grace")
    customer = Ticket.objects.get(pk=ticket).customer
    contact_details.add_address(customer, kind="phone", value=value, by=grace)


def sender_of(ticket: int) -> str:
    strand = Ticket.objects.get(pk=ticket).conversations.get()
    return strand.contact_point.address


def note(ticket: int, text: str) -> None:
    heidi = Agent.objects.get(name="Heidi")
    triage.add_note(Ticket.objects.get(pk=ticket), text=text, by=heidi)


def assign(ticket: int, to: str) -> None:
    triage.assign(Ticket.objects.get(pk=ticket), to=Agent.objects.get(name=to))


def name_customer(ticket: int, name: str) -> None:
    found = Ticket.objects.select_related("customer").get(pk=ticket)
    found.customer.name = name
    found.customer.save()
    found.save()


def delivered(ticket: int) -> None:
    """The provider took the ticket's last message and brought it to the customer."""
    message = Message.objects.filter(ticket=ticket, direction="outbound").latest("position")
    message.status = Message.Status.DELIVERED
    message.save()
    delivery.status.tell(message)


def failed(ticket: int) -> None:
    """The provider refused the ticket's last message."""
    message = Message.objects.filter(ticket=ticket, direction="outbound").latest("position")
    message.status, message.error_text = Message.Status.FAILED, "no such number"
    message.save()
    delivery.status.tell(message)


def outbound(ticket: int) -> list[str]:
    found = Message.objects.filter(ticket=ticket, direction="outbound").order_by("position")
    return list(found.values_list("text", flat=True))


def copies(ticket: int) -> list[str]:
    message = Message.objects.filter(ticket=ticket, direction="outbound").latest("position")
    return [one["address"] for one in (message.envelope or {})["cc"]]


def status(ticket: int) -> str:
    return Ticket.objects.get(pk=ticket).shown_status


def resolve(ticket: int) -> None:
    triage.resolve(Ticket.objects.get(pk=ticket), by=Agent.objects.get(name="Heidi"))


def rename(ticket: int, subject: str) -> None:
    heidi = Agent.objects.get(name="Heidi")
    triage.rename(Ticket.objects.get(pk=ticket), subject=subject, by=heidi)


def reactivate(name: str) -> None:
    Agent.objects.filter(name=name).update(is_active=True)


def customer_types(ticket: int) -> None:
    presence.typing(Ticket.objects.select_related("team").get(pk=ticket), agent=None)


def draft(ticket: int, name: str = "Grace") -> dict[str, str]:
    found = Draft.objects.filter(ticket=ticket, agent__name=name)
    return dict(found.values_list("mode", "text"))


def deactivate(name: str) -> None:
    from inbox import staff

    agent = Agent.objects.get(name=name)
    agent.is_active = False
    agent.save()
    staff.access_changed([agent])


def _picture(number: int, file: dict[str, str]) -> Attachment:
    content = base64.b64decode(file["content"])
    return Attachment(file["name"], "image/png", content, content_id=f"picture-{number}")


def _channel(team: Team, **fields: Any) -> None:
    ChannelPolicy.objects.create(channel=Channel.objects.create(**fields), team=team)


def _place(message: Message) -> dict[str, int]:
    return {"ticket": message.ticket_id, "message": message.pk}


def _doing(name: str) -> Callable[..., Any]:
    rooms = (visits, whatsapp, sys.modules[__name__])
    return next(getattr(room, name) for room in rooms if hasattr(room, name))


def main() -> None:
    for line in sys.stdin:
        call = json.loads(line)
        try:
            answer = {"is": _doing(call.pop("do"))(**call)}
        except Exception:  # noqa: BLE001  (told to the test, which fails with it)
            answer = {"failed": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
