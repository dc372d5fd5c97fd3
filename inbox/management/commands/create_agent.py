from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from inbox import staff
from inbox.models import Agent, Team


class Command(BaseCommand):
    help = "Make an agent, or change one: by default with an invitation instead of a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name")
        parser.add_argument("--admin", action="store_true", help="make them an admin")
        parser.add_argument(
            "--team", action="append", metavar="TEAM", help="may be repeated; made when it is new"
        )
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
        parser.add_argument("--json", action="store_true", help="the output is JSON anyway")

    @transaction.atomic
    def handle(self, *_args: Any, email: str, **options: Any) -> None:
        agent = Agent.objects.filter(email__iexact=email.strip()).first()
        agent = agent or Agent(email=email.strip().lower())
        was_admin = agent.is_admin
        _rename(agent, options["name"], admin=options["admin"])
        _set_password(
            agent, sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
        )
        _save(agent)
        if agent.is_admin != was_admin:
            staff.access_changed([agent])
        if options["team"] is not None:
            staff.set_teams(agent, [_team(name) for name in options["team"]])
        self.stdout.write(json.dumps(_shown(agent)))


def _rename(agent: Agent, name: str | None, *, admin: bool) -> None:
    agent.name = agent.name if name is None else name
    agent.role = Agent.Role.ADMIN if admin else agent.role


def _set_password(agent: Agent, password: str | None) -> None:
    if password is None:
        if not agent.password:
            agent.set_unusable_password()
        return
    try:
        validate_password(password, agent)
    except ValidationError as error:
        raise CommandError(f"password: {' '.join(error.messages)}") from error
    agent.set_password(password)


def _save(agent: Agent) -> None:
    try:
        agent.full_clean()
    except ValidationError as error:
        lines = [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
        raise CommandError("\n".join(lines)) from error
    agent.save()


def _team(name: str) -> Team:
    return Team.objects.get_or_create(name=name)[0]


def _shown(agent: Agent) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": agent.pk, "email": agent.email}
    if not agent.has_usable_password():
        shown["invite_url"] = staff.invite(agent)
    return shown
