"""Which files visitors may send: what a name says and what the bytes say must agree."""

from __future__ import annotations

from inbox.widget.refusals import Refusal

_ZIP = (b"PK\x03\x04",)
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_OFFICE = "application/vnd.openxmlformats-officedocument."
_MEDIA_BOX = (b"ftyp",)

# Ending: type, how the bytes begin, at which offset. Nothing that a browser would run.
ALLOWED: dict[str, tuple[str, tuple[bytes, ...], int]] = {
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",), 0),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",), 0),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",), 0),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a"), 0),
    "webp": ("image/webp", (b"WEBP",), 8),
    "heic": ("image/heic", _MEDIA_BOX, 4),
    "pdf": ("application/pdf", (b"%PDF-",), 0),
    "zip": ("application/zip", _ZIP, 0),
    "docx": (f"{_OFFICE}wordprocessingml.document", _ZIP, 0),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", _ZIP, 0),
    "pptx": (f"{_OFFICE}presentationml.presentation", _ZIP, 0),
    "odt": ("application/vnd.oasis.opendocument.text", _ZIP, 0),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _ZIP, 0),
    "doc": ("application/msword", _OLE, 0),
    "xls": ("application/vnd.ms-excel", _OLE, 0),
    "mp4": ("video/mp4", _MEDIA_BOX, 4),
    "mov": ("video/quicktime", _MEDIA_BOX, 4),
    "webm": ("video/webm", (b"\x1a\x45\xdf\xa3",), 0),
    "m4a": ("audio/mp4", _MEDIA_BOX, 4),
    "mp3": ("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), 0),
    "ogg": ("audio/ogg", (b"OggS",), 0),
    "wav": ("audio/wav", (b"WAVE",), 8),
}
PLAIN = {"txt": "text/plain", "csv": "text/csv", "log": "text/plain"}


def check_file(name: str, content: bytes) -> str:
    """The type of a file, told by its name and borne out by its bytes, whatever the browser
    called it. Raises Refusal("file-refused")."""
    ending = name.rpartition(".")[2].lower()
    if ending in PLAIN and b"\0" not in content:
        return PLAIN[ending]
    content_type, beginnings, offset = ALLOWED.get(ending, ("", (), 0))
    if not content.startswith(beginnings, offset):
        raise Refusal(415, "file-refused")
    return content_type
