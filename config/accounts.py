"""How agents get in: invited people only, and admins with a second factor."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


class ClosedDesk(DefaultAccountAdapter):
    """Nobody signs up by themselves: an admin invites."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class AdminsNeedTwoFactors:
    """Leads an admin without a second factor to its set-up and nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.open_paths = ("/accounts/", settings.STATIC_URL, "/healthz", "/readyz")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._must_set_up(request):
            return redirect(reverse("mfa_activate_totp"))
        return self.get_response(request)

    def _must_set_up(self, request: HttpRequest) -> bool:
        if not settings.ADMINS_NEED_TWO_FACTORS or request.path.startswith(self.open_paths):
            return False
        user = request.user
        return user.is_authenticated and user.is_staff and not is_mfa_enabled(user)
