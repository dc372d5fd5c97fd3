from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from channels_app.messages import Address, Envelope, InboundMessage, Mailbox
from channels_app.models import Channel
from customers.models import Claim, Identity
from inbox import intake, joining, media, reply_tokens, sweeps, triage
from inbox.errands import Errands
from inbox.models import (
    Agent,
    Attachment,
    ChannelPolicy,
    ContactPoint,
    Conversation,
    Message,
    Participant,
    Team,
    Ticket,
    Visitor,
)
from inbox.replies import Reply, send_reply
from inbox.widget.by_mail import MAX_FILES_SIZE, mail_unread
from inbox.workers import AnyActor
from tests.inbox.widget.chat import SECRET, Browser, answer, signed

MAIL = "support@desk.example"
ADA_MAIL = "ada@claims.example"


@pytest.fixture
def mails(db: None) -> Channel:
    team, _ = Team.objects.get_or_create(name="Shop")
    channel = Channel.objects.create(kind="email", name="Support mail", account=MAIL)
    ChannelPolicy.objects.create(channel=channel, team=team)
    return channel


@pytest.fixture
def left(mails: Channel, ada: Browser, grace: Agent) -> Message:
    """An answer that Ada, who typed her address, was not there to read."""
    ada.begin(profile={"name": "Ada", "email": ADA_MAIL}, language="de")
    ada.say("Do you have brass lamps? And <b>mind my secret</b>")
    ours = answer("Yes, two.", by=grace)
    sent(ours)
    return ours


def sent(*messages: Message, minutes: int = 11) -> None:
    at = timezone.now() - timedelta(minutes=minutes)
    Message.objects.filter(pk__in=[one.pk for one in messages]).update(status="sent", sent_at=at)


class AtOnce(Errands):
    """What is asked for is done."""

    def give(self, actor: AnyActor, *args: Any) -> None:
        actor.fn(*args)


def sweep() -> list[Message]:
    sweeps.unread_answers(AtOnce())
    return list(Message.objects.filter(channel__kind="email", direction="outbound").order_by("pk"))


def test_an_unread_answer_goes_after_its_visitor_in_the_same_ticket(left: Message, grace: Agent):
    more = answer("Shall I keep one?", by=grace)
    sent(more, minutes=1)
    (mail,) = sweep()
    assert (mail.ticket, mail.agent) == (left.ticket, grace)
    assert mail.text.startswith("Yes, two.\n\nShall I keep one?\n\n---\n")
    assert mail.envelope["to"] == [{"name": "Ada", "address": ADA_MAIL}]
    assert sweep() == [mail]


def test_a_claimed_address_gets_the_agents_words_and_nothing_else(left: Message):
    (mail,) = sweep()
    assert "secret" not in mail.text + mail.html + mail.subject
    assert mail.conversation.contact_point.identity is None
    assert not Identity.objects.filter(kind="email").exists()
    assert not Participant.objects.exists()


def test_the_fixed_line_is_in_the_visitors_language(left: Message):
    (mail,) = sweep()
    assert "Antworten Sie auf diese E-Mail" in mail.text


def test_an_answer_to_that_mail_proves_the_address_and_goes_on_in_the_ticket(left: Message):
    (mail,) = sweep()
    inbound = InboundMessage(
        account=MAIL,
        dedupe_key="answer",
        sender=(Address("email", ADA_MAIL),),
        text="Please do.",
        sent_at=timezone.now(),
        authentication="pass",
        reply_tokens=(reply_tokens.token_for(mail),),
        envelope=Envelope(Mailbox(ADA_MAIL), message_id="answer@claims.example"),
    )
    came = intake.receive(mail.channel, inbound).message
    assert came is not None
    assert came.ticket == left.ticket
    assert Identity.objects.get(kind="email").customer == left.ticket.customer
    assert Claim.objects.get().settled_at is not None


def test_what_was_read_in_time_is_not_mailed(left: Message, ada: Browser):
    ada.post("seen", {"upto": left.pk, "read": True})
    assert sweep() == []


def test_what_is_still_fresh_waits(left: Message):
    sent(left, minutes=9)
    assert sweep() == []


def test_what_is_older_than_a_day_is_let_be(left: Message):
    sent(left, minutes=60 * 25)
    assert sweep() == []


@pytest.mark.parametrize("settings", [{"mail_after": 0}, {"mail_channel": "gone@desk.example"}])
def test_without_minutes_or_mail_channel_nothing_is_mailed(left: Message, settings):
    channel = left.channel
    channel.settings |= settings
    channel.save()
    assert sweep() == []


def test_without_an_address_nothing_is_mailed(mails: Channel, ada: Browser, grace: Agent):
    ada.say("Hello")
    sent(answer("Yes?", by=grace))
    assert sweep() == []


def test_a_mailed_answer_waits_for_nothing_the_next_one_does(left: Message, grace: Agent):
    sweep()
    later = answer("By the way", by=grace, ticket=left.ticket_id)
    sent(later)
    first, second = sweep()
    assert "By the way" in second.text
    assert "Yes, two." not in second.text
    assert first.conversation == second.conversation


def test_the_mail_channel_the_admin_named_is_taken(left: Message):
    other = Channel.objects.create(kind="email", name="Sales", account="sales@desk.example")
    channel = left.channel
    channel.settings["mail_channel"] = "sales@desk.example"
    channel.save()
    (mail,) = sweep()
    assert mail.channel == other


