"""Real mail servers without root's rights: Dovecot (IMAP, LMTP) and Exim (queue, real bounces)."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.channels_app.email.certificates import Certificate
from tests.oracles import SYSTEM_PATH
from tests.services import free_port

ACCOUNT = "support@shop.example"
PASSWORD = "correct horse"
LOGIN = f"{quote(ACCOUNT)}:{quote(PASSWORD)}"

DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%n
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
"""

EXIM = """
primary_hostname = mx.shop.example
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
exim_user = {user}
exim_group = {group}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {smtp}
qualify_domain = shop.example
acl_smtp_rcpt = acl_ok
keep_environment =
begin acl
acl_ok:
  accept
begin routers
ours:
  driver = manualroute
  domains = shop.example
  transport = to_dovecot
  route_list = * 127.0.0.1 byname
  self = send
theirs:
  driver = manualroute
  transport = to_sink
  route_list = * 127.0.0.1 byname
  self = send
begin transports
to_dovecot:
  driver = smtp
  protocol = lmtp
  port = {lmtp}
  hosts_override
  allow_localhost
to_sink:
  driver = smtp
  port = {sink}
  hosts_override
  allow_localhost
  hosts_try_chunking =
  hosts_avoid_tls = *
begin retry
* * F,1m,10s
"""


@dataclass
class Dovecot:
    """A mailbox of ours on a server that can be stopped and started again."""

    folder: Path
    certificate: Certificate | None = None
    imap: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)
    lmtp: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"imap://{LOGIN}@127.0.0.1:{self.imap}"

    @property
    def secure_url(self) -> str:
        return f"imaps://{LOGIN}@127.0.0.1:{self.imaps}"

    @property
    def sign_ins(self) -> list[str]:
        """What the server wrote down about each."""
        lines = (self.folder / "dovecot.log").read_text().splitlines()
        return [line for line in lines if "imap-login: " in line and " Login: " in line]

    @property
    def mailbox(self) -> Path:
        return self.folder / "mail" / "support"

    def start(self) -> None:
        ports = {"imap": self.imap, "lmtp": self.lmtp, "imaps": self.imaps}
        if self.certificate is None:
            ports["imaps"] = 0
        config = _write(self.folder / "dovecot.conf", DOVECOT, tls=self._tls(), **ports)
        _write(self.folder / "passwd", f"{ACCOUNT}:{{{{PLAIN}}}}{PASSWORD}::::::\n")
        self.process = _run(
            ["dovecot", "-F", "-c", str(config)], self.folder, ports=[self.imap, self.lmtp]
        )

    def _tls(self) -> str:
        if self.certificate is None:
            return "ssl = no"
        pair = {"ssl_cert": self.certificate.chain, "ssl_key": self.certificate.key}
        for path in pair.values():
            shutil.copy(path, self.folder)
        return "\n".join(f"{name} = <{self.folder / path.name}" for name, path in pair.items())

    def stop(self) -> None:
        _end(self.process)
        self.process = None

    def kill(self) -> None:
        """The server and all that it started are gone at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def deliver(self, *mails: bytes, to: str = ACCOUNT) -> None:
        """Hand mails over as a mail server does."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            for mail in mails:
                lmtp.sendmail("ada@customer.example", [to], mail)

    def forget_indexes(self) -> None:
        """What a restored or moved mailbox looks like: the same mails under a new UIDVALIDITY."""
        for path in self.mailbox.glob("dovecot*"):
            path.unlink()


@dataclass
class Exim:
    """A mail server with a queue, in front of Dovecot for us and a sink for the rest."""

    folder: Path
    lmtp: int
    sink: int
    smtp: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        ports = {"smtp": self.smtp, "lmtp": self.lmtp, "sink": self.sink}
        config = _write(self.folder / "exim.conf", EXIM, **ports)
        command = ["exim4", "-C", str(config), "-bdf", "-q10s"]
        self.process = _run(command, self.folder, ports=[self.smtp])

    def stop(self) -> None:
        _end(self.process)


@contextmanager
def dovecot(*, certificate: Certificate | None = None) -> Iterator[Dovecot]:
    """A running Dovecot with an empty mailbox, which speaks TLS when it has a certificate."""
    with _folder() as folder:
        server = Dovecot(folder, certificate)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def exim(*, lmtp: int, sink: int) -> Iterator[Exim]:
    """A running Exim."""
    with _folder() as folder:
        server = Exim(folder, lmtp=lmtp, sink=sink)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    # Short, because UNIX sockets end at about a hundred letters.
    folder = Path(tempfile.mkdtemp(prefix="pm-", dir="/tmp"))
    owner = _runner()
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runner() -> pwd.struct_passwd:
    """Who runs the servers: an unprivileged user when we are root, else we ourselves."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _write(path: Path, template: str, **values: object) -> Path:
    owner = _runner()
    group = grp.getgrgid(owner.pw_gid).gr_name
    known = {"folder": path.parent, "user": owner.pw_name, "group": group}
    path.write_text(template.format(**known, uid=owner.pw_uid, gid=owner.pw_gid, **values))
    path.chmod(0o644)
    return path


def _run(command: list[str], folder: Path, *, ports: list[int]) -> subprocess.Popen[bytes]:
    owner = _runner()
    as_root = os.geteuid() == 0
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={"PATH": SYSTEM_PATH},
        user=owner.pw_uid if as_root else None,
        group=owner.pw_gid if as_root else None,
        extra_groups=[] if as_root else None,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    for port in ports:
        _wait_for(port, process)
    return process


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not answer on port {port}")


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.terminate()
        process.wait(timeout=10)
