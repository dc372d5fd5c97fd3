"""What the chat's script says, in the visitor's language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    """Each text by the name the script knows it under."""
    return {
        "you": _("You"),
        "sending": _("Sending…"),
        "sent": _("Sent"),
        "seen": _("Seen"),
        "failed": _("Not sent"),
        "retry": _("Try again"),
        "waiting": _("Waits for the connection"),
        "offline": _("No connection. What you write is sent as soon as it is back."),
        "version": _("There is a new version of this chat."),
        "reload": _("Reload"),
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "new": _("New message from %s"),
        "typing": _("%s is typing…"),
        "somebody": _("Somebody"),
        "remove": _("Remove %s"),
        "discard": _("Discard"),
        "too-large": _("The file is too large: at most 10 MB."),
        "file-refused": _("Files of this kind can't be sent."),
        "too-long": _("The message is too long."),
        "rate-limited": _("That was a lot at once. It goes on in %s seconds."),
        "blocked": _("You can't write here any more."),
        "bad-profile": _("Please check your email address or phone number."),
        "bad-identity": _("Your sign-in could not be checked. Reload the page and try again."),
        "identity-required": _("Sign in on this website to chat with us."),
        "identity-expired": _("Your sign-in has ended. Reload the page to go on."),
        "error": _("Something went wrong. Try again."),
        "missing": _("Please fill this in."),
        "reopen": _("This conversation was resolved. Write to reopen it."),
        "begin": _("This conversation was resolved. Write to start a new one."),
    }
