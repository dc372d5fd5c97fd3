from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app.adapters.sms import reconcile as module
from channels_app.adapters.sms.reconcile import TRIAL_PREFIX, reconcile
from channels_app.adapters.sms.sending import send
from channels_app.errors import SendError
from channels_app.messages import Attempt, Reconciliation
from channels_app.pretend.faults import Fault
from tests.channels_app.sms.conftest import ADA, NUMBER, message


def attempt(text: str = "On its way", *, ago: float = 0, **more) -> Attempt:
    return Attempt(message(text), timezone.now() - timedelta(seconds=ago), **more)


def taken(twilio, text: str = "On its way", *, ago: float = 0, **fields: str):
    """A message that Twilio took `ago` seconds before now."""
    sms = twilio.take({"From": NUMBER, "To": ADA, "Body": text, **fields})
    return twilio.book.write(replace(sms, made_at=time.time() - ago))


def test_a_call_whose_answer_was_lost_is_found_with_its_id(twilio, account):
    twilio.faults.next_sends.append(Fault(drops=True, takes=True))
    tried = attempt()
    with pytest.raises(SendError):
        send(account, tried.message)
    assert reconcile(account, tried) == Reconciliation("sent", twilio.accepted[0].sid)


def test_a_call_that_was_not_taken_is_waited_for_and_then_given_back(account):
    assert reconcile(account, attempt(ago=119)) == Reconciliation("wait")
    assert reconcile(account, attempt(ago=121)) == Reconciliation("not_sent")


def test_of_two_that_fit_nobody_can_tell(twilio, account):
    taken(twilio)
    taken(twilio)
    assert reconcile(account, attempt()) == Reconciliation("unknown")


def test_a_message_that_is_known_to_be_another_is_left_out(twilio, account):
    other, ours = taken(twilio), taken(twilio)
    known = attempt(known_ids=frozenset({other.sid}))
    assert reconcile(account, known) == Reconciliation("sent", ours.sid)
    both = attempt(ago=130, known_ids=frozenset({other.sid, ours.sid}))
    assert reconcile(account, both) == Reconciliation("not_sent")


@pytest.mark.parametrize(
    "fields", [{"Body": "On its way."}, {"To": "+14155550124"}, {"From": "+14155550999"}]
)
def test_another_text_recipient_or_sender_is_another_message(twilio, account, fields):
    taken(twilio, ago=125, **fields)
    assert reconcile(account, attempt(ago=125)) == Reconciliation("not_sent")


@pytest.mark.parametrize("ago", [60, 128, 200])
def test_the_same_text_at_another_time_is_another_message(twilio, account, ago):
    taken(twilio, ago=ago)
    assert reconcile(account, attempt(ago=125)) == Reconciliation("not_sent")


def test_what_the_customer_wrote_is_not_ours(twilio, account):
    """Even where somebody texts between two numbers of ours."""
    twilio.receive("On its way", sender=NUMBER, to=ADA, url="http://127.0.0.1:9/")
    assert reconcile(account, attempt()) == Reconciliation("wait")


def test_a_message_with_files_is_not_one_without(twilio, account):
    sms = twilio.take({"From": NUMBER, "To": ADA, "Body": "On its way"}, media_urls=["http://x/"])
    assert sms.media
    assert reconcile(account, attempt()) == Reconciliation("wait")


def test_a_trial_account_puts_words_in_front(twilio, account):
    sms = taken(twilio, TRIAL_PREFIX + "On its way")
    assert reconcile(account, attempt()) == Reconciliation("sent", sms.sid)


def test_a_message_that_has_not_left_twilio_is_found(twilio, account):
    sms = taken(twilio)
    twilio.book.write(replace(sms, status="accepted"))
    assert reconcile(account, attempt()) == Reconciliation("sent", sms.sid)


def test_a_messaging_service_may_have_sent_from_any_number(twilio, account):
    service = {"From": "", "MessagingServiceSid": "MG1"}
    sms = taken(twilio, **service)
    by_service = replace(account, messaging_service_sid="MG1")
    assert reconcile(by_service, attempt()) == Reconciliation("sent", sms.sid)


def test_a_clock_that_is_wrong_is_made_up_for(twilio, account, monkeypatch):
    """Ours is five minutes behind Twilio's: so is the time at which the attempt began."""
    sms = taken(twilio)
    ours = timezone.now
    monkeypatch.setattr(module.timezone, "now", lambda: ours() - timedelta(minutes=5))
    behind = Attempt(message(), ours() - timedelta(minutes=5))
    assert reconcile(account, behind) == Reconciliation("sent", sms.sid)


def test_a_list_that_ends_before_the_call_proves_nothing(twilio, account, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 3)
    taken(twilio, "an older one", ago=300)
    for number in range(3):
        taken(twilio, f"later {number}", ago=10)
    assert reconcile(account, attempt(ago=200)) == Reconciliation("unknown")


def test_while_twilio_does_not_tell_we_wait_and_then_agents_decide(twilio, account):
    twilio.faults.hides_list = True
    assert reconcile(account, attempt(ago=800)) == Reconciliation("wait")
    assert reconcile(account, attempt(ago=901)) == Reconciliation("unknown")
    gone = replace(account, api_base="http://127.0.0.1:9")
    assert reconcile(gone, attempt(ago=200)) == Reconciliation("wait")
    assert reconcile(replace(account, token="wrong"), attempt(ago=200)) == Reconciliation("wait")
