"""What all calls have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from inbox.api import problems
from inbox.api.authentication import BearerToken
from inbox.api.pages import ByKey
from inbox.api.parsing import StorableJSON
from inbox.api.strict import NoQuery, Strict
from inbox.models import Agent


class ApiView(APIView):
    """A resource. `query` names the parameters its GET takes; any other is an error."""

    authentication_classes = (BearerToken,)
    permission_classes = (IsAuthenticated,)
    parser_classes = (StorableJSON,)
    metadata_class = None
    query: ClassVar[type[Strict]] = NoQuery

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # The parsers read a stream of any length; `body` holds DATA_UPLOAD_MAX_MEMORY_SIZE.
        request.body  # noqa: B018
        asked = self.query if request.method in ("GET", "HEAD") else NoQuery
        self.asked = _checked(asked, request.query_params.dict(), request)

    def get_exception_handler(self) -> Callable[..., Response]:
        return problems.answer

    @property
    def agent(self) -> Agent:
        """On whose behalf this call is made."""
        return cast(Agent, self.request.user)

    def sent(self, shape: type[Strict], *, partial: bool = False) -> dict[str, Any]:
        """The checked body of the call. Raises ValidationError."""
        return _checked(shape, self.request.data, self.request, partial=partial)

    def page(
        self, rows: QuerySet[Any], shape: type[BaseSerializer[Any]], *, along: str
    ) -> Response:
        """One page of the rows, walked along a unique column."""
        pages = ByKey(along)
        results = pages.paginate_queryset(rows, self.request, view=self)
        return pages.get_paginated_response(shape(results, many=True, context=self.context).data)

    @property
    def context(self) -> dict[str, Any]:
        return {"request": self.request}


class Missing(ApiView):
    """Any other address below the API: a problem like every other, instead of a page."""

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        raise NotFound


def _checked(
    shape: type[Strict], data: Any, request: Request, *, partial: bool = False
) -> dict[str, Any]:
    checked = shape(data=data, partial=partial, context={"request": request})
    checked.is_valid(raise_exception=True)
    values: dict[str, Any] = checked.validated_data
    return values
