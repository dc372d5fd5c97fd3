"""The demo's tickets: every channel, every state, told one by one."""

from __future__ import annotations

import struct
import zlib
from datetime import timedelta

from django.utils import timezone

from channels_app.messages import Address, Attachment, Bounce
from customers.identify import identify
from inbox import triage
from inbox.delivery.status import fail
from inbox.demo import whatsapp_stories
from inbox.demo.desk import Desk
from inbox.demo.telling import answer, chat, mail, pause, sms
from inbox.models import Message, Ticket
from inbox.reply_tokens import token_for

ADA_PHONE = "+447700900123"
ADA_MAIL = "ada@demo.example"
EVE_MAIL = "eve@stranger.example"


def tell_all(desk: Desk) -> None:
    """Tell every story, oldest first, so that numbers and times agree."""
    stories = (
        _resolved_by_mail,
        _spam,
        _out_of_office,
        _returned_to_sender,
        _failed_text,
        _snoozed,
        _from_the_form,
        _somebody_else_writes_in,
        _pending,
        _invoice_for_the_other_team,
        _uncertain,
        _chat_that_went_well,
        _one_ticket_two_channels,
        _urgent_and_unassigned,
        whatsapp_stories.one_outside_its_window,
        whatsapp_stories.mail_that_goes_on_in_whatsapp,
        whatsapp_stories.everything_a_phone_can_say,
        _somebody_waits_in_the_chat,
    )
    for story in stories:
        story(desk)


def _resolved_by_mail(desk: Desk) -> None:
    first = mail(
        desk.mail,
        "Which bulb fits the Fjord lamp?",
        "Hello,\n\nmine went dark after six years. Which bulb do I need?\n\nThe bakery",
        sender="orders@bakery.example",
        name="Corner Bakery",
    )
    triage.assign(first.ticket, to=desk.grace, by=desk.grace)
    pause(first, minutes=22)
    answer(first, "Good morning,\n\na small E14, 4 W, warm white.\n\nGrace", by=desk.grace)
    pause(first, hours=1)
    thanks = mail(
        desk.mail,
        "Re: Which bulb fits the Fjord lamp?",
        "Light again. Thank you!",
        sender="orders@bakery.example",
        references=(first.message_id,),
    )
    triage.tag(thanks.ticket, names=["bulbs"], by=desk.grace)
    triage.resolve(thanks.ticket, by=desk.grace)
    pause(thanks, days=3)


def _spam(desk: Desk) -> None:
    message = mail(
        desk.mail,
        "You have WON a lighthouse",
        "Send us your bank details to claim it.",
        sender=EVE_MAIL,
        name="Eve",
        authentication="fail",
    )
    triage.set_status(message.ticket, status=Ticket.Status.SPAM, by=desk.grace)
    pause(message, days=2, hours=4)


def _out_of_office(desk: Desk) -> None:
    message = mail(
        desk.mail,
        "Automatic reply: Your order",
        "The school office is closed until Monday.",
        sender="office@school.example",
        name="Green Street School",
        is_automatic=True,
    )
    pause(message, days=1, hours=9)


def _returned_to_sender(desk: Desk) -> None:
    message = mail(
        desk.mail,
        "Catalogue, please",
        "Please send me your catalogue.",
        sender="reader@gone.example",
        name="Night Owl Radio",
    )
    ours = answer(message, "With pleasure, it is attached.", by=desk.grace)
    pause(message, minutes=3)
    mail(
        desk.mail,
        "Undelivered Mail Returned to Sender",
        "The mailbox reader@gone.example does not exist.",
        sender="mailer-daemon@gone.example",
        is_automatic=True,
        bounce=Bounce(
            ("reader@gone.example",), True, "The mailbox does not exist.", ours.message_id
        ),
    )
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    pause(message, days=1, hours=2)


def _failed_text(desk: Desk) -> None:
    message = sms(desk.sms, "Do you also repair lamps?", sender="+447700900456")
    ours = answer(message, "Yes, bring it to the workshop.", by=desk.grace, arrived=False)
    fail(
        ours,
        code="30003",
        text="The phone is switched off or out of reach.",
        sources=[Message.Status.QUEUED],
    )
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    pause(message, hours=21)


def _snoozed(desk: Desk) -> None:
    message = mail(
        desk.mail,
        "40 lanterns for the summer party",
        "Dear shop,\n\ncould you quote forty garden lanterns? We decide next week.\n",
        sender="office@school.example",
        name="Green Street School",
    )
    triage.assign(message.ticket, to=desk.grace, by=desk.admin)
    triage.add_note(message.ticket, text="Ask the workshop about the quantity.", by=desk.grace)
    answer(message, "We will make you a good price. I come back to you.", by=desk.grace)
    pause(message, hours=18)
    triage.tag(message.ticket, names=["quote", "large order"], by=desk.grace)
    triage.snooze(message.ticket, until=timezone.now() + timedelta(days=3), by=desk.grace)


def _from_the_form(desk: Desk) -> None:
    message = mail(
        desk.mail,
        "Contact form: opening hours",
        "Are you open on Sundays?",
        sender="visitor@elsewhere.example",
        name="Website visitor",
        is_claimed=True,
    )
    pause(message, hours=7)


