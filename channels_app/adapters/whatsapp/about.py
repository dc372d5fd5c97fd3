"""What the parts of one change of a webhook have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_app.adapters.whatsapp.reading import Json, moment

# https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages#customer-service-windows
WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class About:
    """The number of ours it is about, within what user ids are unique, who is introduced."""

    account: str
    scope: str
    contacts: list[Json]
    received_at: datetime

    def moment(self, said: Json) -> datetime:
        return moment(said, "timestamp", latest=self.received_at)
