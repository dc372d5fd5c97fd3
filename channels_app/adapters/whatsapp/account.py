"""Where and as whom a channel speaks to Meta's Graph API.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from channels_app import http
from channels_app.adapters.whatsapp.errors import refused
from channels_app.adapters.whatsapp.reading import Json, load
from channels_app.errors import SendError, UnreadablePayload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from channels_app.models import Channel

API_BASE = "https://graph.facebook.com"
GRAPH_VERSION = "v26.0"
THEIRS = (".facebook.com", ".fbsbx.com", ".whatsapp.net")


@dataclass(frozen=True, slots=True)
class Account:
    """One phone number of one WhatsApp business account."""

    phone_number_id: str
    waba_id: str
    token: str
    graph_version: str
    api_base: str

    @classmethod
    def of(cls, channel: Channel) -> Account:
        """The account of a channel."""
        return cls(
            phone_number_id=channel.account,
            waba_id=channel.settings.get("waba_id", ""),
            token=channel.secrets.get("access_token", ""),
            graph_version=channel.settings.get("graph_version") or GRAPH_VERSION,
            api_base=(channel.settings.get("api_base") or API_BASE).rstrip("/"),
        )

    def url(self, path: str, **query: str) -> str:
        """The address of something of the Graph API."""
        address = f"{self.api_base}/{self.graph_version}/{path}"
        return f"{address}?{urlencode(query)}" if query else address

    @property
    def headers(self) -> dict[str, str]:
        """The proof that it is us."""
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **query: str) -> http.Response:
        """Read something. Raises http.Unreachable and http.ForbiddenAddress."""
        return http.request("GET", self.url(path, **query), headers=self.headers)

    def post(self, path: str, said: Mapping[str, Any], *, attempt: int = 1) -> Json:
        """Do something and return what was answered. Raises SendError."""
        return self._answered(
            lambda: http.request("POST", self.url(path), json=said, headers=self.headers),
            attempt=attempt,
        )

    def upload(self, file: http.File, *, seconds: float) -> Json:
        """Hand over a file. Raises SendError, never an ambiguous one: an upload sends nothing."""
        form: dict[str, str | list[str] | http.File] = {
            "messaging_product": "whatsapp",
            "type": file.content_type,
            "file": file,
        }
        url = self.url(f"{self.phone_number_id}/media")
        try:
            return self._answered(
                lambda: http.request("POST", url, data=form, headers=self.headers, seconds=seconds)
            )
        except SendError as error:
            error.ambiguous = False
            raise

    def is_theirs(self, url: str) -> bool:
        """Whether our token may be sent to this address."""
        host, api = httpx.URL(url), httpx.URL(self.api_base)
        same = (host.scheme, host.host, host.port) == (api.scheme, api.host, api.port)
        return same or (host.scheme == "https" and host.host.endswith(THEIRS))

    def _answered(self, call: Callable[[], http.Response], *, attempt: int = 1) -> Json:
        try:
            answer = call()
        except http.ForbiddenAddress as error:
            raise SendError(str(error), channel_is_broken=True) from error
        except http.Unreachable as error:
            raise SendError("WhatsApp did not answer.", ambiguous=error.sent) from error
        if not 200 <= answer.status < 300:
            raise refused(answer, attempt=attempt)
        return _json(answer)


def _json(answer: http.Response) -> Json:
    try:
        return load(answer.body)
    except UnreadablePayload as error:
        raise SendError("WhatsApp's answer could not be read.", ambiguous=True) from error
