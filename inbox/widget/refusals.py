"""Why a call of the widget is refused, in a word its script knows."""

from __future__ import annotations

from django.http import JsonResponse


class Refusal(Exception):
    """This call is not carried out. `code` is what the widget shows a text for."""

    def __init__(self, status: int, code: str, *, retry_after: int = 0) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    @property
    def response(self) -> JsonResponse:
        response = JsonResponse({"error": self.code}, status=self.status)
        if self.retry_after:
            response["Retry-After"] = str(self.retry_after)
        return response