def _somebody_else_writes_in(desk: Desk) -> None:
    message = mail(
        desk.mail,
        "Broken shade in order 1042",
        "The shade arrived in pieces. Pictures attached.",
        sender="orders@bakery.example",
        name="Corner Bakery",
        attachments=(Attachment("shade.png", "image/png", content=_picture()),),
    )
    ours = answer(message, "I am sorry. A new shade leaves today.", by=desk.grace)
    pause(message, hours=2)
    mail(
        desk.mail,
        "Re: Broken shade in order 1042",
        "They forwarded me this. Could you send it to the other shop instead?",
        sender="driver@parcels.example",
        name="Parcel driver",
        reply_tokens=(token_for(ours),),
    )
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    triage.prioritise(message.ticket, priority="high", by=desk.grace)
    pause(message, hours=3)


def _pending(desk: Desk) -> None:
    message = sms(desk.sms, "Is the copper lamp back in stock?", sender="+447700900789")
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    pause(message, minutes=4)
    answer(message, "On Friday. Shall I keep one for you?", by=desk.grace)
    pause(message, hours=2)


def _invoice_for_the_other_team(desk: Desk) -> None:
    message = mail(
        desk.mail,
        "Invoice 2026-118",
        "We were charged twice. Please check.",
        sender="accounts@radio.example",
        name="Night Owl Radio",
    )
    team = desk.heidi.teams.get()
    triage.move_to_team(message.ticket, team=team, by=desk.grace)
    triage.assign(message.ticket, to=desk.heidi, by=desk.heidi)
    pause(message, hours=1, minutes=40)


def _uncertain(desk: Desk) -> None:
    message = mail(
        desk.mail,
        "Change of address",
        "We moved across the street, to number 12.",
        sender="hello@florist.example",
        name="Corner Florist",
    )
    ours = answer(message, "Noted, thank you.", by=desk.grace, arrived=False)
    Message.objects.filter(pk=ours.pk).update(
        status=Message.Status.UNCERTAIN,
        error_code="uncertain",
        error_text="Its delivery was cut short: nobody can say whether it arrived.",
    )
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    pause(message, minutes=55)


def _one_ticket_two_channels(desk: Desk) -> None:
    known = [Address("email", ADA_MAIL), Address("phone", ADA_PHONE)]
    identify(known, name="Ada", proven_by="agent")
    message = mail(
        desk.mail,
        "Where is my lamp?",
        "Hello,\n\nI ordered the brass reading lamp last Monday and have heard nothing since. "
        "Is it on its way?\n\nAda",
        sender=ADA_MAIL,
        name="Ada",
    )
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    pause(message, minutes=31)
    answer(message, "Hello Ada,\n\nit left us this morning.\n\nGrace", by=desk.grace)
    triage.add_note(message.ticket, text="Parcel 4711, promised for tomorrow.", by=desk.grace)
    pause(message, minutes=12)
    sms(desk.sms, "It is me again, from my phone: can they leave it next door?", sender=ADA_PHONE)
    triage.tag(message.ticket, names=["delivery"], by=desk.grace)
    pause(message, minutes=6)


def _urgent_and_unassigned(desk: Desk) -> None:
    message = sms(desk.sms, "The lamp hums and smells. Should I unplug it?", sender="+447700900321")
    triage.prioritise(message.ticket, priority="urgent", by=desk.admin)
    pause(message, minutes=2)


def _chat_that_went_well(desk: Desk) -> None:
    message = chat(
        desk.chat, "Hi! Do your shades fit other lamps, too?", visitor="demo2hx7kq", name="Robin"
    )
    triage.assign(message.ticket, to=desk.grace, by=desk.grace)
    answer(message, "Hello Robin, all with an E27 ring do. Which lamp is it?", by=desk.grace,
           read=True)  # fmt: skip
    chat(desk.chat, "An old desk lamp of my aunt's. E27, I think.", visitor="demo2hx7kq")
    answer(message, "Then it fits. Send it back if not, we pay for that.", by=desk.grace, read=True)
    chat(desk.chat, "Great, ordered. Thanks!", visitor="demo2hx7kq")
    triage.resolve(message.ticket, by=desk.grace)
    pause(message, minutes=48)


def _somebody_waits_in_the_chat(desk: Desk) -> None:
    chat(desk.chat, "Hello? I am at the checkout and my code", visitor="demo9wm4tz")
    last = chat(desk.chat, "LIGHT10 is refused. What now?", visitor="demo9wm4tz")
    pause(last, minutes=1)


def _picture(size: int = 240) -> bytes:
    """A small PNG: a lamp's glow."""
    rows = bytearray()
    for y in range(size):
        rows.append(0)
        for x in range(size):
            far = ((x - size / 2) ** 2 + (y - size / 2) ** 2) ** 0.5 / (size / 2)
            light = max(0, 1 - far)
            rows += bytes((int(60 + 195 * light), int(50 + 160 * light), int(70 + 60 * light)))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
