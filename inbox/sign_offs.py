"""The one fixed answer to STOP, START and HELP, where the provider leaves it to us.

It is what the law wants the owner of a number to hear, so it may go to somebody who has just
said STOP: its purpose is its own in the ledger of consent.
"""

from __future__ import annotations

from datetime import timedelta

from channels_app.messages import Keyword
from customers.models import Customer
from inbox import delivery
from inbox.changes import Change
from inbox.models import ContactPoint, Message
from inbox.sending import may_send

SIGN_OFF = "sign-off"
MOST_AN_HOUR = 20

# Where the alphabet allows it, of GSM letters and in one part.
TEXTS: dict[str, dict[Keyword, str]] = {
    "en": {
        "stop": "You will get no more messages from us. Reply START to get them again.",
        "start": "You will get our messages again. Reply STOP to end them, HELP for help.",
        "help": "Write your question here and we will answer it. Reply STOP for no more messages.",
    },
    "de": {
        "stop": "Sie erhalten keine Nachrichten mehr von uns. Mit START erhalten Sie sie wieder.",
        "start": "Sie erhalten wieder Nachrichten von uns. STOP beendet sie, HELP hilft weiter.",
        "help": "Schreiben Sie uns hier Ihre Frage, wir antworten. STOP beendet alle Nachrichten.",
    },
    "es": {
        "stop": "No recibirá más mensajes nuestros. Responda START para volver a recibirlos.",
        "start": "Volverá a recibir nuestros mensajes. STOP para terminar, HELP para ayuda.",
        "help": "Escriba aquí su pregunta y le responderemos. STOP para no recibir más mensajes.",
    },
    "fr": {
        "stop": "Vous ne recevrez plus nos messages. Répondez START pour les recevoir encore.",
        "start": "Vous recevrez à nouveau nos messages. STOP pour arrêter, HELP pour de l'aide.",
        "help": "Posez votre question ici, nous répondrons. STOP pour ne plus en recevoir.",
    },
    "hr": {
        "stop": "Više nećete primati naše poruke. Odgovorite START da ih opet primate.",
        "start": "Opet ćete primati naše poruke. Odgovorite STOP za kraj, HELP za pomoć.",
        "help": "Napišite ovdje svoje pitanje i odgovorit ćemo. STOP za kraj poruka.",
    },
    "nb": {
        "stop": "Du får ikke flere meldinger fra oss. Svar START for å få dem igjen.",
        "start": "Du får meldinger fra oss igjen. Svar STOP for å avslutte, HELP for hjelp.",
        "help": "Skriv spørsmålet ditt her, så svarer vi. Svar STOP for ikke å få flere meldinger.",
    },
    "pl": {
        "stop": "Nie będziesz już dostawać naszych wiadomości. START, aby znów je dostawać.",
        "start": "Znów będziesz dostawać nasze wiadomości. STOP, aby je zakończyć, HELP po pomoc.",
        "help": "Napisz tu swoje pytanie, a odpowiemy. STOP, aby nie dostawać wiadomości.",
    },
    "ro": {
        "stop": "Nu veți mai primi mesaje de la noi. Răspundeți START ca să le primiți din nou.",
        "start": "Veți primi din nou mesajele noastre. STOP ca să le opriți, HELP pentru ajutor.",
        "help": "Scrieți aici întrebarea și vă răspundem. STOP ca să nu mai primiți mesaje.",
    },
}


def sign_off(ongoing: Change, message: Message, keyword: Keyword) -> None:
    """Queue the answer to this keyword, in the change that writes the keyword down: one for each,
    at most 20 an hour to one address, none where nothing may go or the provider answers itself.
    It moves the ticket no more than the keyword does."""
    point = message.conversation.contact_point
    if point.channel.settings.get("keyword_replies") != "parley":
        return
    text = _text(ongoing.ticket.customer, keyword)
    if not may_send(point, text=text, purpose=SIGN_OFF).allowed or _is_a_robot(ongoing, point):
        return
    answer = Message.objects.create(
        ticket=ongoing.ticket,
        conversation=message.conversation,
        channel=point.channel,
        position=ongoing.ticket.next_position(),
        direction=Message.Direction.OUTBOUND,
        status=Message.Status.QUEUED,
        author_type=Message.Author.SYSTEM,
        text=text,
        reply_to=message,
        purpose=SIGN_OFF,
        is_automatic=True,
        created_at=ongoing.now,
    )
    delivery.deliver_later(answer)


def _text(customer: Customer, keyword: Keyword) -> str:
    """In the customer's language, else in English."""
    language = customer.language.partition("-")[0].lower()
    return TEXTS.get(language, TEXTS["en"])[keyword]


def _is_a_robot(ongoing: Change, point: ContactPoint) -> bool:
    """No person asks that often; two machines that answer each other do."""
    lately = Message.objects.filter(
        conversation__contact_point=point,
        purpose=SIGN_OFF,
        created_at__gt=ongoing.now - timedelta(hours=1),
    )
    return lately.count() >= MOST_AN_HOUR
