from __future__ import annotations

import pytest
from django.contrib import admin as django_admin
from django.test import Client
from django.urls import reverse

from channels_app.models import Channel
from inbox.models import Agent

pytestmark = pytest.mark.django_db


def test_the_admins_own_login_leads_to_the_desks_where_a_second_factor_counts() -> None:
    answer = Client().get("/admin/login/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    posted = Client().post("/admin/login/", {"username": "a", "password": "b"})
    assert posted["Location"].startswith(reverse("account_login"))


def test_agents_and_strangers_stay_outside(grace: Agent, text_line: Channel) -> None:
    agents = Client()
    agents.force_login(grace)
    paths = [reverse("admin:index"), reverse("admin:channels_app_channel_changelist")]
    paths += [reverse("admin:channels_app_channel_change", args=[text_line.pk])]
    for path in paths:
        assert Client().get(path).status_code == 302
        assert agents.get(path, follow=True).status_code == 403
    for name in ("channel_check", "channel_test"):
        path = reverse(f"admin:{name}", args=[text_line.pk])
        assert agents.post(path).status_code == 302
        assert Client().post(path).status_code == 302


def test_every_page_of_the_admin_opens(desk: Client) -> None:
    for model, options in django_admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert desk.get(reverse(f"admin:{name}_changelist")).status_code == 200, name
        request = desk.get(reverse("admin:index")).wsgi_request
        if options.has_add_permission(request):
            assert desk.get(reverse(f"admin:{name}_add")).status_code == 200, name


def test_only_what_is_ours_is_shown(desk: Client) -> None:
    shown = {model._meta.label for model in django_admin.site._registry}
    assert shown == {
        "channels_app.Channel",
        "channels_app.InboundEvent",
        "customers.Customer",
        "inbox.Agent",
        "inbox.ApiToken",
        "inbox.CannedReply",
        "inbox.Message",
        "inbox.Team",
    }
