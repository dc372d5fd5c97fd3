"""Makes a database and its files ready for a start: `python -m config.prepare`."""

from __future__ import annotations

import json
import os
import sys

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import OperationalError, connection


def main() -> None:
    """Migrate, collect static files, fill an empty demo desk; print what is there as JSON.

    Ends with one line and exit code 1 when the database can't be reached.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    settings.DATABASES["default"]["OPTIONS"].pop("pool", None)  # it would wait and say less
    django.setup()
    _reach_the_database()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if settings.DEMO:
        call_command("demo", stdout=sys.stderr)
    agents = get_user_model().objects
    providers = settings.DATA_DIR / "demo" / "providers.json"
    has_demo = settings.DEMO and agents.filter(email="admin@demo.example").exists()
    print(
        json.dumps(
            {
                "has_agents": agents.exists(),
                "has_demo": has_demo,
                "providers": json.loads(providers.read_text()) if has_demo else None,
            }
        )
    )


def _reach_the_database() -> None:
    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        sys.exit(f"DATABASE_URL: the database can't be reached ({reason})")


if __name__ == "__main__":
    main()
