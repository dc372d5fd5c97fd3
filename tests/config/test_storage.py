"""Where files lie."""

from __future__ import annotations

import re
import stat

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import InvalidStorageError, storages

from config.storage import PrivateStorage, StaticStorage


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\0b", "x" * 300, "‮gpj.exe", "evil.html"])
def test_what_a_sender_called_a_file_is_never_its_path(tmp_path, name):
    storage = PrivateStorage(location=tmp_path)
    kept = storage.get_available_name(name)
    assert re.fullmatch(r"[\w-]{2}/[\w-]{30}", kept, re.ASCII)
    assert storage.path(kept).startswith(str(tmp_path))


def test_two_files_of_one_name_are_two_files_that_only_their_owner_reads(tmp_path):
    storage = PrivateStorage(
        location=tmp_path,
        file_permissions_mode=settings.FILE_UPLOAD_PERMISSIONS,
        directory_permissions_mode=settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS,
    )
    names = [storage.save("attachments/a.txt", ContentFile(text)) for text in (b"one", b"two")]
    assert [storage.open(name).read() for name in names] == [b"one", b"two"]
    for name in names:
        path = tmp_path / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_attachment_has_no_public_address():
    with pytest.raises(NotImplementedError):
        storages["default"].url("ab/cdef")


def test_imports_between_our_modules_name_the_content_too(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "one.js").write_text('import { two } from "./two.js";\ntwo();\n')
    (source / "two.js").write_text("export function two() {}\n")
    storage = StaticStorage(location=target, base_url="/static/")
    files = {path.name: (PrivateStorage(location=source), path.name) for path in source.iterdir()}
    for name in files:
        storage.save(name, ContentFile((source / name).read_bytes()))
    done = {name: hashed for name, hashed, _ in storage.post_process(files)}
    assert done["two.js"] in (target / done["one.js"]).read_text()
    assert done["two.js"] != "two.js"


def test_the_desk_uses_these_storages():
    from config import settings as desk

    assert desk.STORAGES["default"]["BACKEND"] == "config.storage.PrivateStorage"
    assert desk.STORAGES["staticfiles"]["BACKEND"] == "config.storage.StaticStorage"
    with pytest.raises(InvalidStorageError):
        storages["public"]
