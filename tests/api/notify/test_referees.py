"""The two official clients of GOV.UK Notify, in Python and in Node, make every call they have against our server."""

from __future__ import annotations

import inspect
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from notifications_python_client.errors import HTTP503Error, HTTPError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient
from notifications_python_client.utils import prepare_upload

from tests.api.notify.conftest import PUBLIC, VAULT, Service, Spoken, a_template
from tests.api.notify.schemas import fits

GIVEN = {"name": "Ann", "flight": "SK 12", "time": "10:20", "voucher": "yes"}
PHONE = "+447900900123"
MAIL = "ann@example.org"
PEER = Path(__file__).with_name("peer.cjs")
pytestmark = pytest.mark.xdist_group("referees")
"""One after the other in one process, so that at the end it is known which calls were made."""
MADE: set[str] = set()


class Remembering(NotificationsAPIClient):
    """The client, which remembers what a test has asked of it."""

    def __getattribute__(self, name: str) -> Any:
        asks = sys._getframe(1).f_globals["__name__"]
        if not asks.startswith("notifications_python_client"):
            MADE.add(name)
        return super().__getattribute__(name)


Client: Any = Remembering
"""It says nothing of its types."""
upload: Any = prepare_upload


@pytest.fixture
def client(service: Service) -> Any:
    return Client(service.keys["live"], base_url=service.url)


def refused(call: Callable[[], Any]) -> tuple[int, str, str]:
    """What a client says of an answer that refuses."""
    with pytest.raises(HTTPError) as caught:
        call()
    said = cast(list[dict[str, str]], caught.value.message)
    assert fits({"status_code": caught.value.status_code, "errors": said}, "refused")
    return caught.value.status_code, said[0]["error"], said[0]["message"]


# ---- Python ----


def test_a_text_message_is_sent_and_found_again(service: Service, client: Any) -> None:
    sent = fits(client.send_sms_notification(PHONE, service.template("delay"), GIVEN, reference="r-1"), "posted_sms")
    assert sent["content"] == {
        "body": "Dear Ann, flight SK 12 leaves at 10:20. Show this for a meal.", "from_number": "Sky Air",
    }  # fmt: skip
    found = fits(client.get_notification_by_id(sent["id"]), "notification")
    assert (found["phone_number"], found["email_address"], found["status"]) == (PHONE, None, "created")
    assert found["body"] == sent["content"]["body"]
    assert found["cost_in_pounds"] is None, "nothing is known of it before it is sent"
    service.ends(sent["id"], "delivered")
    found = fits(client.get_notification_by_id(sent["id"]), "notification")
    assert (found["status"], found["cost_in_pounds"], found["routing"]["channel"]) == ("delivered", 0.0, "sms")
    assert found["cost_details"] == {
        "billable_sms_fragments": 1, "international_rate_multiplier": 1, "sms_rate": 0.0,
    }  # fmt: skip
    assert found["completed_at"] >= found["created_at"]


def test_a_mail_is_sent_with_values_that_cannot_be_links(service: Service, client: Any) -> None:
    sent = client.send_email_notification(
        MAIL, service.template("mail"), {"name": "Ann [x](http://evil.example)", "flight": "SK 12"}, "r-2",
        one_click_unsubscribe_url="https://sky.example/off", sanitise_content_for=["name"],
    )  # fmt: skip
    fits(sent, "posted_email")
    assert sent["content"]["subject"] == "Flight SK 12"
    assert sent["content"]["one_click_unsubscribe_url"] == "https://sky.example/off"
    assert list(sent["sanitised_content"]) == ["name"]
    assert "http://evil.example" not in sent["content"]["body"]
    given = {"name": "Ann", "flight": "SK 12 [x](http://evil.example)"}
    other = fits(client.send_email_notification(MAIL, service.template("mail"), given), "posted_email")
    assert other["sanitised_content"]["flight"]["unsanitised"] == given["flight"]
    assert "http://evil.example" not in other["content"]["subject"] + other["content"]["body"]
    found = fits(client.get_notification_by_id(sent["id"]), "notification")
    assert (found["email_address"], found["subject"]) == (MAIL, "Flight SK 12")
    assert found["one_click_unsubscribe_url"] == "https://sky.example/off"


