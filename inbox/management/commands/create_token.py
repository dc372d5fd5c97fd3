from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inbox.models import Agent, ApiToken


class Command(BaseCommand):
    help = "Make an API token; it acts as its agent and is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("agent_email")
        parser.add_argument("--json", action="store_true", help="the output is JSON anyway")

    def handle(self, *_args: Any, agent_email: str, **_options: Any) -> None:
        agent = Agent.objects.filter(email__iexact=agent_email.strip(), is_active=True).first()
        if agent is None:
            raise CommandError(f"agent_email: there is no active agent {agent_email!r}.")
        self.stdout.write(json.dumps({"token": ApiToken.objects.issue(agent)}))
