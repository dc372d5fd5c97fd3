"""The admin as a whole: its name, its door, and what is not shown there."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group

admin.site.site_header = "Parley"
admin.site.site_title = "Parley"
admin.site.index_title = "Set up the desk"
admin.site.empty_value_display = "–"

# The admin's own login asks for a password only, also of those who have a second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

for foreign in (EmailAddress, Authenticator, UserSession, Group):
    if admin.site.is_registered(foreign):
        admin.site.unregister(foreign)
