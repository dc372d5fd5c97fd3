"""Makes a desk to measure: `python -m bench.founding` in its environment; prints it as JSON."""

from __future__ import annotations

import json
import os
from importlib import import_module
from typing import Any

import django

LINE = "+447700900999"
MAILBOX = "support@desk.example"
AGENTS = ("grace", "heidi")


def main() -> None:
    """Migrate; a team, two agents with token and session, an SMS and a mail channel."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    print(json.dumps(_found()))


def _found() -> dict[str, Any]:
    from inbox.models import Agent, Team

    team = Team.objects.create(name="Front desk")
    agents = [Agent.objects.create_user(f"{name}@desk.example", None) for name in AGENTS]
    team.members.set(agents)
    return {
        "sms": _sms_channel(team),
        "mail": _mail_channel(team),
        "chat": _chat_channel(team),
        "tokens": [_token(agent) for agent in agents],
        "session": _session(agents[0]),
    }


def _sms_channel(team: Any) -> str:
    return _channel(
        team,
        kind="sms",
        name="SMS",
        account=LINE,
        settings={
            "provider": "twilio",
            "account_sid": os.environ["BENCH_ACCOUNT_SID"],
            "api_base": os.environ["BENCH_PROVIDER_URL"],
        },
        secrets={"auth_token": os.environ["BENCH_AUTH_TOKEN"]},
    )


def _mail_channel(team: Any) -> str:
    return _channel(team, kind="email", name="Mail", account=MAILBOX)


def _chat_channel(team: Any) -> str:
    from channels_app.adapters import adapter_class

    form = adapter_class("webchat").settings_form.from_settings({})
    form.full_clean()
    return _channel(team, kind="webchat", name="Chat", settings=form.settings)


def _channel(team: Any, **fields: Any) -> str:
    from channels_app.models import Channel
    from inbox.models import ChannelPolicy

    channel = Channel.objects.create(**fields)
    ChannelPolicy.objects.create(channel=channel, team=team)
    return channel.key


def _token(agent: Any) -> str:
    from inbox.models import ApiToken

    return ApiToken.objects.issue(agent)


def _session(agent: Any) -> str:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(agent.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    main()
