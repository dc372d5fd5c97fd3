from django.urls import path

from inbox.consumers import InboxConsumer
from inbox.widget.consumer import WidgetConsumer

# The stubs know views only.
websocket_urlpatterns = [path("ws/inbox/", InboxConsumer.as_asgi())]  # type: ignore[arg-type]
# Opened from other websites, without a session: they check origin and token themselves.
visitor_urlpatterns = [path("ws/widget/<str:key>/", WidgetConsumer.as_asgi())]  # type: ignore[arg-type]
