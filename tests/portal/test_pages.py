"""The pages over HTTP, as a browser without scripts sees them."""

from __future__ import annotations

import hashlib
import json
import re
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import rfc8785

from tests.portal.conftest import DAY, LANGUAGES, SERVICES
from tests.portal.forms import Element, asked, first_answer, question_form, read, submitted

LOST = (
    f"where=ua&age=33&reason=lost&prev=card&status=idp&rep=self&moves=true&rnokpp=yes&address=true&civil=false"
    f"&speed=standard&on={DAY}"
)
UNDER_14 = f"where=ua&age=10&on={DAY}"
BELOW = "/en/ua/id-card/"


def get(client: httpx.Client, address: str, status: int = 200) -> Element:
    """A page, with what every page must keep."""
    response = client.get(address)
    assert response.status_code == status, address
    check_page(response)
    return read(response.text)


def check_page(response: httpx.Response) -> None:
    page = read(response.text)
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"\sstyle=|<style|\son\w+=", response.text), "nothing inline, or the policy blocks it"
    assert all(script["src"].startswith("/static/") for script in page.all("script"))
    assert page.one("html")["lang"] in LANGUAGES
    assert len(page.all("h1")) == 1
    assert page.one("title").text
    ids = re.findall(r'\sid="([^"]+)"', response.text)
    assert len(ids) == len(set(ids)), "an id stands twice"


def walk(client: httpx.Client, lang: str, service: str) -> tuple[list[str], httpx.Response]:
    """Answer every question by its form; the facts asked, and the outcome."""
    response = client.get(f"/{lang}/{service}/?on={DAY}")
    facts: list[str] = []
    while "-sent" in response.text:
        check_page(response)
        page = read(response.text)
        facts.append(asked(page))
        response = client.get(submitted(question_form(page), **first_answer(question_form(page))))
        assert response.status_code == 200
    check_page(response)
    return facts, response


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_walked_by_its_forms_alone(client: httpx.Client, lang: str, service: str) -> None:
    facts, outcome = walk(client, lang, service)
    assert facts
    assert len(facts) == len(set(facts)), "nothing is asked twice"
    page = read(outcome.text)
    assert page.all("section", aria_labelledby="proof")
    given = [name for name, _ in parse_qsl(outcome.url.query.decode(), keep_blank_values=True)]
    assert list(dict.fromkeys(given)) == [*facts, "on"], "the address says the answers, in order, and no more"


def test_the_front_page_offers_every_service_in_both_languages(client: httpx.Client) -> None:
    for lang in LANGUAGES:
        page = get(client, f"/{lang}/")
        links = {link["href"] for link in page.all("a")}
        assert {f"/{lang}/{service}/" for service in SERVICES} <= links
    assert client.get("/", headers={"accept-language": "en-GB,en;q=0.9"}).url.path == "/en/"
    assert httpx.get(client.base_url, headers={"accept-language": "de"}, follow_redirects=True).url.path == "/uk/"


@pytest.mark.parametrize(
    ("wish", "first"), [("загубила паспорт", "/uk/ua/id-card/"), ("переселенці", "/uk/ua/idp-allowance/")]
)
def test_a_wish_in_own_words_finds_a_service(client: httpx.Client, wish: str, first: str) -> None:
    page = read(client.get("/uk/", params={"q": wish}).text)
    found = page.one("section", aria_labelledby="found")
    assert first in [link["href"] for link in found.all("a")]


@pytest.mark.parametrize("wish", ["борщ", "<script>alert(1)</script>", "\x00\x07", "я" * 900, "' OR 1=1 --"])
def test_a_wish_that_fits_nothing_is_answered_kindly(client: httpx.Client, wish: str) -> None:
    response = client.get("/uk/", params={"q": wish})
    assert response.status_code == 200
    check_page(response)
    assert "<script>alert" not in response.text


def test_an_unanswered_question_says_what_is_missing_and_leads_there(client: httpx.Client) -> None:
    form = question_form(get(client, f"{BELOW}?on={DAY}"))
    page = get(client, submitted(form), 400)
    summary = page.one("div", role="alert")
    target = summary.one("a")["href"].removeprefix("#")
    assert page.all("input", id=target)
    assert page.one("title").text.startswith("Error: ")


