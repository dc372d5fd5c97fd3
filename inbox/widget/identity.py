"""Who the website says this is: signed, short-lived, and bound to the token that brought it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.db import transaction
from django.utils import timezone

from channels_app.models import Channel
from inbox.models import Visitor
from inbox.widget import visitors
from inbox.widget.moving_in import move_in
from inbox.widget.refusals import Refusal

LONGEST = timedelta(hours=1)
LEEWAY = timedelta(seconds=30)
MAX_JWT = 8192
MAX_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the website, vouched for until a time."""

    subject: str
    until: datetime
    profile: dict[str, Any]


def read(token: Any, *, channel: Channel) -> Person:
    """The person a JWT vouches for: HS256 with the channel's secret, `aud` the channel's key,
    `exp` within an hour. Email and phone count as proven only when the website says that it has
    verified them. Raises Refusal("bad-identity")."""
    claims = _claims(token, channel)
    until = _end_of(claims["exp"])
    subject = claims["sub"]
    if until > timezone.now() + LONGEST + LEEWAY or not _is_sound(subject):
        raise Refusal(403, "bad-identity")
    return Person(subject, until, _profile(claims))


def sign_in(
    known: Visitor | None, person: Person, *, channel: Channel
) -> tuple[Visitor, str | None]:
    """Bind a visitor to a person; the token that counts from now on, None for the same as before.

    The first sign-in of a visitor brings their tickets along. The token is a new one then, so
    that whoever had planted the old one learns nothing; one that belongs to somebody else ends.
    """
    with transaction.atomic():
        held = _held(known)
        if held is not None and held.subject == person.subject:
            return _renewed(held, person), None
        if held is not None and held.subject:
            visitors.forget(held)
            held = None
        if held is None:
            held, token = visitors.begin(channel)
        else:
            visitors.hang_up(held)
            held.channel, token = channel, visitors.new_token()
        return _bound(held, person, token), token


def _held(known: Visitor | None) -> Visitor | None:
    if known is None:
        return None
    return Visitor.objects.select_for_update().filter(pk=known.pk).first()


def _bound(held: Visitor, person: Person, token: str) -> Visitor:
    anonymous = held.point()
    held.token_hash = visitors.digest(token)
    held.subject = person.subject
    signed = _renewed(held, person)
    if anonymous is not None:
        move_in(anonymous, signed)
    return signed


def _renewed(held: Visitor, person: Person) -> Visitor:
    held.proven_until = person.until
    held.profile = held.profile | person.profile
    held.save()
    return held


def _claims(token: Any, channel: Channel) -> dict[str, Any]:
    if not isinstance(token, str) or len(token) > MAX_JWT:
        raise Refusal(403, "bad-identity")
    for secret in channel.secrets.get("identity_secret", "").split(","):
        try:
            return _decoded(token, secret, channel)
        except (jwt.InvalidTokenError, OverflowError):
            continue
    raise Refusal(403, "bad-identity")


def _decoded(token: str, secret: str, channel: Channel) -> dict[str, Any]:
    if not secret:
        raise jwt.InvalidTokenError
    return jwt.decode(
        token,
        secret,
        algorithms=["HS256"],
        audience=channel.key,
        leeway=LEEWAY,
        options={"require": ["exp", "sub", "aud"]},
    )


def _end_of(exp: Any) -> datetime:
    """Seconds since 1970. Whoever writes milliseconds names a year there will never be."""
    try:
        return datetime.fromtimestamp(int(exp), tz=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal(403, "bad-identity") from error


def _is_sound(subject: Any) -> bool:
    is_text = isinstance(subject, str) and subject.isprintable()
    return is_text and 0 < len(subject) <= MAX_SUBJECT


def _profile(claims: dict[str, Any]) -> dict[str, Any]:
    profile: dict[str, Any] = {}
    for name in ("name", *visitors.CLAIMABLE):
        value = claims.get(name)
        if isinstance(value, str) and value.strip():
            profile[name] = visitors.one_line(value)
            if name != "name":
                profile[f"{name}_verified"] = claims.get(f"{name}_verified") is True
    return profile
