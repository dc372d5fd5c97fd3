"""The three things that can go wrong at a provider's border, and have an answer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass


class InvalidSignature(Exception):
    """The caller is not who it claims to be: answered 403, nothing is stored."""


class UnreadablePayload(Exception):
    """A stored event could not be read: recorded on the event, visible, replayable."""


@dataclass(eq=False)
class SendError(Exception):
    """The provider did not take the message.

    permanent: trying again would not help (bad number, refused content).
    ambiguous: the call may have been accepted, its answer was lost: reconciled, never resent.
    retry_after: seconds the provider asked us to wait, None when it did not say.
    code, text: the provider's code and our plain words for an agent.
    undeliverable: this address can't be reached at all; opted_out: its owner said stop.
    channel_is_broken: credentials or account: every other message would fail the same way.
    closes_window: the time in which a free text may be sent to this address is over.
    """

    text: str
    _: KW_ONLY
    code: str = ""
    permanent: bool = False
    ambiguous: bool = False
    retry_after: float | None = None
    undeliverable: bool = False
    opted_out: bool = False
    channel_is_broken: bool = False
    closes_window: bool = False

    def __str__(self) -> str:
        return self.text
