from __future__ import annotations

import json
import socket
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from inbox.demo import desk, stories, whatsapp, world
from inbox.models import Ticket


class Command(BaseCommand):
    help = "Fill an empty desk with demo data; safe to run twice, leaves a real desk alone."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not desk.may_be_filled():
            self.stdout.write("This desk has data of its own: no demo data was added.")
            return
        ports = desk.Ports(*_free_ports(3))
        with transaction.atomic():
            furnished = desk.furnish(ports)
            if not Ticket.objects.exists():
                stories.tell_all(furnished)
        _write_down(furnished, ports)


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on just now, each another one."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _write_down(furnished: desk.Desk, ports: desk.Ports) -> None:
    """What the pretend providers (inbox.demo.providers) have to know of this desk."""
    world.folder().mkdir(parents=True, exist_ok=True)
    known = {
        "sms_port": ports.sms,
        "smtp_port": ports.smtp,
        "meta_port": ports.whatsapp,
        "number": desk.NUMBER,
        "sms_url": furnished.sms.webhook_url,
        "account_sid": desk.ACCOUNT_SID,
        "auth_token": furnished.sms.secrets["auth_token"],
        "phone_number_id": whatsapp.PHONE_NUMBER_ID,
        "waba_id": whatsapp.WABA_ID,
        "whatsapp_url": furnished.whatsapp.webhook_url,
        "templates": whatsapp.TEMPLATES,
        **dict.fromkeys(["access_token", "app_secret"], whatsapp.SECRET),
    }
    (world.folder() / "providers.json").write_text(json.dumps(known))
