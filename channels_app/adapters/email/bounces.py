"""Delivery reports: RFC 3464 read directly, about forty other shapes by flufl.bounce."""

from __future__ import annotations

from email.message import Message

from flufl.bounce import all_failures

from channels_app.adapters.email import bounds
from channels_app.adapters.email.automatic import MACHINES
from channels_app.adapters.email.bodies import payload_of, type_of
from channels_app.adapters.email.charsets import decode
from channels_app.adapters.email.deadline import OutOfTime, cpu_seconds
from channels_app.adapters.email.desk import split
from channels_app.adapters.email.headers import mailboxes, message_ids, raw_values, value
from channels_app.messages import Bounce

SECONDS = 1.0
MAX_RECIPIENTS = 50
SCANNED = 64 * 1024


def bounce_of(message: Message) -> Bounce | None:
    """What a delivery report says about a mail of ours; None for any other mail and for reports
    of success."""
    report = next((p for p in message.walk() if type_of(p) == "message/delivery-status"), None)
    if report is not None:
        return _from_report(message, report)
    if _is_from_a_mailer(message):
        return _from_habit(message)
    return None


def _from_report(message: Message, report: Message) -> Bounce | None:
    blocks = bounds.parts_of(report)
    failures = [block for block in blocks if _action(block) in ("failed", "delayed")]
    if not failures:
        return None
    return Bounce(
        recipients=tuple(filter(None, map(_recipient, failures[:MAX_RECIPIENTS]))),
        permanent=any(_is_permanent(block) for block in failures),
        reason=_reason(failures[0]),
        original_message_id=_original_id(message),
    )


def _from_habit(message: Message) -> Bounce | None:
    try:
        with cpu_seconds(SECONDS):
            temporary, permanent = all_failures(message)
    except (OutOfTime, ValueError, LookupError, AttributeError, TypeError):
        return None
    recipients = sorted(permanent or temporary)
    if not recipients:
        return None
    return Bounce(
        recipients=tuple(one.decode("utf-8", "replace") for one in recipients[:MAX_RECIPIENTS]),
        permanent=bool(permanent),
        reason=value(message, "subject"),
        original_message_id=_original_id(message),
    )


def _is_from_a_mailer(message: Message) -> bool:
    if raw_values(message, "x-failed-recipients"):
        return True
    sender = mailboxes(raw_values(message, "from"))
    local = split(sender[0].address)[0].replace("-", "").replace("_", "") if sender else ""
    return local.startswith(MACHINES[:2])


def _action(block: Message) -> str:
    return value(block, "action").lower()


def _recipient(block: Message) -> str:
    named = value(block, "final-recipient") or value(block, "original-recipient")
    return named.rpartition(";")[2].strip(" <>")[:320]


def _is_permanent(block: Message) -> bool:
    return _action(block) == "failed" or value(block, "status").startswith("5")


def _reason(block: Message) -> str:
    said = value(block, "diagnostic-code").partition(";")
    return (said[2] or said[0]).strip() or value(block, "status")


def _original_id(message: Message) -> str:
    """The id of the mail the report is about: from the copy it carries as a part or in its text,
    else from its own References, which some mail servers set."""
    for part in message.walk():
        copy = _copy_in(part)
        if copy is not None:
            return next(iter(message_ids(raw_values(copy, "message-id"))), "")
    named = [*raw_values(message, "in-reply-to"), *raw_values(message, "references")]
    return next(iter(message_ids([*_named_in_text(message), *named])), "")


def _named_in_text(message: Message) -> list[str]:
    lines = decode(payload_of(message)[:SCANNED]).split("\n") if not message.is_multipart() else []
    fields = (line.lstrip("> \t").partition(":") for line in lines)
    return [named for name, _, named in fields if name.lower() == "message-id"]


def _copy_in(part: Message) -> Message | None:
    kind = type_of(part)
    if kind == "message/rfc822":
        return next(iter(bounds.parts_of(part)), None)
    if kind == "text/rfc822-headers":
        return bounds.parse(payload_of(part)[: bounds.MAX_HEADERS])
    return None
