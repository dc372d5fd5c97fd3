"""The pretend provider behaves like the real one where the desk can tell: Twilio's own library,
its validator and its API description are the witnesses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from jsonschema import Draft4Validator
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels_app.pretend.faults import Fault
from channels_app.pretend.server import serving
from channels_app.pretend.twilio import PretendTwilio
from tests.channels_app.wire import ok, wire

SPEC = Path(__file__).parents[1] / "specs" / "twilio_api_v2010_messages.json"
NUMBER = "+15005550006"
ADA = "+14155550123"


@pytest.fixture
def twilio() -> Iterator[PretendTwilio]:
    with serving(PretendTwilio(pace=0.02)) as pretend:
        yield pretend


@pytest.fixture
def client(twilio) -> Client:
    """Twilio's own library."""
    client = Client(twilio.account_sid, twilio.auth_token)
    client.api.base_url = twilio.url
    return client


@pytest.fixture
def http(twilio) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=twilio.url, auth=(twilio.account_sid, twilio.auth_token), trust_env=False
    ) as client:
        yield client


def eventually(holds, *, seconds=5.0) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def calls(desk) -> list[tuple[dict[str, str], dict[str, list[str]]]]:
    found = []
    for raw in desk.seen:
        head, _, body = raw.decode().partition("\r\n\r\n")
        pairs = [line.partition(": ") for line in head.split("\r\n")[1:]]
        fields = parse_qs(body, keep_blank_values=True)
        found.append(({name.lower(): value for name, _, value in pairs}, fields))
    return found


def described(name: str) -> Draft4Validator:
    spec = json.loads(SPEC.read_text().replace('"nullable": true', '"x-nullable": true'))
    for schema in spec["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            if field.pop("x-nullable", False):
                field["type"] = [field["type"], "null"]
    return Draft4Validator(
        {**spec["components"]["schemas"][name], "components": spec["components"]}
    )


def test_twilios_library_sends_lists_and_reads(twilio, client):
    sent = client.messages.create(to=ADA, from_=NUMBER, body="Hi ✓")
    assert (sent.status, sent.num_segments, sent.direction) == ("queued", "1", "outbound-api")
    listed = client.messages.list(to=ADA, date_sent=datetime.now(UTC).date())
    assert [message.sid for message in listed] == [sent.sid]
    assert client.messages.list(to=NUMBER) == []
    assert client.messages(sent.sid).fetch().body == "Hi ✓"
    assert [sms.body for sms in twilio.accepted] == ["Hi ✓"]


def test_twilios_library_turns_pages(client):
    for number in range(5):
        client.messages.create(to=ADA, from_=NUMBER, body=str(number))
    listed = client.messages.list(to=ADA, page_size=2)
    assert [message.body for message in listed] == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"to": "abc"}, 400, 21211),
        ({"to": "+15005550001"}, 400, 21211),
        ({"to": "+15005550002"}, 400, 21612),
        ({"to": "+15005550004"}, 400, 21610),
        ({"from_": "+15005550007"}, 400, 21606),
        ({"from_": "+15005550008"}, 400, 21611),
        ({"from_": ""}, 400, 21603),
        ({"body": ""}, 400, 21619),
        ({"body": "x" * 1601}, 400, 21617),
        ({"media_url": [f"http://x/{n}" for n in range(11)]}, 400, 21623),
        ({"to": ""}, 400, 21604),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(twilio, client, fields, status, code):
    with pytest.raises(TwilioRestException) as error:
        client.messages.create(**{"to": ADA, "from_": NUMBER, "body": "Hi", **fields})
    assert (error.value.status, error.value.code) == (status, code)
    assert twilio.accepted == []


def test_wrong_credentials_and_unknown_things_are_refused(twilio, http):
    account = f"/2010-04-01/Accounts/{twilio.account_sid}"
    assert http.get(f"{account}.json").json()["status"] == "active"
    for auth in (("x", "y"), (twilio.account_sid, "y")):
        refused = http.get(f"{account}/Messages.json", auth=auth)
        assert (refused.status_code, refused.json()["code"]) == (401, 20003)
    for path in (
        "/2010-04-01/Accounts/AC0.json",
        f"{account}/Messages/SM0.json",
        "/x",
        "/stored/ME0",
    ):
        refused = http.get(path)
        assert (refused.status_code, refused.json()["code"]) == (404, 20404)


