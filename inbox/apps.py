from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class InboxConfig(AppConfig):
    """The product: tickets, every verb, every screen, every entry point."""

    name = "inbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_keep_word_lists, sender=self)


def _keep_word_lists(*, using: str, **_signal: Any) -> None:
    from inbox.search_index import keep_word_lists  # needs the models

    keep_word_lists(using)
