from django.urls import path

from bench.textbook.views import store, store_and_process

urlpatterns = [
    path("stored/<str:key>/", store),
    path("webhooks/<str:key>/", store_and_process),
]
