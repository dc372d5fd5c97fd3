"""The API's description: an OpenAPI file, and pages to read and try it."""

from __future__ import annotations

from django.conf import settings
from django.utils.decorators import method_decorator
from django.views.decorators.csp import csp_override
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularAPIView

# Swagger UI sets styles from its script and draws its icons as data: images.
POLICY = {
    **settings.SECURE_CSP,
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
}


class Schema(SpectacularAPIView):
    """The OpenAPI file; anyone may read it."""

    authentication_classes = ()
    permission_classes = ()


@method_decorator(csp_override(POLICY), name="dispatch")
class Docs(TemplateView):
    """Pages made of the OpenAPI file; anyone may read them, calls need a token."""

    template_name = "api/docs.html"
