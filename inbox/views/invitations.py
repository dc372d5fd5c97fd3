"""Coming in by invitation: choose a name and a password, once."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from inbox.models import Agent, Invitation


class WelcomeForm(forms.Form):
    """What the desk asks of somebody new."""

    name = forms.CharField(label=_("Your name"), max_length=80)
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: QueryDict | None, *, agent: Agent) -> None:
        self.agent = agent
        super().__init__(data, initial={"name": agent.name})

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.agent)
        return password


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let the invited person set a name and a password; signing in comes after, with whatever
    it asks for. A link that was used, has ended or never was one: all look the same."""
    agent = Invitation.objects.invited(token)
    if agent is None:
        return render(request, "account/invitation_over.html", status=404)
    form = WelcomeForm(request.POST or None, agent=agent)
    if not form.is_valid():
        return render(request, "account/invitation.html", {"form": form, "agent": agent})
    _welcome(token, **form.cleaned_data)
    messages.success(request, _("Welcome. Sign in with your new password."))
    return redirect("account_login")


@transaction.atomic
def _welcome(token: str, *, name: str, password: str) -> None:
    agent = Invitation.objects.redeem(token)
    if agent is None:
        raise Http404
    agent.name = name
    agent.set_password(password)
    agent.save(update_fields=["name", "password"])
