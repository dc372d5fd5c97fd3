"""Named places where a proof may kill the process; without PARLEY_CRASH_AT nothing happens.

PARLEY_CRASH_AT is a point's name, or `name:3` for the third time a process comes by.
PARLEY_CRASH_MARK is a file the first victim makes: nobody else is killed after that.
"""

from __future__ import annotations

import os
import signal
from itertools import count

_NAME, _, _NTH = os.environ.get("PARLEY_CRASH_AT", "").partition(":")
_MARK = os.environ.get("PARLEY_CRASH_MARK", "")
_visits = count(1)


def point(name: str) -> None:
    """Die here by SIGKILL when the environment says so."""
    if name == _NAME and next(_visits) >= int(_NTH or 1) and _is_first():
        os.kill(os.getpid(), signal.SIGKILL)


def _is_first() -> bool:
    if not _MARK:
        return True
    try:
        os.close(os.open(_MARK, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
