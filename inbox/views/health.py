"""Is the desk alive, and is it ready?"""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inbox import health


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks no database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 only when the database or its migrations are not there. A broker, worker or clock
    that does not answer is named as degraded with 200: webhooks must still be let in."""
    problem = _database_problem()
    if problem:
        return JsonResponse({"status": "not ready", "database": problem}, status=503)
    degraded = health.degraded()
    return JsonResponse({"status": "degraded" if degraded else "ready", "degraded": degraded})


def _database_problem() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unreachable"
    return "migrations are waiting" if waiting else ""
