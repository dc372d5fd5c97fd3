from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Knows who a person is, whatever address they used."""

    name = "customers"
    default_auto_field = "django.db.models.BigAutoField"
