"""What Meta's error codes mean, in plain words for an agent, and what to do about them.

https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes. Only the code counts:
Meta changes the titles. One that is not here is shown with its number and Meta's own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels_app.adapters.whatsapp.reading import load, part
from channels_app.errors import SendError, UnreadablePayload

if TYPE_CHECKING:
    from channels_app.http import Response


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says about this message, this address and this channel."""

    text: str
    permanent: bool = True
    undeliverable: bool = False
    channel_is_broken: bool = False
    closes_window: bool = False


def _busy(text: str) -> Meaning:
    return Meaning(text, permanent=False)


def _broken(text: str) -> Meaning:
    # Not permanent: the message can leave as soon as an admin has put it right.
    return Meaning(text, permanent=False, channel_is_broken=True)


def _unreachable(text: str) -> Meaning:
    return Meaning(text, undeliverable=True)


_TRY_LATER = "WhatsApp has a problem of its own."
_SLOWLY = "WhatsApp asks us to send more slowly."
_FORBIDDEN = "The access token is not allowed to send from this WhatsApp account."
_PARAMETERS = "The placeholders don't fit the template: choose it again."
PAIR_LIMIT = "131056"

MEANINGS = {
    **dict.fromkeys(["1", "2", "131000", "131016", "131057"], _busy(_TRY_LATER)),
    **dict.fromkeys(["4", "80007", "130429"], _busy(_SLOWLY)),
    PAIR_LIMIT: _busy("Too many messages to this person in a short time."),
    "0": _broken("WhatsApp refused our access token: make a new one."),
    "190": _broken("WhatsApp refused our access token: make a new one."),
    "10": _broken(_FORBIDDEN),
    "131005": _broken(_FORBIDDEN),
    "33": _broken("WhatsApp does not know this phone number ID."),
    "368": _broken("Meta has blocked the WhatsApp account for breaking its policy."),
    "131031": _broken("Meta has locked the WhatsApp account."),
    "131042": _broken("WhatsApp does not deliver: the payment method is missing or was refused."),
    "131045": _broken("Our number is not registered with the Cloud API."),
    "131037": _broken("WhatsApp has not approved the display name of our number yet."),
    "133010": _broken("Our number is not registered with the Cloud API."),
    "131026": _unreachable("This person can't be reached on WhatsApp."),
    "131021": Meaning("This is our own number."),
    "131030": Meaning("A test number of WhatsApp sends to five registered numbers only."),
    "131047": Meaning(
        "24 hours have passed since the customer's last message: only a template can be sent.",
        closes_window=True,
    ),
    "131048": Meaning("WhatsApp holds our messages back: too many were reported as unwanted."),
    "131049": Meaning("WhatsApp did not deliver it, to spare this person; wait a day at least."),
    "131050": Meaning("This person does not want marketing messages from us."),
    "131062": Meaning("This template needs a phone number, and WhatsApp does not tell us one."),
    "130472": Meaning("WhatsApp did not deliver it: this person is part of an experiment."),
    "130497": Meaning("WhatsApp does not let us write to this country."),
    "131008": Meaning("Something that WhatsApp needs was missing in our call."),
    "131009": Meaning("WhatsApp did not accept a value in our call."),
    "131051": Meaning("WhatsApp does not know this type of message."),
    "131052": Meaning("WhatsApp could not fetch the customer's file."),
    "131053": Meaning("WhatsApp did not accept the file."),
    "100": Meaning("WhatsApp did not accept a value in our call."),
    **dict.fromkeys(["132000", "132008", "132012", "132018"], Meaning(_PARAMETERS)),
    "132001": Meaning("The template does not exist in this language, or is not approved."),
    "132005": Meaning("The template with its placeholders filled is too long."),
    "132007": Meaning("The template breaks a policy of WhatsApp."),
    "132015": Meaning("WhatsApp has paused this template, because it was poorly received."),
    "132016": Meaning("WhatsApp has switched this template off for good."),
    **dict.fromkeys(["132068", "132069"], Meaning("The form in this template does not work.")),
}


def meaning(code: str, *, said: str = "") -> Meaning:
    """The meaning of a code; an unknown one speaks with Meta's words and is permanent."""
    if code.isdecimal() and 200 <= int(code) <= 299:
        return _broken(_FORBIDDEN)
    return MEANINGS.get(code) or Meaning(
        said or f"WhatsApp reported error {code or 'without a code'}."
    )


def refused(answer: Response, *, attempt: int = 1) -> SendError:
    """The error of a call that was not answered with 2xx.

    An answer in Meta's form says that nothing was done. A 5xx in any other form may come from
    something in between, after Meta has taken the message.
    """
    code, said = _code_and_words(answer)
    if code:
        wait = _seconds(answer.headers.get("retry-after", ""))
        return as_send_error(code, said=said, retry_after=wait, attempt=attempt)
    if answer.status == 429:
        wait = _seconds(answer.headers.get("retry-after", ""))
        return SendError(_SLOWLY, code="429", retry_after=wait)
    if answer.status >= 500:
        return SendError("WhatsApp failed on our call.", code=str(answer.status), ambiguous=True)
    text = f"What answers at the API address is not WhatsApp (HTTP {answer.status})."
    return SendError(text, code=str(answer.status), channel_is_broken=True)


def as_send_error(
    code: str, *, said: str = "", retry_after: float | None = None, attempt: int = 1
) -> SendError:
    """A code as the error of a message. The limit of one pair of numbers asks for 4^n seconds
    after the n-th try."""
    it = meaning(code, said=said)
    if code == PAIR_LIMIT:
        retry_after = max(retry_after or 0.0, 4.0 ** min(attempt, 5))
    return SendError(
        it.text,
        code=code,
        permanent=it.permanent,
        retry_after=retry_after,
        undeliverable=it.undeliverable,
        channel_is_broken=it.channel_is_broken,
        closes_window=it.closes_window,
    )


def code_and_words(error: dict[str, Any]) -> tuple[str, str]:
    """Code and best words of an error object, of an answer or a status alike."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    words = details or error.get("message") or error.get("title") or ""
    code = error.get("code")
    return ("" if code is None or isinstance(code, dict | list) else str(code)), str(words)


def _code_and_words(answer: Response) -> tuple[str, str]:
    try:
        error = part(load(answer.body), "error")
    except UnreadablePayload:
        return "", ""
    return code_and_words(error)


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isascii() and retry_after.isdecimal() else None
