from django.apps import AppConfig


class InboxConfig(AppConfig):
    """The product: tickets, every verb, every screen, every entry point."""

    name = "inbox"
    default_auto_field = "django.db.models.BigAutoField"
