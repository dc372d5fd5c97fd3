"""The programs of others that some tests speak with, and where they come from."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
PRISM = Path(__file__).parent / "channels_app" / "specs" / "node_modules" / ".bin" / "prism"


@dataclass(frozen=True)
class Need:
    """Programs (names or paths) that a marker's tests run, and the Debian packages they are in."""

    programs: tuple[str, ...]
    packages: tuple[str, ...] = ()


NEEDS = {
    "browser": Need(("chromium-headless-shell",), ("chromium-headless-shell", "fonts-dejavu-core")),
    "oracle_mail": Need(
        ("dovecot", "/usr/lib/dovecot/lmtp", "exim4"),
        ("dovecot-imapd", "dovecot-lmtpd", "exim4-daemon-light"),
    ),
    "oracle_prism": Need(("node", str(PRISM))),
}


def missing(need: Need) -> list[str]:
    """Its programs that are not on this machine."""
    return [name for name in need.programs if not shutil.which(name, path=SYSTEM_PATH)]


def reasons_to_skip() -> dict[str, str]:
    """Marker → why its tests can't run here. With CI=true nothing is skipped: they fail instead."""
    if os.environ.get("CI") == "true":
        return {}
    found = {marker: missing(need) for marker, need in NEEDS.items()}
    return {
        marker: f"not installed: {', '.join(names)}" for marker, names in found.items() if names
    }