@pytest.mark.parametrize(
    ("before", "sent", "says"),
    [
        ("where=ua", {"age": "999"}, "Type a number from 0 to 120"),
        ("where=ua", {"age": "<img src=x>"}, "Type a number from 0 to 120"),
        ("where=ua", {"age": ""}, "Type a number from 0 to 120"),
        ("", {"where": "lost"}, "Choose one of the answers"),
        (
            "where=ua&age=33&reason=first&parents=mixed",
            {"status": "astronaut"},
            "Choose something from the list, or “None of these”",
        ),
        (
            "where=ua&age=33&reason=first&parents=mixed",
            {"status": ["idp", ""]},
            "Choose either something from the list",
        ),
    ],
)
def test_a_wrong_answer_is_explained_where_it_was_given(
    client: httpx.Client, before: str, sent: dict[str, str | list[str]], says: str
) -> None:
    form = question_form(get(client, f"{BELOW}?{before}&on={DAY}"))
    page = get(client, submitted(form, **sent), 400)
    assert asked(page) == asked(get(client, f"{BELOW}?{before}&on={DAY}")), "the same question is asked again"
    assert says in page.one("p", id="wrong").text
    kept = dict(parse_qsl(before))
    hidden = {field["name"]: field["value"] for field in question_form(page).all("input", type="hidden")}
    assert kept.items() <= hidden.items(), "the other answers are not lost"


def test_going_on_without_a_tick_is_none_of_these(client: httpx.Client) -> None:
    response = client.get(f"/uk/ua/foreign-passport/?on={DAY}")
    while asked(read(response.text)) != "status":
        form = question_form(read(response.text))
        response = client.get(submitted(form, **first_answer(form)))
    page = read(response.text)
    assert "просто йдіть далі" in page.text
    assert "Можна обрати кілька" not in page.text, "there is one option"
    on = client.get(submitted(question_form(page)))
    assert on.status_code == 200
    assert ("status", "") in parse_qsl(on.url.query.decode(), keep_blank_values=True), "the address says none"
    assert "Нічого з цього" in on.text
    several = get(client, f"{BELOW}?where=ua&age=33&reason=first&parents=mixed&on={DAY}")
    assert several.one("p", id="many").text


def test_who_has_ordered_already_finds_where_to_follow(client: httpx.Client) -> None:
    finished = f"/uk/ua/id-card/?{LOST}"
    for address in ("/uk/", finished):
        [link] = [one["href"] for one in get(client, address).all("a") if "Стежити за документом" in one.text]
        assert link == "/uk/chat?do=follow"
    assert get(client, "/uk/chat?do=follow").one("div", data_chat="")["data-follow"] == "Стежити за документом"
    assert not get(client, "/uk/chat").one("div", data_chat="")["data-follow"]
    assert "do=follow" not in client.get(f"/uk/ua/id-card/?where=ua&on={DAY}").text, "there is nothing ordered yet"


def test_what_was_typed_stays_in_the_field(client: httpx.Client) -> None:
    form = question_form(get(client, f"{BELOW}?where=ua&on={DAY}"))
    assert get(client, submitted(form, age="1999"), 400).one("input", id="answer")["value"] == "1999"


@pytest.mark.parametrize(
    ("query", "notes"),
    [
        ("where=ua&colour=red", ["“colour”: there is no such question here."]),
        ("where=mars", ["the answer “mars” does not fit here."]),
        ("where=ua&where=abroad_ps", ["the address gives several answers"]),
        ("where=ua&age=10&reason=lost", ["in your circumstances this answer changes nothing."]),
        ("where=ua&on=32.13.2026", ["“32.13.2026”: nothing can be said for such a day"]),
        ("where=%3Cscript%3Ealert(1)%3C/script%3E", ["the answer “<script>alert(1)</script>” does not fit here."]),
        ("where=ua%00%1b[2J", ["the answer “ua[2J” does not fit here."]),
        ("&".join(f"x{n}=1" for n in range(50)), ["“x0”", "“x5”", "And 44 more."]),
        ("%F0%28%8C%28=%FF&where=ua", ["there is no such question here."]),
        ("-ask=nothing&-sent=nobody&where=ua", []),
    ],
)
def test_a_tampered_address_is_read_as_far_as_it_goes(client: httpx.Client, query: str, notes: list[str]) -> None:
    response = client.get(f"{BELOW}?{query}")
    assert response.status_code == 200
    check_page(response)
    assert "<script>alert" not in response.text
    told = [notice.text for notice in read(response.text).all("div", role="status")]
    assert bool(told) == bool(notes)
    for note in notes:
        assert note in told[0]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/en/ua/no-such-service/", 404),
        ("/en/zz/id-card/", 404),
        ("/en/ua/..%2f..%2fetc/", 404),
        ("/fr/ua/id-card/", 404),
        ("/en/%00/%0a/", 404),
        ("/en/nowhere", 404),
        ("/static/../manifest.json", 404),
        (f"{BELOW}?{'a' * 9000}", 414),
        (f"{BELOW}checklist.pdf?where=ua", 404),
        (f"{BELOW}receipt.json?where=ua", 404),
    ],
)
def test_what_is_not_there_has_a_kind_page(client: httpx.Client, address: str, status: int) -> None:
    response = client.get(address)
    assert response.status_code == status
    if address.startswith("/static"):
        return
    check_page(response)
    assert read(response.text).all("form", role="search"), "one can search from here"


