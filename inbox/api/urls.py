from django.urls import path, re_path

from inbox.api import customers, desk, docs, messages, tickets
from inbox.api.view import Missing

app_name = "api"

urlpatterns = [
    path("docs/", docs.Docs.as_view(), name="docs"),
    path("v1/schema/", docs.Schema.as_view(), name="schema"),
    path("v1/tickets/", tickets.Tickets.as_view(), name="tickets"),
    path("v1/tickets/<int:number>/", tickets.OneTicket.as_view(), name="ticket"),
    path(
        "v1/tickets/<int:number>/messages/",
        messages.TicketMessages.as_view(),
        name="ticket-messages",
    ),
    path("v1/tickets/<int:number>/notes/", messages.TicketNotes.as_view(), name="ticket-notes"),
    path("v1/messages/<int:pk>/", messages.OneMessage.as_view(), name="message"),
    path("v1/messages/<int:pk>/reaction/", messages.OneReaction.as_view(), name="reaction"),
    path(
        "v1/messages/<int:pk>/attachments/<int:attachment>/",
        messages.OneAttachment.as_view(),
        name="attachment",
    ),
    path("v1/customers/", customers.Customers.as_view(), name="customers"),
    path("v1/customers/<int:pk>/", customers.OneCustomer.as_view(), name="customer"),
    path(
        "v1/customers/<int:pk>/identities/",
        customers.CustomerIdentities.as_view(),
        name="customer-identities",
    ),
    path(
        "v1/customers/<int:pk>/timeline/",
        customers.CustomerTimeline.as_view(),
        name="customer-timeline",
    ),
    path("v1/channels/", desk.Channels.as_view(), name="channels"),
    path("v1/canned-replies/", desk.CannedReplies.as_view(), name="canned-replies"),
    path("v1/teams/", desk.Teams.as_view(), name="teams"),
    path("v1/agents/", desk.Agents.as_view(), name="agents"),
    re_path(r"^v1/.*$", Missing.as_view(), name="missing"),
]
