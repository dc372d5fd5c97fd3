"""The signed token that an outgoing message carries: an answer names it and is found again."""

from __future__ import annotations

import base64
import binascii
import hmac

from django.conf import settings
from django.utils.crypto import salted_hmac

from inbox.models import Message

LENGTH = 32
_ID_BYTES = 8
_SIGNATURE_BYTES = 12
_SALT = "inbox.reply_tokens"


def token_for(message: Message) -> str:
    """32 lower-case letters and digits that name this outgoing message; only we can make them."""
    name = message.pk.to_bytes(_ID_BYTES, "big")
    return base64.b32encode(name + _signature(name, settings.SECRET_KEY)).decode().lower()


def message_of(token: str) -> Message | None:
    """The outgoing message a token names, in whatever case it came back; None when it is forged.

    Tokens signed with a key of SECRET_KEY_FALLBACKS still count.
    """
    signed = _decoded(token)
    name, signature = signed[:_ID_BYTES], signed[_ID_BYTES:]
    keys = [settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)]
    if not any(hmac.compare_digest(signature, _signature(name, key)) for key in keys):
        return None
    ours = Message.objects.filter(direction=Message.Direction.OUTBOUND)
    ours = ours.select_related("ticket", "conversation__contact_point")
    return ours.filter(pk=int.from_bytes(name, "big")).first()


def _decoded(token: str) -> bytes:
    if len(token) != LENGTH:
        return b""
    try:
        return base64.b32decode(token, casefold=True)
    except (binascii.Error, ValueError):
        return b""


def _signature(name: bytes, key: str) -> bytes:
    made = salted_hmac(_SALT, name, secret=key, algorithm="sha256")
    return made.digest()[:_SIGNATURE_BYTES]
