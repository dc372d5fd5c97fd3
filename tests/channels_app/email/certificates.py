"""Certificates for mail servers on this machine: trusted when their file is, by nobody else."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """A key and a certificate signed with it, as files that any user can read."""

    chain: Path
    key: Path


def certificate(folder: Path, *, host: str = "127.0.0.1", days: int = 30) -> Certificate:
    """One for this address, valid for so many days from the day before yesterday."""
    key, made = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC) - timedelta(days=2)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    places = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(made).not_valid_after(made + timedelta(days=days))
    builder = builder.add_extension(places, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    return Certificate(
        _written(folder / "chain.pem", signed.public_bytes(encoding)),
        _written(folder / "key.pem", secret),
    )


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o644)
    return path
