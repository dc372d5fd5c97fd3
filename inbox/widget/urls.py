from django.urls import path

from inbox.widget import pages, pictures, views

urlpatterns = [
    path("<str:key>/config.js", pages.config, name="widget_config"),
    path("<str:key>/frame", pages.frame, name="widget_frame"),
    path("<str:key>/visitor", views.visitor, name="widget_visitor"),
    path("<str:key>/logout", views.logout, name="widget_logout"),
    path("<str:key>/messages", views.messages, name="widget_messages"),
    path("<str:key>/pictures/<str:token>", pictures.picture, name="widget_picture"),
    path("<str:key>/seen", views.seen, name="widget_seen"),
]