def test_letters_are_refused_as_by_a_service_without_them(client: Any) -> None:
    letters = (400, "BadRequestError", "Service is not allowed to send letters")
    lines = {"address_line_1": "A", "address_line_2": "B", "postcode": "SW1A 1AA"}
    assert refused(lambda: client.send_letter_notification(str(uuid4()), lines, "r")) == letters
    pdf = io.BytesIO(b"%PDF-1.7")
    assert refused(lambda: client.send_precompiled_letter_notification("r", pdf, postage="first")) == letters


def test_there_is_no_pdf_of_what_is_no_letter(service: Service, client: Any) -> None:
    sent = client.send_sms_notification(PHONE, service.template("plain"))
    assert refused(lambda: client.get_pdf_for_letter(sent["id"])) == (
        400, "BadRequestError", "Notification is not a letter",
    )  # fmt: skip
    assert refused(lambda: client.get_pdf_for_letter(str(uuid4())))[:2] == (404, "NoResultFound")


def test_lists_are_filtered(service: Service, client: Any) -> None:
    name = str(uuid4())  # a reference may look like an id
    ids = [client.send_sms_notification(PHONE, service.template("plain"), reference=name)["id"] for _ in range(3)]
    mail = client.send_email_notification(MAIL, service.template("mail"), GIVEN, reference=name)["id"]
    service.ends(ids[0], "temporary-failure")
    service.ends(ids[1], "delivered")

    def listed(**wanted: Any) -> list[str]:
        page = fits(client.get_all_notifications(reference=name, **wanted), "notifications")
        return [one["id"] for one in page["notifications"]]

    assert listed() == [mail, *reversed(ids)]
    assert listed(template_type="sms") == ids[::-1]
    assert listed(template_type="email", include_jobs=True) == [mail]
    assert listed(template_type="letter") == []
    assert listed(status="failed") == [ids[0]]
    assert listed(status="received") == [ids[1]]
    assert listed(status="accepted") == [mail, ids[2]]
    assert listed(status=["delivered", "temporary-failure"]) == [ids[1], ids[0]]
    assert listed(older_than=ids[1]) == [ids[0]]
    assert listed(older_than=str(uuid4())) == [], "what is not known has nothing after it"
    assert [one["id"] for one in client.get_all_notifications_iterator(reference=name)] == [mail, *reversed(ids)]
    assert listed(template_type=["sms", "email"]) == [mail, *reversed(ids)]
    assert refused(lambda: client.get_all_notifications(status="elephant"))[0] == 400
    assert refused(lambda: client.get_all_notifications(template_type="orange"))[2] == (
        "template_type orange is not one of [sms, email, letter]"
    )


def test_iterators_go_over_all_pages(service: Service, client: Any) -> None:
    """Rows of one moment are not lost at the end of a page, as they are in Notify."""
    name = "many"
    service.clock.stands_ms = service.clock()
    sent = [
        client.send_sms_notification(PHONE, service.template("plain"), reference=name)["id"] for _ in range(2 * 250 + 5)
    ]
    service.clock.stands_ms = None
    pages = list(client.get_all_notifications_iterator(template_type="sms", reference=name))
    assert [one["id"] for one in pages] == sent[::-1]
    assert {one["created_at"] for one in pages} == {pages[0]["created_at"]}
    first = client.get_all_notifications(reference=name, template_type="sms", status=["created", "delivered"])
    assert [one["id"] for one in first["notifications"]] == sent[:-251:-1]
    here, query = first["links"]["next"].split("?")
    assert here == f"{PUBLIC}/v2/notifications"
    assert parse_qs(query) == {
        "older_than": [sent[-250]], "reference": [name], "template_type": ["sms"], "status": ["created", "delivered"],
    }  # fmt: skip
    service.ends(sent[-251], "permanent-failure")
    second = service.call("GET", f"/v2/notifications?{query}").json()["notifications"]
    assert [one["id"] for one in second] == sent[-252:-502:-1], "the filters go on"
    assert "next" not in client.get_all_notifications(reference=name, older_than=sent[0])["links"]
    assert "next" in client.get_all_notifications(reference=name, older_than=sent[1])["links"]


