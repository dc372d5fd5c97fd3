from django.apps import AppConfig


class ChannelsAppConfig(AppConfig):
    """Speaks with providers. Named channels_app because `channels` is the WebSocket framework."""

    name = "channels_app"
    verbose_name = "Channels"
    default_auto_field = "django.db.models.BigAutoField"
