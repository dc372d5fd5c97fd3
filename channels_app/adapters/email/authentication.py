"""May this From be believed? Only what the configured host found out counts (RFC 8601)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message

from channels_app.adapters.email.desk import Desk, split
from channels_app.adapters.email.headers import mailboxes, raw_values
from channels_app.messages import Authentication

HEADER = "authentication-results"
Finding = tuple[str, str, dict[str, str]]


def authenticated(message: Message, desk: Desk) -> Authentication:
    """pass: the sender's domain vouches for the mail. fail: it disowns it. none: nobody said.

    DMARC's verdict when there is one; else DKIM and SPF, each only for the domain in From.
    """
    senders = mailboxes(raw_values(message, "from"))
    domains = {split(sender.address)[1] for sender in senders}
    findings = list(_findings(message, desk))
    if not findings or not senders:
        return "none"
    if len(domains) > 1 or len(raw_values(message, "from")) > 1:
        return "fail"
    return _verdict(findings, domains.pop())


def _verdict(findings: list[Finding], domain: str) -> Authentication:
    dmarc = next((found for found in findings if found[0] == "dmarc"), None)
    if dmarc is not None and dmarc[1] in ("pass", "fail"):
        about = dmarc[2].get("header.from", domain).lower()
        return dmarc[1] if _aligned(about, domain) else "none"  # type: ignore[return-value]
    results = {found[1] for found in findings if _vouches_for(found, domain)}
    if "pass" in results:
        return "pass"
    return "fail" if "fail" in results else "none"


def _vouches_for(found: Finding, domain: str) -> bool:
    method, _, properties = found
    if method == "dkim":
        signer = properties.get("header.d") or split(properties.get("header.i", ""))[1]
        return _aligned(signer, domain)
    if method == "spf":
        # A whole address, or its domain alone.
        return _aligned(properties.get("smtp.mailfrom", "").rpartition("@")[2], domain)
    return False


def _aligned(one: str, other: str) -> bool:
    """DMARC's relaxed alignment: equal, or one a subdomain of the other."""
    one, other = one.lower().strip("."), other.lower().strip(".")
    if "." not in one or "." not in other:
        return one == other != ""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _findings(message: Message, desk: Desk) -> Iterator[Finding]:
    """What the trusted host wrote: its topmost headers only. Below the next Received stands what
    the sender could have written, under whatever name."""
    has_begun = False
    for name, raw in message.raw_items():
        if name.lower() == "received" and has_begun:
            return
        if name.lower() != HEADER or not desk.trusted_authserv_id:
            continue
        host, *results = _without_comments(str(raw)).split(";")
        if (host.split() or [""])[0].lower() == desk.trusted_authserv_id.lower():
            has_begun = True
            yield from filter(None, map(_finding, results))


def _finding(result: str) -> Finding | None:
    pairs = [word.partition("=") for word in result.replace('"', "").split() if "=" in word]
    if not pairs:
        return None
    method, _, verdict = pairs[0]
    properties = {key.lower(): said for key, _, said in pairs[1:]}
    return method.partition("/")[0].lower(), verdict.lower(), properties


def _without_comments(raw: str) -> str:
    depth, kept = 0, []
    for letter in raw:
        depth += letter == "("
        if not depth:
            kept.append(letter)
        depth -= letter == ")" and depth > 0
    return "".join(kept)
