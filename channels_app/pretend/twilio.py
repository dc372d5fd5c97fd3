"""A pretend Twilio: one account that takes messages, delivers them and calls back, signed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING

from channels_app.pretend import rules, webhooks
from channels_app.pretend.book import Book, Sms
from channels_app.pretend.calls import Caller, Clockwork, Signer
from channels_app.pretend.faults import Faults
from channels_app.pretend.shapes import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PACE = 0.4
FETCH_FAILED = 11200


class Refused(Exception):
    """Twilio does not take this message: its code and words."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Received:
    """A customer's message, and how the desk answered its webhook (0: not at all)."""

    sms: Sms
    status: int


class PretendTwilio:
    """The account. `pace`: seconds between the steps of a message on its way.

    `url` is the address of its API once it is served; set `faults` to let things go wrong.
    """

    def __init__(
        self,
        account_sid: str = "",
        auth_token: str = "",
        *,
        shared_key: tuple[str, str] | None = None,
        path: Path | str = ":memory:",
        pace: float = PACE,
    ) -> None:
        self.account_sid = account_sid or f"AC{token_hex(16)}"
        self.auth_token = auth_token or token_hex(16)
        self.book = Book(path)
        self.faults = Faults()
        self.pace = pace
        self.url = ""
        self._caller = Caller(Signer(self.auth_token, shared_key))
        self._clock = Clockwork()

    @property
    def accepted(self) -> list[Sms]:
        """The journal: every message taken from the desk, in order."""
        return [sms for sms in self.book.messages() if sms.direction == "outbound-api"]

    def take(self, fields: Mapping[str, str], *, media_urls: Sequence[str] = ()) -> Sms:
        """Take a message from the desk and set it on its way. Raises Refused."""
        refusal = rules.refusal(fields, files=len(media_urls), book=self.book)
        if refusal is not None:
            raise Refused(*refusal)
        service = fields.get("MessagingServiceSid", "")
        sms = Sms(
            sid=_sid(media_urls),
            direction="outbound-api",
            sender=fields.get("From") or next(iter(self.book.numbers()), ""),
            to=fields["To"],
            body=fields.get("Body", ""),
            made_at=time.time(),
            status="accepted" if service else "queued",
            service=service,
            status_url=fields.get("StatusCallback", ""),
            media=tuple(self.book.keep(b"", content_type="", url=url).sid for url in media_urls),
        )
        self._clock.later(self.pace, lambda: self._carry(sms))
        return self.book.write(sms)

    def receive(
        self,
        text: str,
        *,
        sender: str,
        to: str,
        media: Sequence[tuple[str, bytes]] = (),
        url: str = "",
    ) -> Received:
        """A customer writes, and the desk's webhook is called before this returns.

        media: content type and bytes of each file. url: instead of the webhook of the number.
        """
        files = [self.book.keep(content, content_type=kind) for kind, content in media]
        sms = Sms(
            sid=_sid(files),
            direction="inbound",
            sender=sender,
            to=to,
            body=text,
            made_at=time.time(),
            status="received",
            media=tuple(file.sid for file in files),
        )
        self._obey(self.book.write(sms))
        return Received(sms, self.call_webhook(sms, url=url))

    def call_webhook(self, sms: Sms, *, url: str = "") -> int:
        """Tell the desk of a customer's message, be it once more; how it answered, 0: not."""
        files = [(self.book.file(sid).content_type, self._media_url(sms, sid)) for sid in sms.media]
        fields = webhooks.inbound(sms, account=self.account_sid, media=files)
        return self._caller.call(url or self.book.numbers()[sms.to], fields)

    def stop(self) -> None:
        """End every thread and connection; messages on their way stay where they are."""
        self._clock.stop()
        self._caller.close()
        self.book.close()

    def _carry(self, sms: Sms) -> None:
        """One message on its way: files fetched, sent, delivered or not."""
        if not all(self._fetch(sid) for sid in sms.media):
            self._report(sms, status="failed", error_code=FETCH_FAILED)
            return
        code = self.faults.undelivered.get(sms.to)
        end = ("undelivered", code) if code else ("delivered", None)
        steps = [("sent", None), end]
        for number, (status, error_code) in enumerate(
            reversed(steps) if self.faults.shuffles else steps
        ):
            report = partial(self._report, sms, status=status, error_code=error_code)
            self._clock.later(number * self.pace, report)

    def _fetch(self, sid: str) -> bool:
        fetched = self._caller.fetch(self.book.file(sid).url)
        if fetched is None:
            return False
        self.book.fill(sid, fetched[0], content_type=fetched[1])
        return True

    def _report(self, sms: Sms, *, status: str, error_code: int | None) -> None:
        now = self.book.write(replace(sms, status=status, error_code=error_code))
        fields = webhooks.status(now, account=self.account_sid)
        for _ in range(self.faults.callback_copies if sms.status_url else 0):
            self._caller.call(sms.status_url, fields)

    def _obey(self, sms: Sms) -> None:
        """STOP, START and HELP are the provider's to answer, before the desk hears of them."""
        word = rules.keyword(sms.body)
        if word == "stop":
            self.book.stop(sms.sender, number=sms.to)
        if word == "start":
            self.book.start(sms.sender, number=sms.to)
        if word:
            answer = replace(sms, sid=_sid(()), body=rules.REPLIES[word], media=())
            answer = replace(answer, sender=sms.to, to=sms.sender, direction="outbound-reply")
            self.book.write(replace(answer, status="delivered"))

    def _media_url(self, sms: Sms, sid: str) -> str:
        account = f"{self.url}/{VERSION}/Accounts/{self.account_sid}"
        return f"{account}/Messages/{sms.sid}/Media/{sid}"


def _sid(files: Sequence[object]) -> str:
    return f"{'MM' if files else 'SM'}{token_hex(16)}"
