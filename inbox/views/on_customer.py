"""How a view changes something about a customer and answers: to a script with what became of
it, to a page without scripts by leading back to it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from customers.models import Customer
from inbox.triage import NotPossible
from inbox.views.entry import DeskRequest, is_script
from inbox.views.verbs import carry_out


def change(request: DeskRequest, customer: Customer, verb: Callable[[], object]) -> HttpResponse:
    """204 or 422 for a script; otherwise back to the customer, with the reason why not."""
    if is_script(request):
        return carry_out(request, verb)
    try:
        verb()
    except NotPossible as reason:
        messages.error(request, str(reason))
    return redirect("customer", customer.pk)