def test_the_wrong_method_is_no_failure(client: httpx.Client) -> None:
    assert client.post("/en/").status_code == 404
    assert client.get("/preferences").status_code == 404


def test_any_answer_can_be_changed_and_the_others_stay(client: httpx.Client) -> None:
    outcome = get(client, f"{BELOW}?{LOST}")
    change = next(link["href"] for link in outcome.all("a") if link["href"].endswith("-ask=age"))
    page = get(client, change)
    assert asked(page) == "age"
    assert page.one("input", id="answer")["value"] == "33"
    changed = client.get(submitted(question_form(page), age="70"))
    assert dict(parse_qsl(urlsplit(str(changed.url)).query)) == {**dict(parse_qsl(LOST)), "age": "70"}
    assert "open-ended" in changed.text.lower() or "50" in changed.text


def test_back_leads_through_the_questions_to_the_front_page(client: httpx.Client) -> None:
    page, seen = get(client, f"{BELOW}?{LOST}"), []
    while True:
        back = next(link["href"] for link in page.all("a") if "vk-back" in link.attributes.get("class", ""))
        if not back.startswith(BELOW):
            break
        page = get(client, back)
        seen.append(asked(page))
    assert back == "/en/"
    assert seen == list(reversed([name for name in dict(parse_qsl(LOST)) if name != "on"]))


def test_the_language_changes_and_the_answers_stay(client: httpx.Client) -> None:
    page = get(client, f"{BELOW}?{LOST}")
    (ukrainian,) = {link["href"] for link in page.all("a", hreflang="uk")}
    other = get(client, ukrainian)
    assert other.one("html")["lang"] == "uk"
    hashes = [[code.text for code in one.all("dd", class_="vk-mono")] for one in (page, other)]
    assert hashes[0] == hashes[1], "the receipt is the same in every language"


def test_the_outcome_shows_what_the_command_says(client: httpx.Client) -> None:
    page = get(client, f"/uk/ua/id-card/?{LOST}")
    texts = [text.text for text in page.all("p", class_="vk-item-text")]
    assert any("ВПО" in text for text in texts)
    assert "652" in page.one("p", class_="vk-sum").text
    assert "15 березня 2026" in page.one("main").text
    kinds = [
        heading["id"].removeprefix("kind-")
        for heading in page.all("h2")
        if heading.attributes.get("id", "").startswith("kind-")
    ]
    order = ["stop", "done", "human", "bring", "fee", "benefit", "term", "place", "validity", "deadline", "note"]
    assert kinds == [kind for kind in order if kind in kinds]
    whys = page.all("details", class_="vk-item-more")
    assert len(whys) == len(texts)
    assert any("Паспорт загублено" in why.text for why in whys), "the deciding answer is named"
    assert any(link["href"].startswith("https://") for why in whys for link in why.all("a"))


def test_a_stop_says_why_and_whom_to_ask(client: httpx.Client) -> None:
    page = get(client, f"{BELOW}?{UNDER_14}")
    alert = page.one("div", data_color="danger")
    assert "14" in alert.text
    assert "State Migration Service" in page.one("main").text


def test_the_receipt_can_be_replayed(client: httpx.Client) -> None:
    receipt = client.get(f"{BELOW}receipt.json?{LOST}").json()
    assert hashlib.sha256(rfc8785.dumps(receipt["receipt"])).hexdigest() == receipt["sha256"]
    assert receipt["sha256"] in client.get(f"{BELOW}?{LOST}").text
    assert receipt["receipt"]["date"] == DAY


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_checklist_is_a_tagged_pdf(client: httpx.Client, lang: str) -> None:
    response = client.get(f"/{lang}/ua/id-card/checklist.pdf?{LOST}")
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-disposition"] == f'attachment; filename="ua-id-card-{DAY}.pdf"'
    assert response.content.startswith(b"%PDF-1.7")
    assert b"pdfuaid:part" in response.content, "it says that it keeps PDF/UA"
    title = {"uk": "Ось що вам потрібно", "en": "Here is what you need"}[lang]
    assert title.encode() in response.content
    fonts = set(re.findall(rb"/BaseFont\s*/[A-Z]{6}\+(\w+)", response.content))
    assert fonts, "fonts are embedded"
    assert all(font.startswith(b"ViknoInter") for font in fonts), fonts


