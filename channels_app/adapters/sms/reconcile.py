"""Finding out whether a call whose answer was lost went through."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from channels_app import http
from channels_app.messages import Reconciliation

if TYPE_CHECKING:
    from channels_app.adapters.sms.sending import Account
    from channels_app.messages import Attempt

# After this long a call that was taken stands in Twilio's list.
SETTLED = timedelta(minutes=2)
# Longer than this nobody waits for a Twilio that does not answer: agents decide.
PATIENCE = timedelta(minutes=15)
# A call is taken within its own time plus what it may queue at Twilio's door.
CALL = timedelta(minutes=1)
# Twilio's times are whole seconds.
ROUNDING = timedelta(seconds=2)
PAGE = 100
TRIAL_PREFIX = "Sent from your Twilio trial account - "

Entry = dict[str, Any]


def reconcile(account: Account, attempt: Attempt) -> Reconciliation:
    """Look for the attempt in Twilio's list of messages to its recipient.

    One entry with the same text and files, made in the seconds of the call, is it. None two
    minutes later: the call was not taken. Several: nobody can tell.
    """
    age = timezone.now() - attempt.started_at
    try:
        listed, skew = _list(account, to=attempt.message.to)
    except (http.Unreachable, http.ForbiddenAddress, ValueError, KeyError, TypeError):
        return Reconciliation("wait" if age < PATIENCE else "unknown")
    start = attempt.started_at + skew - ROUNDING
    during = [entry for entry in listed if start <= _created(entry) <= start + CALL]
    found = [entry for entry in during if _is_same(entry, attempt)]
    if len(found) == 1:
        return Reconciliation("sent", str(found[0]["sid"]))
    if found or _is_cut(listed, start):
        return Reconciliation("unknown")
    return Reconciliation("not_sent" if age >= SETTLED else "wait")


def _list(account: Account, *, to: str) -> tuple[list[Entry], timedelta]:
    """The newest messages to a number, and how far Twilio's clock is ahead of ours.

    Not narrowed by DateSent: a message that still waits at Twilio has none. Raises what reading
    an answer that is none of Twilio's raises.
    """
    sender = {} if account.messaging_service_sid else {"From": account.number}
    answer = account.get("/Messages.json", To=to, **sender, PageSize=str(PAGE))
    if answer.status != 200:
        raise ValueError(f"HTTP {answer.status}")
    theirs = parsedate_to_datetime(answer.headers["date"])
    return list(answer.json()["messages"]), theirs - timezone.now()


def _is_cut(listed: list[Entry], start: datetime) -> bool:
    """Whether older messages than the listed ones may be of the time of the call."""
    return len(listed) >= PAGE and min(map(_created, listed)) >= start


def _created(entry: Entry) -> datetime:
    return parsedate_to_datetime(entry["date_created"])


def _is_same(entry: Entry, attempt: Attempt) -> bool:
    message = attempt.message
    return (
        entry["direction"] != "inbound"
        and entry["sid"] not in attempt.known_ids
        and str(entry["body"] or "").removeprefix(TRIAL_PREFIX) == message.text
        and int(entry["num_media"]) == len(message.attachments)
    )
