#!/usr/bin/env python
"""Django's command line for this desk."""

import os
import sys
import traceback

from django.core.management import execute_from_command_line

# What receive_email says on purpose: done, refused for good, no such file, try again.
MAIL_EXIT_CODES = (None, os.EX_OK, os.EX_DATAERR, os.EX_NOINPUT, os.EX_TEMPFAIL)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["receive_email"]:
        sys.exit(_receive_email())
    execute_from_command_line(sys.argv)


def _receive_email() -> int:
    """Most mail servers send a mail back on any exit code but 75. Whatever is broken here, a wrong
    setting included, can be mended while the mail waits."""
    try:
        execute_from_command_line(sys.argv)
    except SystemExit as stop:
        if stop.code in MAIL_EXIT_CODES:
            raise
        sys.stderr.write(f"{stop.code}\n")
    except Exception:  # noqa: BLE001  (the mail server keeps the mail, whatever it was)
        traceback.print_exc()
    else:
        return os.EX_OK
    return os.EX_TEMPFAIL


if __name__ == "__main__":
    main()
