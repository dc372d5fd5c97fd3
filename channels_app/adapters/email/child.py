"""The process that reads mails: `python -m channels_app.adapters.email.child`.

One request after the other on standard input, the answer on standard output. It has no
environment, no database and no Django; it ends when its parent does.
"""

from __future__ import annotations

import pickle
import resource
import signal
import sys
from typing import BinaryIO

from channels_app.adapters.email.bounds import OutOfBounds
from channels_app.adapters.email.frames import receive, send
from channels_app.adapters.email.reading import read
from channels_app.messages import InboundMessage

MEMORY = 512 * 1024 * 1024
# The parent kills a reader that takes too long; this is for a reader whose parent is dead.
ALARM = 30


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the parent hangs up."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while (request := receive(requests)) is not None:
        signal.alarm(ALARM)
        send(answers, _answer(request))
        signal.alarm(0)


def _answer(request: bytes) -> bytes:
    raw, desk, received_at = pickle.loads(request)  # noqa: S301  # from our own parent
    try:
        answer: InboundMessage | str = read(raw, desk=desk, received_at=received_at)
    except OutOfBounds as error:
        answer = str(error)
    except Exception as error:  # noqa: BLE001  # the library raises many kinds on damaged mail
        answer = f"damaged ({type(error).__name__})"
    return pickle.dumps(answer, protocol=5)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
