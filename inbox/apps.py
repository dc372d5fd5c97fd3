from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_migrate


class InboxConfig(AppConfig):
    """The product: tickets, every verb, every screen, every entry point."""

    name = "inbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account import signals  # needs the models

        post_migrate.connect(_keep_word_lists, sender=self)
        for ended in (signals.password_changed, signals.password_reset, user_logged_out):
            ended.connect(_close_sockets)


def _keep_word_lists(*, using: str, **_signal: Any) -> None:
    from inbox.search_index import keep_word_lists  # needs the models

    keep_word_lists(using)


def _close_sockets(*, user: Any, **_signal: Any) -> None:
    """Sessions ended with the password or by signing out; their open tabs have to hear of it."""
    from inbox import staff  # needs the models

    if user is not None:
        staff.access_changed([user])
