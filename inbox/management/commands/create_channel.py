from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from channels_app.adapters import UnknownKind, adapter_class
from channels_app.models import Channel
from inbox.models import ChannelPolicy, Team

POLICY_SETTINGS = ("team", "join_group")


class Command(BaseCommand):
    help = "Make a channel. The settings are those of the form in the admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind")
        parser.add_argument("name")
        parser.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", help="may be repeated"
        )
        parser.add_argument("--json", action="store_true", help="the output is JSON anyway")

    @transaction.atomic
    def handle(self, *_args: Any, kind: str, name: str, **options: Any) -> None:
        settings = dict(_pair(text) for text in options["set"])
        policy = {key: settings.pop(key) for key in POLICY_SETTINGS if key in settings}
        channel = _channel(kind, name, settings)
        _save(ChannelPolicy(channel=channel, **_policy(policy)))
        shown = {"key": channel.key, "kind": kind, "name": name, "webhook_url": channel.webhook_url}
        self.stdout.write(json.dumps(shown))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"--set {text}: expected key=value")
    return key, value


def _channel(kind: str, name: str, settings: dict[str, str]) -> Channel:
    try:
        form = adapter_class(kind).settings_form.from_settings(settings)
    except UnknownKind as error:
        raise CommandError(f"kind: {error}") from error
    if not form.is_valid():
        raise CommandError("\n".join(form.problems))
    channel = Channel(kind=kind, name=name)
    form.apply(channel)
    _save(channel)
    return channel


def _policy(settings: dict[str, str]) -> dict[str, Any]:
    if "team" not in settings:
        return settings
    team = Team.objects.filter(name__iexact=settings["team"]).first()
    if team is None:
        known = ", ".join(Team.objects.values_list("name", flat=True)) or "none yet"
        raise CommandError(f"team: there is no team {settings['team']!r}; known: {known}")
    return {**settings, "team": team}


def _save(row: Channel | ChannelPolicy) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        lines = [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
        raise CommandError("\n".join(lines)) from error
    row.save()