def test_received_texts_are_an_empty_list(client: Any) -> None:
    assert fits(client.get_received_texts(), "received")["received_text_messages"] == []
    assert fits(client.get_received_texts(older_than=str(uuid4())), "received")["received_text_messages"] == []
    assert list(client.get_received_texts_iterator()) == []


def test_templates_are_found_with_their_versions(service: Service, client: Any) -> None:
    first = fits(client.get_template(service.template("delay")), "template")
    assert first["created_by"] == "sky@notify.example", "whom an outsider can write to, not our key"
    assert list(first["personalisation"]) == ["name", "flight", "time", "voucher"]
    mail = fits(client.get_template(service.template("mail")), "template")
    assert (mail["subject"], list(mail["personalisation"])) == ("Flight ((flight))", ["flight", "name"])
    spoken: Spoken = ("sms", "Changed: ((name))", None)
    service.ask(a_template(service.store, service.organisation, "versions", ("sms", "First", None), 1_000))
    kept = service.ask(a_template(service.store, service.organisation, "versions", spoken, 2_000))
    number = VAULT.uuid("t", kept.id)
    assert fits(client.get_template(number), "template")["version"] == 2
    assert fits(client.get_template_version(number, 1), "template")["body"] == "First"
    assert [one["version"] for one in fits(client.get_all_template_versions(number), "versions")["data"]] == [2, 1]
    assert refused(lambda: client.get_template_version(number, 3))[:2] == (404, "NoResultFound")
    names = [one["name"] for one in fits(client.get_all_templates(), "templates")["templates"]]
    assert names == sorted(names)
    assert "The delay one" in names
    assert not {"The gone one", "The chat one"} & set(names), "archived, or for channels that Notify has no word for"
    assert {one["type"] for one in client.get_all_templates("email")["templates"]} == {"email"}
    assert client.get_all_templates("letter")["templates"] == []


def test_a_template_is_previewed(service: Service, client: Any) -> None:
    shown = fits(client.post_template_preview(service.template("mail"), GIVEN), "preview")
    assert shown["html"].startswith("<h2>Hello Ann</h2>")
    assert shown["subject"] == "Flight SK 12"
    assert fits(client.post_template_preview(service.template("plain"), {}), "preview")["html"] is None
    assert refused(lambda: client.post_template_preview(service.template("delay"), {"name": "A"})) == (
        400, "BadRequestError", "Missing personalisation: flight, time, voucher",
    )  # fmt: skip


def test_files_are_refused_as_by_a_service_without_them(service: Service, client: Any) -> None:
    file = upload(io.BytesIO(b"a,b"), filename="a.csv", confirm_email_before_download=True, retention_period="4 weeks")
    status, error, said = refused(
        lambda: client.send_email_notification(MAIL, service.template("mail"), {**GIVEN, "name": file})
    )
    assert (status, error) == (400, "BadRequestError")
    assert said.startswith("Send files by email has not been set up")
    file = upload(io.BytesIO(b"a"), filename="without")
    assert refused(lambda: client.send_email_notification(MAIL, service.template("mail"), {**GIVEN, "name": file})) == (
        400, "ValidationError", "filename `filename` must end with a file extension. For example, filename.csv",
    )  # fmt: skip
    assert refused(lambda: client.send_sms_notification(PHONE, service.template("delay"), {**GIVEN, "name": file})) == (
        400, "BadRequestError", "Can only send a file by email",
    )  # fmt: skip


def test_senders_that_do_not_exist_are_refused(service: Service, client: Any) -> None:
    number = str(uuid4())
    assert refused(lambda: client.send_sms_notification(PHONE, service.template("plain"), sms_sender_id=number))[2] == (
        f"sms_sender_id {number} does not exist in database for service id {service.id}"
    )
    call = lambda: client.send_email_notification(MAIL, service.template("mail"), GIVEN, email_reply_to_id=number)  # noqa: E731
    assert refused(call)[2] == f"email_reply_to_id {number} does not exist in database for service id {service.id}"


