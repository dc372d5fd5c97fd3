"""Agents: invited rather than given a password, switched off rather than deleted."""

from __future__ import annotations

from typing import Any, cast

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inbox import staff
from inbox.admin import shown_once
from inbox.models import Agent, Team


class AgentForm(forms.ModelForm[Agent]):
    teams = forms.ModelMultipleChoiceField(
        Team.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Agent
        fields = ("email", "name", "role", "is_active", "timezone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["teams"].initial = list(self.instance.teams.all())

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


@admin.register(Agent)
class AgentAdmin(admin.ModelAdmin[Agent]):
    form = AgentForm
    fields = ("email", "name", "role", "teams", "is_active", "timezone")
    list_display = ("label", "email", "role", "team_names", "is_active", "last_login")
    list_filter = ("is_active", "role", "teams")
    search_fields = ("email", "name")
    actions = ("switch_off", "reset_second_factor")
    change_form_template = "admin/inbox/agent/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        return super().get_queryset(request).defer("password").prefetch_related("teams")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What an agent wrote stays with their name: they are switched off, not deleted."""
        return False

    @admin.display(description=gettext_lazy("agent"), ordering="name")
    def label(self, agent: Agent) -> str:
        return str(agent)

    @admin.display(description=gettext_lazy("teams"))
    def team_names(self, agent: Agent) -> str:
        return ", ".join(team.name for team in agent.teams.all())

    def save_model(
        self,
        request: HttpRequest,
        obj: Agent,
        form: forms.ModelForm[Agent],
        change: bool,  # noqa: FBT001
    ) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        staff.set_teams(obj, form.cleaned_data["teams"])
        if change and {"role", "is_active"} & set(form.changed_data):
            staff.access_changed([obj])

    def response_add(
        self, request: HttpRequest, obj: Agent, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._invitation(request, obj)

    def response_change(self, request: HttpRequest, obj: Agent) -> HttpResponse:
        if "_invite" in request.POST and obj.is_active:
            return self._invitation(request, obj)
        return super().response_change(request, obj)

    @admin.action(description=gettext_lazy("Switch off: may not sign in any more"))
    def switch_off(self, request: HttpRequest, agents: QuerySet[Agent]) -> None:
        """Your own account is left out: somebody has to switch the others on again."""
        me = cast(Agent, request.user)
        gone = list(agents.exclude(pk=me.pk).filter(is_active=True))
        agents.filter(pk__in=[agent.pk for agent in gone]).update(is_active=False)
        staff.access_changed(gone)
        for agent in gone:
            self.log_change(request, agent, _("Switched off."))
        words = ngettext("%d agent switched off.", "%d agents switched off.", len(gone))
        self.message_user(request, words % len(gone))

    @admin.action(description=gettext_lazy("Remove the second factor of sign-in"))
    def reset_second_factor(self, request: HttpRequest, agents: QuerySet[Agent]) -> None:
        """For somebody who lost their phone."""
        Authenticator.objects.filter(user__in=agents).delete()
        for agent in agents:
            self.log_change(request, agent, _("Removed the second factor."))
        self.message_user(request, _("They set it up again at the next sign-in."))

    def _invitation(self, request: HttpRequest, agent: Agent) -> HttpResponse:
        link = staff.invite(agent)
        if staff.mail_invitation(agent, link):
            what_now = _("This link was mailed to %s.") % agent.email
        else:
            what_now = _("Send this link to %s.") % agent.email
        return shown_once.page(
            request,
            self,
            title=_("Invitation for %s") % agent,
            explanation=" ".join((what_now, _("It works once, within 72 hours; keep it secret."))),
            secret=link,
        )
