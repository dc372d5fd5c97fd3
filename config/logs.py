"""One stream of log lines whose keys are on a list.

Nothing a customer wrote, no address and no secret gets in by accident.
"""

from __future__ import annotations

import logging
import logging.config
import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

# Ids, counts, names of our own things. Texts, addresses, paths and secrets have no place here.
ALLOWED_KEYS = frozenset(
    {
        *("event", "level", "logger", "timestamp", "exception"),
        *("request_id", "method", "route", "status", "milliseconds"),
        *(
            "agent",
            "channel",
            "conversation",
            "customer",
            "event_id",
            "message_id",
            "note",
            "ticket",
        ),
        *("actor", "attempt", "attempts", "bytes", "code", "count", "error", "exit_code", "kind"),
        *("mailbox", "part", "provider", "queue", "reason", "seconds", "signal", "source", "state"),
        *("sweep", "uid", "uidvalidity", "wait"),
    }
)


def configure(log_format: str, *, tells_all: bool) -> None:
    """Send structlog's and the standard library's lines to stderr, as text or JSON.

    `tells_all`: exceptions with their messages, as a developer wants them.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = _formatter(log_format, _Exceptions(tells_all=tells_all))
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": lambda: formatter}},
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "stream": sys.stderr,
                    "formatter": "line",
                }
            },
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                # These put paths and addresses into the text of the line.
                "django.request": {"level": "ERROR"},
                "uvicorn.access": {"level": "CRITICAL"},
                "uvicorn.error": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
            },
        }
    )


def _formatter(log_format: str, exceptions: Processor) -> logging.Formatter:
    last: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            exceptions,
            leave_out_paths,
            keep_allowed_keys,
            last,
        ],
    )


def leave_out_paths(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """Django's own line about a failed request quotes its path, and paths carry keys; the request
    log names the route."""
    if event.get("logger") == "django.request":
        event["event"] = "request_failed"
    return event


def keep_allowed_keys(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """The event without the keys nobody put on the list."""
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}


class _Exceptions:
    """Where it broke, without what the exception says: database errors quote the row."""

    def __init__(self, *, tells_all: bool) -> None:
        self.tells_all = tells_all

    def __call__(self, _logger: Any, _name: str, event: EventDict) -> EventDict:
        info = event.pop("exc_info", None)
        if not info:
            return event
        error = info[1] if isinstance(info, tuple) else info
        if not isinstance(error, BaseException):
            error = sys.exc_info()[1]
        if error is not None:
            event["exception"] = self._told(error)
        return event

    def _told(self, error: BaseException) -> str:
        if self.tells_all:
            return "".join(traceback.format_exception(error))
        return " < ".join(_one(link) for link in _chain(error))


def _one(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    places = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__qualname__} at {places}"


def _chain(error: BaseException | None) -> list[BaseException]:
    links: list[BaseException] = []
    while error is not None and error not in links and len(links) < 5:
        links.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return links
