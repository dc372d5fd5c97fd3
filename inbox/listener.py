"""One open socket, served without anybody waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

MOST_WAITING = 200


class Listener:
    """One open socket: what it may hear (`groups`), which tickets it shows (`watching`) and the
    number of the last event it was told (`seq`).

    `access_changed` is called when its rights or its session may have ended, `too_slow` when
    more than 200 frames wait for it; in both cases it hears nothing more until it joins again.
    """

    __slots__ = (
        *("groups", "watching", "seq", "session_key", "access_changed", "too_slow"),
        *("_send", "_waiting", "_writer"),
    )

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        *,
        access_changed: Callable[[], None],
        too_slow: Callable[[], None],
        session_key: str = "",
    ) -> None:
        self.groups: frozenset[str] = frozenset()
        self.watching: frozenset[int] = frozenset()
        self.seq = 0
        self.session_key = session_key
        self.access_changed = access_changed
        self.too_slow = too_slow
        self._send = send
        self._waiting: list[str] = []
        self._writer: asyncio.Task[None] | None = None

    def hand(self, frame: str) -> bool:
        """Send it without waiting; False when the socket is too far behind."""
        self._waiting.append(frame)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
            return False
        if self._writer is None:
            # Started at once: as long as the socket takes it all, no turn of the loop is needed.
            loop = asyncio.get_running_loop()
            writer = asyncio.Task(self._write(), loop=loop, eager_start=True)
            self._writer = None if writer.done() else writer
        return True

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._send(self._waiting.pop(0))
        except OSError:
            self._waiting.clear()  # it is gone; its consumer hears so too
        finally:
            self._writer = None
