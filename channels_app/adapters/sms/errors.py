"""What Twilio's error codes mean, in plain words for an agent.

https://www.twilio.com/docs/api/errors. A code that is not here is shown with its number and
Twilio's own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels_app.errors import SendError

if TYPE_CHECKING:
    from channels_app.http import Response


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says about this message, this address and this channel."""

    text: str
    permanent: bool = True
    undeliverable: bool = False
    opted_out: bool = False
    channel_is_broken: bool = False


def _broken(text: str) -> Meaning:
    # Not permanent: the message can leave as soon as an admin has put it right.
    return Meaning(text, permanent=False, channel_is_broken=True)


def _unreachable(text: str) -> Meaning:
    return Meaning(text, undeliverable=True)


def _busy(text: str) -> Meaning:
    return Meaning(text, permanent=False)


MEANINGS = {
    "20003": _broken("Twilio refused our credentials: check account SID and auth token."),
    "20005": _broken("The Twilio account is not active."),
    "20404": _broken("Twilio does not know this account or messaging service."),
    "20429": _busy("Twilio asks us to send more slowly."),
    "21211": _unreachable("This is not a phone number Twilio can send to."),
    "21408": Meaning("Sending to this country is switched off in the Twilio account."),
    "21602": Meaning("A text message needs a text or a file."),
    "21603": _broken("The number to send from is missing."),
    "21606": _broken("Our number can't send text messages from this Twilio account."),
    "21608": Meaning("A Twilio trial account sends to verified numbers only."),
    "21609": _broken("Twilio does not accept our status address: check PUBLIC_URL."),
    "21610": Meaning("This person has opted out by answering STOP.", opted_out=True),
    "21611": _busy("Too many of our messages are waiting at Twilio."),
    "21612": _unreachable("Twilio can't reach this number from ours."),
    "21614": _unreachable("This number is not a mobile phone."),
    "21617": Meaning("The text is longer than 1,600 characters."),
    "21619": Meaning("A text message needs a text or a file."),
    "21620": Meaning("Twilio can't fetch the attached file: check PUBLIC_URL."),
    "21623": Meaning("More files than one message can carry."),
    "21635": _unreachable("This number is a landline."),
    "21656": Meaning("Twilio did not accept the content of this message."),
    "21659": _broken("Our number does not belong to this Twilio account."),
    "21660": _broken("Our number does not belong to this Twilio account."),
    "21703": _broken("The messaging service has no number to send from."),
    "21705": _broken("Twilio does not know this messaging service."),
    "30001": _busy("Too many of our messages are waiting at Twilio."),
    "30002": _broken("The Twilio account is suspended."),
    "30003": Meaning("The phone is switched off or out of reach."),
    "30004": Meaning("The message was blocked by the recipient or their network."),
    "30005": _unreachable("This number does not exist any more."),
    "30006": _unreachable("This number is a landline or its network takes no text messages."),
    "30007": Meaning("The network filtered the message out as unwanted."),
    "30008": Meaning("The network did not deliver the message and gave no reason."),
    "30010": Meaning("The message costs more than the limit that was set."),
    "30032": _broken("Our toll-free number is not verified yet."),
    "30034": _broken("Our number is not registered for A2P 10DLC."),
}


def meaning(code: str, *, said: str = "") -> Meaning:
    """The meaning of a code; an unknown one speaks with Twilio's words and is permanent."""
    return MEANINGS.get(code) or Meaning(
        said or f"Twilio reported error {code or 'without a code'}."
    )


def refused(answer: Response) -> SendError:
    """The error of a call to send that Twilio did not answer with 2xx.

    429 and 503 mean that it did not take the message. Any other 5xx came after it may have:
    Twilio has no idempotency key, so it must not simply be sent again.
    """
    code, said = _code_and_words(answer)
    if answer.status in {429, 503}:
        return SendError(
            meaning("20429").text if answer.status == 429 else "Twilio is overloaded.",
            code=code or str(answer.status),
            retry_after=_seconds(answer.headers.get("retry-after", "")),
        )
    if answer.status >= 500:
        return SendError(
            "Twilio failed on our call.", code=code or str(answer.status), ambiguous=True
        )
    if not code:
        return _without_code(answer.status)
    return as_send_error(code, said=said)


def as_send_error(code: str, *, said: str = "") -> SendError:
    """A code as the error of a message."""
    it = meaning(code, said=said)
    return SendError(
        it.text,
        code=code,
        permanent=it.permanent,
        undeliverable=it.undeliverable,
        opted_out=it.opted_out,
        channel_is_broken=it.channel_is_broken,
    )


def _without_code(status: int) -> SendError:
    """An answer that is not in Twilio's form: something else answers at this address."""
    if status in {401, 403, 404} or status < 400:
        text = f"What answers at the API address is not Twilio (HTTP {status})."
        return SendError(text, code=str(status), channel_is_broken=True)
    if status == 408:
        return SendError("Twilio did not receive our call in time.", code="408")
    return SendError(
        f"Twilio refused the message (HTTP {status}).", code=str(status), permanent=True
    )


def _code_and_words(answer: Response) -> tuple[str, str]:
    try:
        said: Any = answer.json()
    except ValueError:
        return "", ""
    if not isinstance(said, dict):
        return "", ""
    return str(said.get("code") or ""), str(said.get("message") or "")


def _seconds(retry_after: str) -> float | None:
    """Retry-After in seconds; a date instead of a number is not used by Twilio."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdecimal() else None
