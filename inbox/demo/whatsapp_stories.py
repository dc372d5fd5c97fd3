"""The demo's WhatsApp tickets."""

from __future__ import annotations

from typing import Any

from channels_app.messages import Address, Attachment, Reaction
from customers.identify import identify
from inbox import afterthoughts, triage
from inbox.demo import whatsapp
from inbox.demo.desk import Desk
from inbox.demo.telling import answer, mail, pause, said_on_whatsapp
from inbox.models import Message

NOAH = "447700900654"
MIRA = "447700900777"
JUNE = "447700900888"


def everything_a_phone_can_say(desk: Desk) -> None:
    """A place, a voice message, a reaction."""
    message = _noah(desk, "Hello! Could you bring the floor lamp to my new place?")
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    ours = answer(message, "With pleasure, Noah. Where is that?", by=desk.grace)
    Message.objects.filter(pk=ours.pk).update(external_id="wamid.demo-answer")
    place = {"latitude": 51.5033, "longitude": -0.1196, "name": "By the river"}
    _noah(desk, "By the river", kind="location", payload={"location": place})
    _noah(
        desk,
        "",
        kind="audio",
        payload={"voice": True},
        attachments=(Attachment("voice message.wav", "audio/wav", content=whatsapp.voice()),),
    )
    liked = Reaction(desk.whatsapp.account, "wamid.demo-answer", "customer", "👍", ours.created_at)
    afterthoughts.apply(desk.whatsapp, liked)
    pause(message, minutes=17)


def mail_that_goes_on_in_whatsapp(desk: Desk) -> None:
    """One customer, one ticket, two channels."""
    known = [Address("email", "mira@customer.example"), Address("phone", f"+{MIRA}")]
    identify(known, name="Mira", proven_by="agent")
    message = mail(
        desk.mail,
        "Order 1077",
        "Hello,\n\ncould you add a second bulb to my order? You can also reach me on WhatsApp.\n",
        sender="mira@customer.example",
        name="Mira",
    )
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    pause(message, minutes=25)
    _said(desk, "It's Mira: has the order left already?", phone=MIRA, name="Mira")
    pause(message, minutes=9)


def one_outside_its_window(desk: Desk) -> None:
    """Too late for a free answer: a template opens the conversation again."""
    message = _said(desk, "Do you have the Fjord lamp in green?", phone=JUNE, name="June")
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    pause(message, hours=27)


def _noah(desk: Desk, text: str, **fields: Any) -> Message:
    return _said(desk, text, phone=NOAH, name="Noah", **fields)


def _said(desk: Desk, text: str, *, phone: str, name: str, **fields: Any) -> Message:
    sender = (
        Address("whatsapp_user", whatsapp.user_id(phone), whatsapp.WABA_ID, name),
        Address("phone", f"+{phone}", name=name),
    )
    return said_on_whatsapp(desk.whatsapp, text, sender=sender, **fields)
