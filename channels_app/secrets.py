"""Secrets at rest: encrypted with the first of FIELD_ENCRYPTION_KEYS, readable with any of them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class UnreadableSecret(Exception):
    """No configured key opens this secret: FIELD_ENCRYPTION_KEYS lost the key it was made with."""


def encrypt(secrets: dict[str, str]) -> str:
    """The secrets as one opaque ASCII string."""
    return (
        _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))
        .encrypt(json.dumps(secrets).encode())
        .decode()
    )


def decrypt(token: str) -> dict[str, str]:
    """What `encrypt` was given. Raises UnreadableSecret when no key fits."""
    try:
        plain = _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(token.encode())
    except InvalidToken as error:
        raise UnreadableSecret("no key in FIELD_ENCRYPTION_KEYS opens this secret") from error
    secrets: dict[str, str] = json.loads(plain)
    return secrets


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class SecretsField(models.TextField[dict[str, str], dict[str, str]]):
    """A dict of secrets, encrypted in the database; its form fields are write-only."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> dict[str, str]:
        return decrypt(value) if value else {}

    def get_prep_value(self, value: dict[str, str] | None) -> str:
        return encrypt(value) if value else ""

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, dict) else decrypt(value) if value else {}
