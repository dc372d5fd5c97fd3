"""Pictures as customers send them, honest and otherwise."""

from __future__ import annotations

import io
import os
import struct
import zlib
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image

from channels_app import messages
from channels_app.models import Channel
from inbox.models import Attachment
from tests.inbox.desk import hear

CANARY = b"51.4778N 0.0015W"


def drawn(kind: str = "PNG", size: tuple[int, int] = (640, 480), **options: Any) -> bytes:
    """A picture file whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    return encoded(picture, kind, **options)


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def with_exif(orientation: int, kind: str = "JPEG") -> bytes:
    """A picture that says where it was taken and how the camera was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = CANARY.decode()
    return drawn(kind, exif=exif)


def png_that_claims(width: int, height: int, bits: bytes = b"") -> bytes:
    """A PNG whose header names a size, whatever follows."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bits)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks))


def noise(width: int, height: int) -> bytes:
    return encoded(Image.frombytes("RGB", (width, height), os.urandom(width * height * 3)))


def attached(channel: Channel, content: bytes, **fields: Any) -> Attachment:
    """The file of a message from Ada."""
    said = {"name": "shade.png", "content_type": "image/png", "content": content} | fields
    html = fields.pop("html", "")
    said.pop("html", None)
    message = hear(channel, html=html, attachments=(messages.Attachment(**said),))
    return message.attachments.get()


def replace(attachment: Attachment, content: bytes) -> None:
    """What lies under the same row is another file now."""
    attachment.file.save("file", ContentFile(content))


def opened(file: bytes | None) -> Image.Image:
    assert file is not None
    return Image.open(io.BytesIO(file))


def _chunk(named: tuple[bytes, bytes]) -> bytes:
    name, data = named
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
