"""Who calls: a program with the token of an agent."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from inbox.models import Agent, ApiToken
from inbox.models.access_token import digest

USE_IS_NOTED_EVERY = timedelta(minutes=1)


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer <token>`. Sessions are not accepted, so no call needs a CSRF token."""

    def authenticate(self, request: Request) -> tuple[Agent, ApiToken] | None:
        """The token's agent while they may sign in. Raises AuthenticationFailed."""
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("Send `Authorization: Bearer <token>`.")
        known = _known(token.strip())
        if known is None:
            raise AuthenticationFailed("This token is not valid.")
        _note_use(known)
        return known.agent, known

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Parley"'


def _known(token: str) -> ApiToken | None:
    live = ApiToken.objects.filter(agent__is_active=True).select_related("agent")
    return live.filter(digest=digest(token)).first()


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at and token.last_used_at > now - USE_IS_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_IS_NOTED_EVERY)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the OpenAPI file how to sign in."""

    target_class = BearerToken
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
