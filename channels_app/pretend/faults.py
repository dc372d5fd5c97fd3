"""What can go wrong between a desk and its provider, on purpose."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """How one call to create a message goes wrong.

    status, code, retry_after: what is answered instead. delay: seconds before the answer.
    takes: the message is taken all the same. drops: the connection ends without an answer.
    """

    status: int = 0
    code: int = 20500
    retry_after: int | None = None
    delay: float = 0.0
    takes: bool = False
    drops: bool = False


@dataclass(slots=True)
class Faults:
    """`next_sends` go wrong one after the other; `down` while it is set, every one; with
    `hides_list` the list of messages answers 503. Status calls are made `callback_copies` times,
    in reverse order when `shuffles`. `undelivered` maps a number to the code its messages fail
    with on the way."""

    next_sends: deque[Fault] = field(default_factory=deque)
    down: Fault | None = None
    hides_list: bool = False
    callback_copies: int = 1
    shuffles: bool = False
    undelivered: dict[str, int] = field(default_factory=dict)

    def next_send(self) -> Fault:
        """What happens to the call that came now."""
        if self.down is not None:
            return self.down
        try:
            return self.next_sends.popleft()
        except IndexError:
            return Fault(takes=True)