def test_the_python_client_tells_a_wrong_key_and_an_address_that_is_none_of_this_api(service: Service) -> None:
    key = service.keys["live"]
    wrong = Client(key[:-36] + str(uuid4()), base_url=service.url)
    assert refused(wrong.get_all_templates) == (403, "AuthError", "Invalid token: API key not found")
    other = Client(f"x-{uuid4()}-{key[-36:]}", base_url=service.url)
    assert refused(other.get_all_templates) == (403, "AuthError", "Invalid token: service not found")
    client = Client(key, base_url=service.url)
    with pytest.raises(InvalidResponse):
        client.get("/")
    assert refused(lambda: client.delete(f"/v2/template/{service.template('plain')}"))[:2] == (405, "MethodNotAllowed")
    assert refused(lambda: client.put("/v2/notifications/sms", {}))[:2] == (405, "MethodNotAllowed")
    assert refused(lambda: client.get("/v2/nothing"))[:2] == (404, "NoResultFound")
    assert refused(lambda: client.post("/v2/nothing", {}))[:2] == (404, "NoResultFound")
    assert fits(client.request("GET", "/v2/templates", params={"type": "sms"}), "templates")["templates"]
    assert client.generate_headers(service.token())["Authorization"].startswith("Bearer ")


def test_the_python_client_may_try_again_when_nothing_can_be_kept(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.start()
    client = Client(service.keys["live"], base_url=service.url)
    try:
        assert client.send_sms_notification(PHONE, service.template("plain"))["id"]
        service.ask(service.store.close())
        with pytest.raises(HTTP503Error) as caught:
            client.send_sms_notification(PHONE, service.template("plain"))
        assert caught.value.response is not None
        assert caught.value.response.headers["retry-after"] == "1"
        assert fits(caught.value.response.json(), "refused")
    finally:
        service.stop()
    with pytest.raises(HTTP503Error):
        client.get_all_templates()


# ---- Node ----


class Node:
    """The Node client in a process of its own."""

    def __init__(self, url: str, key: str) -> None:
        self._process = subprocess.Popen(
            ["node", PEER, url, key], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, call: str, *given: Any) -> dict[str, Any]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"call": call, "given": given}) + "\n")
        process.stdin.flush()
        said: dict[str, Any] = json.loads(process.stdout.readline())
        return said

    def answer(self, call: str, *given: Any) -> Any:
        said = self.ask(call, *given)
        assert "refused" not in said, said
        return said["answer"]

    def data(self, call: str, schema: str, *given: Any) -> Any:
        return fits(self.answer(call, *given)["data"], schema)

    def refused(self, call: str, *given: Any) -> tuple[int, str, str]:
        said = self.ask(call, *given)["refused"]
        fits(said["data"], "refused")
        assert said["status"] == said["data"]["status_code"]
        first = said["data"]["errors"][0]
        return said["status"], first["error"], first["message"]

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def node(service: Service) -> Iterator[Node]:
    made = Node(service.url, service.keys["live"])
    yield made
    made.end()


def test_the_node_client_sends_and_finds(service: Service, node: Node) -> None:
    sent = node.answer("sendSms", service.template("delay"), PHONE, {"personalisation": GIVEN, "reference": "n-1"})
    assert sent["status"] == 201
    fits(sent["data"], "posted_sms")
    mail = {
        "personalisation": GIVEN, "reference": "n-1", "oneClickUnsubscribeURL": "https://sky.example/off",
        "sanitiseContentFor": ["name"],
    }  # fmt: skip
    posted = node.data("sendEmail", "posted_email", service.template("mail"), MAIL, mail)
    assert posted["sanitised_content"] == {}
    found = node.data("getNotificationById", "notification", sent["data"]["id"])
    assert found["phone_number"] == PHONE
    page = node.data("getNotifications", "notifications", "email", "created", "n-1")
    assert [one["id"] for one in page["notifications"]] == [posted["id"]]
    rest = node.data("getNotifications", "notifications", None, None, "n-1", posted["id"])
    assert [one["id"] for one in rest["notifications"]] == [sent["data"]["id"]]
    assert node.data("getReceivedTexts", "received")["received_text_messages"] == []
    assert node.data("getReceivedTexts", "received", str(uuid4()))["received_text_messages"] == []


