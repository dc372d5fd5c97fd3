"""Runs in a desk's environment: for each folder named on a line of stdin, have `receive_email`
store its mails or (`whole`) process them at once; seconds and messages on a line of stdout."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import django
from django.core.management import call_command


def main(key: str) -> None:
    """Answer line by line: `later FOLDER` or `whole FOLDER`."""
    django.setup()
    from inbox.models import Message

    print("ready", flush=True)
    for line in sys.stdin:
        how, folder = line.split()
        files = sorted(map(str, Path(folder).iterdir()))
        started = time.perf_counter()
        call_command("receive_email", key, *files, later=how == "later", stdout=io.StringIO())
        print(time.perf_counter() - started, Message.objects.count(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
