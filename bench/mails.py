"""Mails as they come: plain, with HTML, with a file, answers that quote."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from bench.founding import MAILBOX
from bench.seeding import WORDS

FILE = random.Random(1).randbytes(60_000)


def write_mails(folder: Path, number: int, *, name: str) -> list[Path]:
    """So many mails of nearly as many senders, one a file."""
    folder.mkdir(parents=True)
    dice = random.Random(name)
    paths = []
    for n in range(number):
        paths.append(folder / f"{n:05}.eml")
        paths[-1].write_bytes(_mail(n, name, dice).as_bytes())
    return paths


def _mail(n: int, name: str, dice: random.Random) -> EmailMessage:
    mail = EmailMessage()
    sender = dice.randrange(1000)
    mail["From"] = f"Customer {sender} <customer{sender}@customer.example>"
    mail["To"] = MAILBOX
    mail["Subject"] = f"{_said(dice, 5)} {name} {n}"
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{name}.{n}@customer.example>"
    mail["Received"] = "from mx.customer.example by mx.desk.example; Mon, 2 Nov 2026 10:00:00 +0000"
    _fill(mail, n, name, dice)
    return mail


def _fill(mail: EmailMessage, n: int, name: str, dice: random.Random) -> None:
    """Half are plain; of ten, three have HTML too, one has a file, one answers another."""
    text = "\n\n".join(_said(dice, 40) for _ in range(3)) + "\n\n-- \nCustomer\n"
    if n % 10 == 9:
        mail["In-Reply-To"] = mail["References"] = f"<{name}.{n - 9}@customer.example>"
        text += "\nOn Mon, 2 Nov 2026 Support wrote:\n" + "".join(
            f"> {_said(dice, 12)}\n" for _ in range(20)
        )
    mail.set_content(text)
    if n % 10 in (5, 6, 7):
        paragraphs = "".join(f"<p>{_said(dice, 40)} <b>{_said(dice, 3)}</b></p>" for _ in range(5))
        mail.add_alternative(f"<html><body>{paragraphs}</body></html>", subtype="html")
    if n % 10 == 8:
        mail.add_attachment(FILE, maintype="image", subtype="png", filename="photo.png")


def _said(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(WORDS, k=words)).capitalize()
