"""Finding out whether a call whose answer was lost went through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from channels_app import http
from channels_app.messages import Reconciliation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels_app.adapters.sms.sending import Account
    from channels_app.messages import Attempt

# After this long a call that was taken stands in Twilio's list.
SETTLED = timedelta(minutes=2)
# Longer than this nobody waits for a Twilio that does not answer: agents decide.
PATIENCE = timedelta(minutes=15)
# How long our call may have been under way, and how exact Twilio's seconds are.
CALL = timedelta(seconds=http.SECONDS + 2)
ROUNDING = timedelta(seconds=2)
PAGE = 100
TRIAL = "Sent from your Twilio trial account - "


def reconcile(account: Account, attempt: Attempt) -> Reconciliation:
    """Look for the attempt in Twilio's list of messages to its recipient.

    One that fits (same text, same number of files, made in the seconds of the call) is it. None
    two minutes later: the call was not taken. Several: nobody can tell.
    """
    age = timezone.now() - attempt.started_at
    listed = _list(account, attempt)
    if listed is None:
        return Reconciliation("wait" if age < PATIENCE else "unknown")
    found = [entry for entry in listed.messages if _fits(entry, attempt, skew=listed.skew)]
    if len(found) == 1:
        return Reconciliation("sent", str(found[0]["sid"]))
    if found or listed.is_cut:
        return Reconciliation("unknown")
    return Reconciliation("not_sent" if age >= SETTLED else "wait")


@dataclass(frozen=True, slots=True)
class _Listed:
    """`skew`: how far Twilio's clock is ahead of ours. `is_cut`: there may be more."""

    messages: list[dict[str, Any]]
    skew: timedelta
    is_cut: bool


def _list(account: Account, attempt: Attempt) -> _Listed | None:
    """The newest messages to the recipient; None when Twilio does not tell.

    Not narrowed by DateSent: a message that still waits at Twilio has none.
    """
    try:
        answer = account.get("/Messages.json", To=attempt.message.to, PageSize=str(PAGE))
        messages = answer.json()["messages"] if answer.status == 200 else None
    except (http.Unreachable, http.ForbiddenAddress, ValueError, KeyError, TypeError):
        return None
    if not isinstance(messages, list):
        return None
    oldest_first = sorted(_dates(messages))
    skew = _skew(answer.headers.get("date", ""))
    is_cut = len(messages) >= PAGE and oldest_first[0] >= attempt.started_at + skew
    return _Listed(messages, skew, is_cut)
