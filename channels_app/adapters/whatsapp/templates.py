"""The message templates of a WhatsApp business account.

https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels_app import http
from channels_app.adapters.whatsapp.errors import refused
from channels_app.adapters.whatsapp.reading import Json, load, part, parts, word
from channels_app.errors import SendError, UnreadablePayload
from channels_app.messages import Template

if TYPE_CHECKING:
    from channels_app.adapters.whatsapp.account import Account

FIELDS = "name,status,category,language,components"
# A template with all its buttons and examples has up to 20 KB: a page stays below what is read.
A_PAGE = 50
MOST_PAGES = 240


def templates(account: Account) -> list[Template]:
    """Every template, page by page (an account has 6,000 names at most). Raises SendError."""
    found: list[Template] = []
    after = ""
    for _ in range(MOST_PAGES):
        page = _page(account, after=after)
        found += [_template(one) for one in parts(page, "data")]
        paging = part(page, "paging")
        after = word(part(paging, "cursors"), "after")
        if not (after and word(paging, "next")):
            return found
    raise SendError("WhatsApp's list of templates has no end.")


def _page(account: Account, *, after: str) -> Json:
    query = {"fields": FIELDS, "limit": str(A_PAGE)} | ({"after": after} if after else {})
    try:
        answer = account.get(f"{account.waba_id}/message_templates", **query)
    except (http.Unreachable, http.ForbiddenAddress) as error:
        raise SendError("WhatsApp did not answer.") from error
    if answer.status != 200:
        raise refused(answer)
    try:
        return load(answer.body)
    except UnreadablePayload as error:
        raise SendError("WhatsApp's answer could not be read.") from error


def _template(said: Json) -> Template:
    return Template(
        name=word(said, "name"),
        language=word(said, "language"),
        status=word(said, "status"),
        category=word(said, "category"),
        components=tuple(parts(said, "components")),
    )
