"""The table of channel kinds. A kind of one folder or module; this is the only list of them."""

from __future__ import annotations

from importlib import import_module

from channels_app.adapters.base import Adapter

ADAPTERS = {
    "email": "channels_app.adapters.email.adapter.EmailAdapter",
    "sms": "channels_app.adapters.sms.twilio.TwilioAdapter",
    "whatsapp": "channels_app.adapters.whatsapp.adapter.WhatsAppAdapter",
    "webchat": "channels_app.adapters.webchat.adapter.WebchatAdapter",
}


class UnknownKind(Exception):
    """There is no adapter for this kind of channel."""


def adapter_class(kind: str) -> type[Adapter]:
    """The adapter of a kind. Raises UnknownKind."""
    try:
        module, _, name = ADAPTERS[kind].rpartition(".")
    except KeyError as error:
        raise UnknownKind(f"unknown channel kind {kind!r}; known: {', '.join(ADAPTERS)}") from error
    adapter: type[Adapter] = getattr(import_module(module), name)
    return adapter
