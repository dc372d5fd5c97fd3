from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    """Django's admin with the desk's own site."""

    default_site = "config.admin_site.DeskSite"
