from inbox.models.access_token import ApiToken, IdempotencyKey, Invitation
from inbox.models.agent import Agent, Team
from inbox.models.canned_reply import CannedReply
from inbox.models.conversation import ContactPoint, Conversation, JoinRefusal, Participant
from inbox.models.draft import Draft, Reading
from inbox.models.heartbeat import Heartbeat
from inbox.models.live_event import LiveEvent
from inbox.models.merge import TicketMerge
from inbox.models.message import (
    Activity,
    Attachment,
    DeliveryAttempt,
    Message,
    Note,
    UnmatchedUpdate,
)
from inbox.models.policy import ChannelPolicy, policy_of
from inbox.models.reaction import MessageReaction, UnmatchedAfterthought
from inbox.models.ticket import Tag, Ticket
from inbox.models.visitor import MailedAnswer, Visitor

__all__ = [
    "Activity",
    "Agent",
    "ApiToken",
    "Attachment",
    "CannedReply",
    "ChannelPolicy",
    "ContactPoint",
    "Conversation",
    "DeliveryAttempt",
    "Draft",
    "Heartbeat",
    "IdempotencyKey",
    "Invitation",
    "JoinRefusal",
    "LiveEvent",
    "MailedAnswer",
    "Message",
    "MessageReaction",
    "Note",
    "Participant",
    "Reading",
    "Tag",
    "Team",
    "Ticket",
    "TicketMerge",
    "UnmatchedAfterthought",
    "UnmatchedUpdate",
    "Visitor",
    "policy_of",
]
