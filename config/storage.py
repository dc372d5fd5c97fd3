"""Where files lie: our own ones public and named by their content, customers' ones never."""

from __future__ import annotations

import secrets

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage


class StaticStorage(ManifestStaticFilesStorage):
    """Names every static file by its content, imports between ES modules included."""

    support_js_module_import_aggregation = True


class PrivateStorage(FileSystemStorage):
    """Keeps attachments under names nobody can guess; what a sender called them is only a label."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        token = secrets.token_urlsafe(24)
        return f"{token[:2]}/{token[2:]}"

    def url(self, name: str | None) -> str:
        raise NotImplementedError("attachments are served by a view that checks who asks")