def test_its_answers_fit_twilios_own_description(twilio, http):
    account = f"/2010-04-01/Accounts/{twilio.account_sid}"
    with wire(ok(b"png", headers="Content-Type: image/png\r\n")) as desk:
        fields = {"To": ADA, "From": NUMBER, "Body": "Hi", "MediaUrl": f"{desk.url}/1"}
        sent = http.post(f"{account}/Messages.json", data=fields).json()
        assert eventually(lambda: twilio.book.find(sent["sid"]).status == "delivered")
    by_service = {"To": ADA, "MessagingServiceSid": f"MG{'0' * 32}", "Body": "Hi"}
    other = http.post(f"{account}/Messages.json", data=by_service).json()
    listed = http.get(f"{account}/Messages.json").json()["messages"]
    files = http.get(f"{account}/Messages/{sent['sid']}/Media.json").json()["media_list"]
    assert (len(listed), len(files)) == (2, 1)
    for message in (sent, other, *listed):
        described("api.v2010.account.message").validate(message)
    for file in files:
        described("api.v2010.account.message.media").validate(file)
        assert http.get(file["uri"]).json() == file
        content = http.get(file["uri"].removesuffix(".json"), follow_redirects=True)
        assert (content.content, content.headers["content-type"]) == (b"png", "image/png")


@pytest.mark.parametrize("key", [None, ("k1", "shared secret")])
def test_twilios_validator_accepts_every_call_it_makes(key):
    secret, algorithm = ("", "HMAC_SHA1") if key is None else (key[1], "HMAC_SHA256")
    with wire(ok()) as desk, serving(PretendTwilio(pace=0.01, shared_key=key)) as twilio:
        validator = RequestValidator(secret or twilio.auth_token)
        url = f"{desk.url}/hooks/?a=b&c"
        twilio.receive(" Grüße & 😀\n", sender=ADA, to=NUMBER, url=f"{url}#rc=2")
        twilio.take({"To": ADA, "From": NUMBER, "Body": "x", "StatusCallback": url})
        assert eventually(lambda: len(desk.seen) == 3)
        for headers, fields in calls(desk):
            flat = {name: values[0] for name, values in fields.items()}
            signature = headers["x-twilio-signature"]
            assert validator.validate(url, flat, signature, algorithm)
            assert headers["i-twilio-idempotency-token"]
            assert ("x-twilio-webhooks-signature-settings" in headers) is (key is not None)


def test_a_message_is_reported_sent_and_then_delivered(twilio):
    with wire(ok()) as desk:
        fields = {"To": ADA, "From": NUMBER, "Body": "x", "StatusCallback": f"{desk.url}/"}
        sms = twilio.take(fields)
        assert eventually(lambda: len(desk.seen) == 2)
        said = [(fields["MessageSid"], fields["MessageStatus"]) for _, fields in calls(desk)]
    assert said == [([sms.sid], ["sent"]), ([sms.sid], ["delivered"])]


def test_what_can_not_be_delivered_is_reported_with_its_code(twilio):
    twilio.faults.undelivered[ADA] = 30003
    with wire(ok()) as desk:
        twilio.take({"To": ADA, "From": NUMBER, "Body": "x", "StatusCallback": f"{desk.url}/"})
        assert eventually(lambda: len(desk.seen) == 2)
        last = calls(desk)[-1][1]
    assert (last["MessageStatus"], last["ErrorCode"]) == (["undelivered"], ["30003"])


def test_a_file_that_can_not_be_fetched_fails_its_message(twilio):
    sms = twilio.take({"To": ADA, "From": NUMBER}, media_urls=["http://127.0.0.1:9/x"])
    assert eventually(lambda: twilio.book.find(sms.sid).status == "failed")


def test_reports_come_twice_and_in_the_wrong_order_when_asked(twilio):
    twilio.faults.callback_copies, twilio.faults.shuffles = 2, True
    with wire(ok()) as desk:
        twilio.take({"To": ADA, "From": NUMBER, "Body": "x", "StatusCallback": f"{desk.url}/"})
        assert eventually(lambda: len(desk.seen) == 4)
        said = [fields["MessageStatus"][0] for _, fields in calls(desk)]
    assert said == ["delivered", "delivered", "sent", "sent"]