def test_a_vouched_address_is_an_identity(mails: Channel, make_chat, grace: Agent):
    channel = make_chat(identity="optional", identity_secret=SECRET)
    ada = Browser(channel)
    ada.begin(jwt=signed(channel, "ada", email=ADA_MAIL, email_verified=True))
    ada.say("Hello")
    sent(answer("Yes?", by=grace))
    (mail,) = sweep()
    assert mail.conversation.contact_point.identity == Identity.objects.get(kind="email")


def test_an_address_that_can_t_be_reached_is_let_be(left: Message):
    sweep()
    later = answer("By the way", by=left.agent, ticket=left.ticket_id)
    sent(later)
    ContactPoint.objects.filter(address_kind="email").update(undeliverable_reason="gone")
    assert len(sweep()) == 1


def with_files(text: str, *contents: bytes, by: Agent) -> Message:
    """An answer in Ada's chat with files beside it."""
    files = tuple(
        media.keep_upload(SimpleUploadedFile(f"plan{n}.txt", content), by=by)
        for n, content in enumerate(contents)
    )
    strand = Conversation.objects.get(contact_point__channel__kind="webchat")
    ours = send_reply(strand, Reply(text=text, attachments=files), by=by)
    sent(ours)
    return ours


def test_the_files_of_an_answer_go_with_it(left: Message, grace: Agent):
    ours = with_files("", b"the plan", by=grace)
    (mail,) = sweep()
    assert mail.text.startswith("Yes, two.\n\n---\n")
    (copy,) = mail.attachments.all()
    assert (copy.name, copy.size, copy.file.read()) == ("plan0.txt", 8, b"the plan")
    assert copy.file.name != ours.attachments.get().file.name


def test_a_file_alone_is_an_answer_too(mails: Channel, ada: Browser, grace: Agent):
    ada.begin(profile={"email": ADA_MAIL})
    ada.say("Send me the plan")
    with_files("", b"the plan", by=grace)
    (mail,) = sweep()
    assert mail.attachments.count() == 1
    assert mail.text.startswith("---\n")


def test_files_too_large_for_one_mail_go_with_the_next(left: Message, grace: Agent):
    for text in ("first", "second"):
        ours = with_files(text, b"x", by=grace)
        Attachment.objects.filter(message=ours).update(size=MAX_FILES_SIZE - 1)
    first, second = sweep() and sweep()
    assert ("first" in first.text, "second" in first.text) == (True, False)
    assert "second" in second.text


def test_accounts_that_share_a_number_do_not_get_each_others_answers(
    mails: Channel, make_chat, grace: Agent
):
    channel = make_chat(identity="optional", identity_secret=SECRET)
    phone = {"phone": "+447700900123", "phone_verified": True}
    for name, more in (("ada", {"email": ADA_MAIL, "email_verified": True}), ("eve", {})):
        browser = Browser(channel)
        browser.begin(jwt=signed(channel, name, **phone, **more))
        browser.say(f"I am {name}")
        sent(answer(f"Only for {name}", by=grace))
    (mail,) = sweep()
    assert "Only for ada" in mail.text


def test_one_answer_that_can_not_be_mailed_holds_up_no_other(
    left: Message, chat: Channel, grace: Agent
):
    other = Browser(chat)
    other.begin(profile={"email": "grace@claims.example"})
    other.say("Hello")
    sent(answer("Hello you", by=grace))
    given: list[tuple[Any, ...]] = []
    errands = AtOnce()
    errands.give = lambda actor, *args: given.append(args)  # type: ignore[method-assign]
    sweeps.unread_answers(errands)
    assert len(given) == 2


def test_a_ticket_that_was_joined_meanwhile_is_mailed_from_where_it_lives_on(
    left: Message, ada: Browser, grace: Agent
):
    gone = left.ticket
    staying = Ticket.objects.create(customer=gone.customer, subject="Lamps")
    joining.join(gone, into=staying, by=grace)
    (mail,) = sweep()
    assert mail.ticket == staying


@pytest.mark.django_db(transaction=True)
def test_mailing_an_answer_while_its_visitor_writes_stops_neither(
    mails: Channel, chat: Channel, grace: Agent
):
    """Both lock the customer before the contact point: else one of the two would be ended."""
    browsers = [Browser(chat, address=f"192.0.2.{n}") for n in range(12)]
    barrier = Barrier(2)

    def at_once(act: Any, *args: Any) -> Any:
        barrier.wait(30)
        try:
            return act(*args)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for number, browser in enumerate(browsers):
            browser.begin(profile={"email": f"ada{number}@claims.example"})
            browser.say("Hello")
            ours = answer("Yes?", by=grace)
            sent(ours)
            both = (
                pool.submit(at_once, mail_unread, ours.conversation_id),
                pool.submit(at_once, browser.say, "Still there"),
            )
            assert both[0].result() is not None
            assert both[1].result().status_code == 201


def test_the_visitor_hears_what_was_said_in_the_chat_alone(left: Message, ada: Browser):
    sweep()
    assert ada.texts()[1:] == ["Yes, two."]


def test_resolved_tickets_are_mailed_too(left: Message, grace: Agent):
    triage.resolve(Ticket.objects.get(), by=grace)
    assert len(sweep()) == 1


def test_whoever_stayed_away_for_a_year_is_forgotten(ada: Browser):
    ada.say("Hello")
    Visitor.objects.update(seen_at=timezone.now() - timedelta(days=366))
    sweeps.old_visitors(Errands())
    assert ada.hear().status_code == 401
    assert Message.objects.count() == 1