def test_the_node_client_finds_templates(service: Service, node: Node) -> None:
    number = service.template("mail")
    assert node.data("getTemplateById", "template", number)["name"] == "The mail one"
    said = {1: "First", 2: "Second"}
    spoken: list[Spoken] = [("sms", words, None) for words in said.values()]
    kept = [service.ask(a_template(service.store, service.organisation, "twice", one, 1_000)) for one in spoken]
    for version, words in said.items():
        found = node.data("getTemplateByIdAndVersion", "template", VAULT.uuid("t", kept[0].id), version)
        assert (found["version"], found["body"]) == (version, words)
    every = node.data("getAllTemplates", "templates")["templates"]
    texts = node.data("getAllTemplates", "templates", "sms")["templates"]
    assert {one["type"] for one in every} == {"sms", "email"}
    assert texts == [one for one in every if one["type"] == "sms"]
    assert node.data("previewTemplateById", "preview", number, GIVEN)["subject"] == "Flight SK 12"
    assert node.data("previewTemplateById", "preview", service.template("plain"))["subject"] is None


def test_the_node_client_is_refused_as_by_notify(service: Service, node: Node) -> None:
    letters = (400, "BadRequestError", "Service is not allowed to send letters")
    assert node.refused("sendLetter", str(uuid4()), {"personalisation": {"address_line_1": "A"}}) == letters
    assert node.refused("sendPrecompiledLetter", "r", {"$file": "%PDF"}, "second") == letters
    sent = node.data("sendSms", "posted_sms", service.template("plain"), PHONE)
    assert node.refused("getPdfForLetterNotification", sent["id"])[2] == "Notification is not a letter"
    assert node.refused("getPdfForLetterNotification", str(uuid4()))[1] == "NoResultFound"
    assert node.refused("sendSms", service.template("plain"), "07900")[2] == "phone_number Not enough digits"
    number = str(uuid4())
    assert "sms_sender_id" in node.refused("sendSms", service.template("plain"), PHONE, {"smsSenderId": number})[2]
    assert (
        "email_reply_to_id"
        in node.refused(
            "sendEmail", service.template("mail"), MAIL, {"personalisation": GIVEN, "emailReplyToId": number}
        )[2]
    )
    file = node.answer("prepareUpload", {"$file": "a,b"}, {"filename": "a.csv", "retentionPeriod": "2 weeks"})
    assert node.refused("sendEmail", service.template("mail"), MAIL, {"personalisation": {**GIVEN, "name": file}})[
        2
    ].startswith("Send files by email has not been set up")


def test_the_node_client_goes_through_a_proxy_and_with_a_client_of_ones_own(service: Service, node: Node) -> None:
    assert fits(node.answer("setProxy", service.template("plain")), "template")
    assert service.heads[-1]["host"] == "notify.invalid"
    assert "x-ours" not in service.heads[-1]
    node.answer("setClient")
    assert node.data("getTemplateById", "template", service.template("plain"))
    assert service.heads[-1]["x-ours"] == "yes"


def test_an_address_with_a_slash_at_its_end_is_as_good(service: Service) -> None:
    other = Node(service.url + "/", service.keys["live"])
    try:
        assert other.data("sendSms", "posted_sms", service.template("plain"), PHONE)["id"]
        assert other.data("getAllTemplates", "templates")["templates"]
    finally:
        other.end()


# ---- All of it ----


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> None:
    """Every test of this file runs."""
    mine = {getattr(item, "originalname", "") for item in request.session.items if item.path == request.path}
    if not mine >= {name for name in globals() if name.startswith("test_")}:
        pytest.skip("only some of these tests run")


@pytest.mark.usefixtures("whole")
def test_no_call_of_the_python_client_was_left_out() -> None:
    public = {name for name, _ in inspect.getmembers(NotificationsAPIClient, inspect.isfunction) if name[0] != "_"}
    assert public - MADE == set()


@pytest.mark.usefixtures("whole")
def test_no_call_of_the_node_client_was_left_out(node: Node) -> None:
    calls = node.answer("calls")
    assert len(calls["every"]) >= 15
    assert set(calls["every"]) - set(calls["made"]) == set()