@pytest.mark.parametrize(
    ("fault", "answered", "taken"),
    [
        (Fault(status=429, code=20429, retry_after=7), 429, 0),
        (Fault(status=503, code=20503), 503, 0),
        (Fault(status=500, takes=True), 500, 1),
        (Fault(drops=True), None, 0),
        (Fault(drops=True, takes=True), None, 1),
        (Fault(delay=0.05, takes=True), 201, 1),
    ],
)
def test_a_planned_fault_happens_once(twilio, http, fault, answered, taken):
    twilio.faults.next_sends.append(fault)
    path = f"/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    fields = {"To": ADA, "From": NUMBER, "Body": "Hi"}
    if answered is None:
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(path, data=fields)
    else:
        answer = http.post(path, data=fields)
        assert answer.status_code == answered
        assert answer.headers.get("retry-after") == ("7" if answered == 429 else None)
    assert len(twilio.accepted) == taken
    assert http.post(path, data=fields).status_code == 201


def test_while_it_is_down_every_call_fails(twilio, http):
    twilio.faults.down = Fault(status=503)
    path = f"/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    for _ in range(3):
        assert http.post(path, data={"To": ADA, "From": NUMBER, "Body": "x"}).status_code == 503
    twilio.faults.down = None
    assert http.post(path, data={"To": ADA, "From": NUMBER, "Body": "x"}).status_code == 201


def test_stop_is_obeyed_until_start(twilio, client):
    def say(text):
        twilio.receive(text, sender=ADA, to=NUMBER, url="http://127.0.0.1:9/")

    say(" Stop\n")
    with pytest.raises(TwilioRestException) as error:
        client.messages.create(to=ADA, from_=NUMBER, body="Hi")
    assert error.value.code == 21610
    client.messages.create(to=ADA, from_="+15005550010", body="From another number")
    say("start")
    client.messages.create(to=ADA, from_=NUMBER, body="Hi")
    answers = [
        sms.body for sms in twilio.book.messages(to=ADA) if sms.direction == "outbound-reply"
    ]
    assert [answer.split(".")[0] for answer in answers] == [
        "You have successfully been unsubscribed",
        "You have successfully been re-subscribed to messages from this number",
    ]


def test_a_pretend_phone_writes_over_http(twilio, client, http):
    with wire(ok(status="204 No Content")) as desk:
        number = client.incoming_phone_numbers.create(
            phone_number=NUMBER, sms_url=f"{desk.url}/in/"
        )
        assert number.sms_url == f"{desk.url}/in/"
        (owned,) = client.incoming_phone_numbers.list(phone_number=NUMBER)
        assert owned.sid == number.sid
        fields = {"From": ADA, "To": NUMBER, "Body": "Hi", "MediaUrl": "data:image/png;base64,iVBO"}
        wrote = http.post("/pretend/inbound", data=fields)
        assert (wrote.status_code, wrote.json()["webhook_status"]) == (201, 204)
        (_, said) = calls(desk)[0]
    assert said["MessageSid"] == [wrote.json()["sid"]]
    assert (said["NumMedia"], said["MediaContentType0"]) == (["1"], ["image/png"])
    file = http.get(said["MediaUrl0"][0], follow_redirects=True)
    assert file.content == b"\x89PN"


def test_a_phone_needs_credentials_and_a_known_number(twilio, http):
    fields = {"From": ADA, "To": NUMBER, "Body": "Hi"}
    assert http.post("/pretend/inbound", data=fields, auth=("x", "y")).status_code == 401
    assert http.post("/pretend/inbound", data=fields).status_code == 404


def test_it_runs_as_a_process_and_remembers(tmp_path):
    environment = {**os.environ, "PRETEND_ACCOUNT_SID": "AC1", "PRETEND_AUTH_TOKEN": "secret"}
    command = [sys.executable, "-m", "channels_app.pretend", "--state", str(tmp_path / "state.db")]
    for number in (1, 2):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        started = json.loads(process.stdout.readline())
        assert (started["account_sid"], started["auth_token"]) == ("AC1", "secret")
        path = f"{started['url']}/2010-04-01/Accounts/AC1/Messages.json"
        fields = {"To": ADA, "From": NUMBER, "Body": "Hi"}
        with httpx.Client(auth=("AC1", "secret"), trust_env=False) as http:
            assert http.post(path, data=fields).status_code == 201
            assert len(http.get(path).json()["messages"]) == number
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        process.stdout.close()
