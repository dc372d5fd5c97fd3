"""Django's admin: how a desk is set up and looked after."""

from inbox.admin import (
    agents,
    canned_replies,
    channels,
    journal,
    messages,
    teams,
    tokens,
)

__all__ = [
    "agents",
    "canned_replies",
    "channels",
    "journal",
    "messages",
    "teams",
    "tokens",
]
