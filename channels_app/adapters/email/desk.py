"""What a reader of mail has to know about the channel: plain values that cross to the sandbox."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Desk:
    """Our side of a mailbox.

    address: the channel's own mail address. form_senders: addresses of web forms whose mail
    speaks for whoever stands in Reply-To, in lower case. trusted_authserv_id: the host whose
    Authentication-Results are believed; "" trusts none.
    """

    address: str
    form_senders: frozenset[str] = frozenset()
    trusted_authserv_id: str = ""

    def owns(self, address: str) -> bool:
        """Whether mail to this address comes back to us, plus-addresses included."""
        local, domain = split(address)
        return (local.partition("+")[0], domain) == split(self.address)

    def token_in(self, address: str) -> str:
        """What stands behind the plus in an address of ours; "" elsewhere."""
        return split(address)[0].partition("+")[2] if self.owns(address) else ""

    @property
    def domain(self) -> str:
        return split(self.address)[1]


def split(address: str) -> tuple[str, str]:
    """Local part and domain in lower case; the domain is "" when there is none."""
    local, at, domain = address.strip().lower().rpartition("@")
    return (local, domain) if at else (domain, "")
