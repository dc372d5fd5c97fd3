from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from channels_app.models import Channel
from inbox import media
from inbox.models import Agent, Attachment, ContactPoint, Conversation, Message
from tests.inbox.desk import hear, present, reply

pytestmark = pytest.mark.django_db


def stored(message: Message, **fields: str) -> Attachment:
    file = Attachment(message=message, size=3, **fields)
    file.file.save("x", ContentFile(b"abc"))
    return file


def test_a_failed_message_is_tried_again(
    strand: Conversation, script: Client, grace: Agent
) -> None:
    sent = reply(strand, "Hi", by=grace)
    Message.objects.filter(pk=sent.pk).update(status="failed", error_text="no such number")
    page = script.get(f"/t/{strand.ticket_id}/").content.decode()
    assert "no such number" in page
    assert "Retry" in page
    assert script.post(f"/messages/{sent.pk}/retry").status_code == 204
    assert present(sent).status == "queued"


def test_only_a_failed_message_is_tried_again(
    strand: Conversation, script: Client, grace: Agent
) -> None:
    sent = reply(strand, "Hi", by=grace)
    assert script.post(f"/messages/{sent.pk}/retry").status_code == 422


def test_a_retry_that_may_not_leave_says_why(
    strand: Conversation, script: Client, grace: Agent
) -> None:
    sent = reply(strand, "Hi", by=grace)
    Message.objects.filter(pk=sent.pk).update(status="failed")
    ContactPoint.objects.update(is_blocked=True)
    answer = script.post(f"/messages/{sent.pk}/retry")
    assert (answer.status_code, b"is blocked" in answer.content) == (422, True)


@pytest.mark.parametrize(("arrived", "status"), [("yes", "sent"), ("no", "queued")])
def test_an_uncertain_message_is_settled_by_an_agent(
    strand: Conversation, script: Client, grace: Agent, arrived: str, status: str
) -> None:
    sent = reply(strand, "Hi", by=grace)
    Message.objects.filter(pk=sent.pk).update(status="uncertain")
    page = script.get(f"/t/{strand.ticket_id}/").content.decode()
    assert "It arrived" in page
    assert "Send again" in page
    script.post(f"/messages/{sent.pk}/settle", {"arrived": arrived})
    assert present(sent).status == status


def test_what_a_customer_said_is_not_sent_again(script: Client, line: Channel) -> None:
    assert script.post(f"/messages/{hear(line).pk}/retry").status_code == 404


def test_the_original_is_a_sandbox_that_fetches_nothing(post: Channel, as_grace: Client) -> None:
    html = '<p>Hi</p><img src="https://t.example/x"><script>x</script><b onclick="x">b</b>'
    response = as_grace.get(f"/messages/{hear(post, html=html).pk}/original/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    page = response.content.decode()
    assert "t.example" not in page
    assert "onclick" not in page
    assert "<script" not in page


def test_a_message_without_html_has_no_original(post: Channel, as_grace: Client) -> None:
    assert as_grace.get(f"/messages/{hear(post).pk}/original/").status_code == 404


@pytest.mark.parametrize("name", ["a.html", "../../etc/passwd", "ä\u202egnp.exe", 'a"\r\nX: y.png'])
def test_a_file_is_saved_and_never_shown(post: Channel, as_grace: Client, name: str) -> None:
    file = stored(hear(post), name=name, content_type="text/html")
    response = as_grace.get(f"/attachments/{file.pk}/")
    assert b"".join(response.streaming_content) == b"abc"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "X" not in response


def test_a_file_that_is_not_here_yet_is_not_found(post: Channel, as_grace: Client) -> None:
    message = hear(post)
    waiting = Attachment.objects.create(
        message=message, name="a", state="pending", remote_url="https://x.example/"
    )
    lost = Attachment.objects.create(message=message, name="b", file="gone/away")
    for file in (waiting, lost):
        assert as_grace.get(f"/attachments/{file.pk}/").status_code == 404


def test_a_provider_fetches_our_file_by_its_signed_address(
    mail_strand: Conversation, grace: Agent
) -> None:
    file = stored(reply(mail_strand, "See", by=grace), name="a b.png", content_type="image/png")
    path = media.public_url(file).split("://", 1)[1].split("/", 1)[1]
    response = Client().get(f"/{path}")
    assert b"".join(response.streaming_content) == b"abc"
    assert response["Content-Type"] == "image/png"
    assert Client().get("/files/1:2:3/a.png").status_code == 404


def test_a_customers_file_is_not_reached_by_a_signed_address(post: Channel) -> None:
    path = media.public_url(stored(hear(post), name="a")).split("://", 1)[1].split("/", 1)[1]
    assert Client().get(f"/{path}").status_code == 404
