from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from channels_app.models import Channel
from inbox import media
from inbox.models import Agent, Attachment, Conversation, Message
from inbox.pictures import reencoded
from inbox.replies import Reply, send_reply
from tests.inbox.pictures.drawing import drawn
from tests.inbox.widget.chat import Browser

PICTURE = drawn()


def answered_with(name: str, content: bytes, *, by: Agent) -> Attachment:
    upload = SimpleUploadedFile(name, content, content_type="image/png")
    file = media.keep_upload(upload, by=by)
    strand = Conversation.objects.get()
    send_reply(strand, Reply(text="Look", attachments=(file,)), by=by)
    return file


def shown_in(browser: Browser) -> list[str]:
    messages = browser.hear().json()["messages"]
    return [file["picture"] for message in messages for file in message["files"]]


def test_pictures_of_both_sides_are_shown_small_and_redrawn(ada: Browser, grace: Agent):
    ada.say("Mine", file=SimpleUploadedFile("mine.png", PICTURE))
    answered_with("lamp.png", PICTURE, by=grace)
    mine, ours = shown_in(ada)
    for address in (mine, ours):
        shown = ada.client.get(address)
        assert shown["Content-Type"] == "image/webp"
        assert shown.content == reencoded(PICTURE, max_edge=320)
        assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_file_that_is_no_picture_has_none(ada: Browser, grace: Agent):
    ada.say("Mine", file=SimpleUploadedFile("list.csv", b"lamp,2"))
    answered_with("lamp.png", b"no picture", by=grace)
    mine, ours = shown_in(ada)
    assert mine == ""
    assert ada.client.get(ours).status_code == 404


def test_an_address_that_is_forged_old_or_another_chats_shows_nothing(
    ada: Browser, grace: Agent, make_chat, monkeypatch: pytest.MonkeyPatch
):
    ada.say("Mine", file=SimpleUploadedFile("mine.png", PICTURE))
    (address,) = shown_in(ada)
    other: Channel = make_chat()
    for wrong in (address[:-1], address.replace(ada.channel.key, other.key)):
        assert ada.client.get(wrong).status_code == 404
    Channel.objects.filter(pk=ada.channel.pk).update(is_active=False)
    assert ada.client.get(address).status_code == 404
    Channel.objects.filter(pk=ada.channel.pk).update(is_active=True)
    monkeypatch.setattr("inbox.widget.pictures.LINK_LIFETIME", 0)
    assert ada.client.get(address).status_code == 404


def test_what_never_left_is_not_shown(ada: Browser, grace: Agent):
    ada.say("Hello")
    answered_with("lamp.png", PICTURE, by=grace)
    (address,) = shown_in(ada)
    Message.objects.filter(direction="outbound").update(status="canceled")
    assert ada.client.get(address).status_code == 404
