"""Lists in pages: {"next", "previous", "results"}, walked by cursor."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


class ByKey(CursorPagination):
    """Pages along one unique column, so that whoever walks them meets each row exactly once,
    also while rows come and change."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 100

    def __init__(self, ordering: str) -> None:
        self.ordering = ordering
        super().__init__()

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            return super().decode_cursor(request)
        except NotFound as error:
            raise serializers.ValidationError({"cursor": ["Not one of ours."]}) from error


def page_of(shape: type[serializers.BaseSerializer[Any]]) -> dict[int, Any]:
    """The OpenAPI response of a page of these."""
    name = f"{shape.__name__.removesuffix('Shape')}Page"
    fields = {
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": shape(many=True),
    }
    return {200: type(name, (serializers.Serializer,), fields)}
