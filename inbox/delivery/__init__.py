"""A message leaves, and what becomes of it. The database is the truth; workers are only woken.

Promises: a message is handed over once, or it is known that this may have happened; it is then
sent, or visibly failed or uncertain. Each strand keeps its order.
"""

from inbox.delivery.decisions import retry, settle
from inbox.delivery.reconciliation import reconcile, reconcile_message
from inbox.delivery.send import deliver, deliver_later, deliver_message, release_held
from inbox.delivery.updates import apply_bounce, apply_update, apply_waiting_updates

__all__ = [
    "apply_bounce",
    "apply_update",
    "apply_waiting_updates",
    "deliver",
    "deliver_later",
    "deliver_message",
    "reconcile",
    "reconcile_message",
    "release_held",
    "retry",
    "settle",
]