def test_hostile_answers_on_paper_are_only_words(client: httpx.Client) -> None:
    response = client.get(f"/en/ua/id-card/checklist.pdf?{UNDER_14}&%23eval(%22read%22)=1")
    assert response.content.startswith(b"%PDF")


def test_preferences_are_kept_and_lead_back_here_only(client: httpx.Client) -> None:
    def choose(**form: str) -> httpx.Response:
        return httpx.post(f"{client.base_url}/preferences", data=form)

    chosen = choose(scheme="dark", back=f"{BELOW}?where=ua")
    assert (chosen.status_code, chosen.headers["location"]) == (303, f"{BELOW}?where=ua")
    cookie = chosen.headers["set-cookie"]
    assert "scheme=dark" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    dark = httpx.get(f"{client.base_url}/en/", cookies={"scheme": "dark"})
    assert read(dark.text).one("html")["data-color-scheme"] == "dark"
    for elsewhere in ("//evil.example/", "https://evil.example/", "/\\evil.example", "/x\r\nset-cookie: a=b"):
        assert choose(scheme="dark", back=elsewhere).headers["location"] == "/"
    assert "set-cookie" not in choose(scheme="pink", back="/").headers
    assert choose(scheme="x" * 100_000).status_code == 303


def test_files_beside_the_pages_are_kept_by_browsers_and_compressed(client: httpx.Client) -> None:
    page = get(client, "/en/")
    addresses = [link["href"] for link in page.all("link", rel="stylesheet")] + [page.all("script")[0]["src"]]
    for address in addresses:
        response = client.get(address, headers={"accept-encoding": "gzip"})
        assert response.headers["content-encoding"] == "gzip"
        assert "immutable" in response.headers["cache-control"]
        assert client.get(address, headers={"accept-encoding": "identity"}).text == response.text
    css = client.get(addresses[0]).text
    for font in re.findall(r'url\("?\./([^")]+\.woff2)', css):
        assert client.get(f"/static/{font}").headers["content-type"] == "font/woff2"
    assert "http://" not in css.replace("http://www.w3.org/", ""), "nothing comes from elsewhere"
    assert "https://" not in css


def test_each_country_wears_its_own_colours(client: httpx.Client) -> None:
    themes = {
        get(client, address).all("link", rel="stylesheet")[1]["href"].rpartition("-")[0]
        for address in ("/en/", "/en/ua/id-card/", "/en/example/library-card/")
    }
    assert themes == {"/static/theme-default", "/static/theme-ua", "/static/theme-example"}


def test_pages_may_be_kept_by_search_engines_only_without_answers(client: httpx.Client) -> None:
    def kept(address: str) -> bool:
        return not get(client, address).all("meta", name="robots")

    assert kept("/en/")
    assert kept(BELOW)
    assert not kept(f"{BELOW}?where=ua")
    assert not kept(f"{BELOW}?{LOST}")


@pytest.mark.parametrize(
    "address",
    [
        f"{BELOW}?{LOST}",
        f"{BELOW}?where=ua",
        f"{BELOW}?where=ua&-sent=where",
        f"{BELOW}?where=ua&-sent=age",
        f"{BELOW}?where=ua&age=abc",
        f"{BELOW}receipt.json?{LOST}",
        f"{BELOW}receipt.json?where=ua",
        f"{BELOW}checklist.pdf?{LOST}",
        f"{BELOW.rstrip('/')}?where=ua",
        f"{BELOW}?where={'x' * 9000}",
        "/en/ua/nowhere/?where=ua",
        "/en/?q=lost+passport",
    ],
)
def test_what_holds_answers_is_kept_by_nobody(client: httpx.Client, address: str) -> None:
    response = client.get(address, follow_redirects=False)
    assert response.headers["cache-control"] == "no-store"


def test_the_server_says_that_it_is_well(client: httpx.Client) -> None:
    assert client.get("/health").text == f"ok {len(SERVICES)}\n"
    assert "Disallow: /chat/" in client.get("/robots.txt").text


def test_receipts_are_json_that_a_program_reads(client: httpx.Client) -> None:
    response = client.get(f"{BELOW}receipt.json?{LOST}")
    assert response.headers["content-type"] == "application/json"
    assert json.loads(response.content)["receipt"]["service"] == "ua/id-card"
