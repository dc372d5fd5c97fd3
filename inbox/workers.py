"""Waking a worker. The rows say what is to be done; a lost call only costs the clock's second."""

from __future__ import annotations

import logging
from typing import Any

import redis
from django.db import transaction
from dramatiq import Actor
from dramatiq.errors import BrokerConnectionError

logger = logging.getLogger(__name__)

type AnyActor = Actor[Any, Any]


def ask(actor: AnyActor, *args: Any) -> bool:
    """Have a worker run this soon; False when the broker can't be reached."""
    try:
        actor.send(*args)
    except (BrokerConnectionError, redis.RedisError) as error:
        logger.warning("broker_unreachable", extra={"error": type(error).__name__})
        return False
    return True


def ask_later(actor: AnyActor, *args: Any) -> None:
    """The same once the current transaction is committed; never in its way."""
    transaction.on_commit(lambda: ask(actor, *args))
