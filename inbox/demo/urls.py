from django.urls import path

from inbox.demo import views

urlpatterns = [
    path("", views.shop, name="demo"),
    path("visitor/", views.become, name="demo_become"),
    path("phone/", views.phone, name="demo_phone"),
    path("whatsapp/", views.whatsapp_screen, name="demo_whatsapp"),
    path("mailbox/", views.mailbox, name="demo_mailbox"),
]
