"""Templates: filled as Notify fills them, and what a value brings stays words."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vikno.domain.errors import ViknoError
from vikno.domain.notify.fill import (
    LONGEST_VALUE,
    MOST_ITEMS,
    Filled,
    PersonalisationTooLong,
    fill,
    missing,
)
from vikno.domain.notify.markup import as_html, as_plain
from vikno.domain.notify.template import (
    LONGEST_NAME,
    LONGEST_TEMPLATE,
    MOST_PLACES,
    Conditional,
    Placeholder,
    TemplateTooLong,
    parse,
)
from vikno.domain.notify.unlinked import unlinked

TABLE: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "templates.yaml").read_text(encoding="utf-8"))


def filled(example: dict[str, Any]) -> Filled:
    trust, links = frozenset(example.get("trust", ())), frozenset(example.get("links", ()))
    return fill(parse(example["template"]), example.get("with", {}), trust=trust, links=links)


def named(table: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", TABLE[table], ids=lambda example: example["name"])


@named("filled")
def test_filled(example: dict[str, Any]) -> None:
    result = filled(example)
    assert result.text == example["text"]
    if "placeholders" in example:
        assert list(parse(example["template"]).placeholders) == example["placeholders"]
    if "sanitised" in example:
        assert {name: list(pair) for name, pair in result.sanitised.items()} == example["sanitised"]


@named("refused")
def test_refused(example: dict[str, Any]) -> None:
    with pytest.raises(ViknoError) as raised:
        filled(example)
    assert raised.value.code == example["code"]
    if "about" in example:
        assert list(raised.value.about) == example["about"]
    for value in example["with"].values():
        assert not isinstance(value, str) or len(value) < 2 or value not in str(raised.value), "nothing personal"


@pytest.mark.parametrize("pair", TABLE["values"], ids=lambda pair: ascii(pair[0]))
def test_a_value_can_be_read_and_not_be_tapped(pair: list[str]) -> None:
    assert unlinked(pair[0]) == pair[-1]


@named("mails")
def test_mail(example: dict[str, Any]) -> None:
    result = filled(example)
    assert as_html(result) == example["html"]
    assert as_plain(result) == example["plain"]


def test_a_subject_is_one_line() -> None:
    assert fill(parse("Bring\n((papers))"), {"papers": ["a", "b\r\nBcc: x"]}).line == "Bring • a • b Bcc: x"


# ---- sizes ----


def test_a_template_of_the_greatest_size_is_read_and_a_greater_one_is_not() -> None:
    assert parse("я" * (LONGEST_TEMPLATE // 2)).placeholders == ()
    for longer in ("я" * (LONGEST_TEMPLATE // 2 + 1), "x" * (LONGEST_TEMPLATE + 1)):
        with pytest.raises(TemplateTooLong):
            parse(longer)


def test_names_and_words_full_of_places_have_an_end() -> None:
    assert parse(f"(({'x' * LONGEST_NAME}))").placeholders == ("x" * LONGEST_NAME,)
    for longer in (f"(({'x' * (LONGEST_NAME + 1)}))", "((a))" * 31, "((c??x))" * 31, "((a)) " * (MOST_PLACES + 1)):
        with pytest.raises(TemplateTooLong):
            parse(longer)
    assert fill(parse("((a)) " * MOST_PLACES), {"a": "b"}).text == "b " * MOST_PLACES


WORDS = ["((c??{}))" * 8 + "={}((v))", "{}=((v))" * 20, "{}((c??{}))((v))", "((c??{}=))((d??=))((v)),", "(({}))"]


@pytest.mark.parametrize("space", [" ", "\u00a0", ")", ""])
@pytest.mark.parametrize(
    "piece", ["x://a/", 'x://a/"', "a.ua/", "mailto:", "mailto:a?)", "/", "a.", ".-", "=", "((", "?"]
)
def test_no_template_takes_long(piece: str, space: str) -> None:
    for word in WORDS:
        for much in (1, 10, 200):
            one = word.replace("{}", piece * (1 + much // len(piece))) + space
            text = one * min(LONGEST_TEMPLATE // len(one), MOST_PLACES // word.count("(("))
            start = time.process_time()
            with suppress(ViknoError):
                template = parse(text)
                fill(template, dict.fromkeys(template.placeholders, "yes"))
            assert time.process_time() - start < TAKES_S


@pytest.mark.parametrize("ways", [2, 7, 12])
@pytest.mark.parametrize("link", ["https://bank.ua/", "bank.ua/a?b=", "mailto:a@bank.ua?subject="])
def test_a_value_is_a_part_of_its_link_behind_however_many_conditions(ways: int, link: str) -> None:
    conditions = "".join(f"((c{at}??{at}))" for at in range(ways))
    said = {f"c{at}": "yes" for at in range(ways)}
    filled = fill(parse(f"{link}{conditions}(((v)),((v))"), {**said, "v": "a&b c"})
    assert filled.text == f"{link}{''.join(map(str, range(ways)))}(a%26b%20c,a%26b%20c"


def test_a_value_is_a_part_of_its_link_behind_however_long_a_value() -> None:
    long = "x" * LONGEST_VALUE
    template = parse("https://bank.ua/((a))((a))&b=((b)) ((b)) https://bank.ua/((a))) ((b))")
    assert fill(template, {"a": long, "b": "1&c /"}).text == (
        f"https://bank.ua/{long}{long}&b=1%26c%20%2F 1&c / https://bank.ua/{long}) 1&c /"
    )


@pytest.mark.parametrize(
    "value",
    ["x" * (LONGEST_VALUE + 1), ["x"] * (MOST_ITEMS + 1), 10**5000, ["x" * (LONGEST_VALUE + 1)]],
    ids=["text", "list", "number", "item"],
)
def test_a_value_that_is_too_long_is_refused(value: object) -> None:
    with pytest.raises(PersonalisationTooLong):
        fill(parse("((a))"), {"a": value})


def test_values_that_are_too_long_together_are_refused() -> None:
    with pytest.raises(PersonalisationTooLong):
        fill(parse("((a)) " * 201), {"a": "x" * LONGEST_VALUE})
    with pytest.raises(PersonalisationTooLong):
        fill(parse("((a)) " * 201), {"a": ["x"] * MOST_ITEMS})


HOSTILE = [
    "/", "// ", "//a", " ", "\t", "\n ", "_", "_a", " _a", "~", "~a ", "a~", "#1", "*a", "*", ". ", "1.", "1.1.1.1.",
    "a.", "@a", "@", "\u200d", "א\u200d", "https://", "a.ua/", "x://a/", "mailto:", "$A", "a|", "[a](", "a-", "-", "((",
]  # fmt: skip
TAKES_S = 0.5
"""Ten times what any of them takes on a slow machine; what grows with the square of its length takes seconds."""


@pytest.mark.parametrize("end", ["", " ", "!", ")", '"', "/"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_no_value_of_10_000_signs_takes_long(piece: str, end: str) -> None:
    value = (piece * LONGEST_VALUE)[: LONGEST_VALUE - len(end)] + end
    start = time.process_time()
    once = unlinked(value)
    fill(WITHIN, {"a": value, "b": value})
    assert time.process_time() - start < TAKES_S
    assert unlinked(once) == once


WITHIN = parse("x((a))-((b))/((a)) https://bank.ua/((a))((b))?c=((a))")


# ---- laws ----

PIECES = [
    "evil", "bank", "com", "ua", "me", "t", "укр", "рф", "xn--j1amh", "192.168.0.1", "1", "12", "Іван", "I", " ", "\n",
    ".", "。", "．", "․", "@", "/", "//", ":", "https", "http://", "tg://", "mailto:", "tel:", "#", "$", "*", "_", "~",
    "[", "]", "(", ")", "|", "id1", "?", "&", "=", "-", "\\", "`", "<", ">", '"', "^", "!", ",", "www.", "+380",
    "\u200b", "\u200d", "\u2060", "\u202e", "\u00ad", "\ufeff", "\x00", "\u3164", "👩", "\ufe0f", "\U000f0000",
]  # fmt: skip
tricky = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(max_size=12)

TOPS = "com|ua|me|net|укр|рф|xn--j1amh|la"
TAPPED = re.compile(
    rf"(?:[\w\u2060\u200b\u200d-]+[.。．｡․][\u2060\u200b\u200d]*)+(?:{TOPS})(?![\w])"
    r"|\w+://[^\s/]|[\w.+-]+@[\w-]|(?<!\w)@\w|(?:mailto|tel):[\w+]|(?<![\w/<])/[a-z]|#\d*[^\W\d_]"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])|\[id\d+\|[^\]]+\]|[*@]id\d+ ?\(",
    re.IGNORECASE,
)
"""What somebody would tap, as coarse as the coarsest client."""


@given(tricky)
def test_nothing_in_a_value_is_tapped(value: str) -> None:
    assert not TAPPED.search(unlinked(value))


@given(tricky)
def test_what_is_unlinked_stays_as_it_is(value: str) -> None:
    once = unlinked(value)
    assert unlinked(once) == once
    assert "\n" not in once
    assert once.isprintable() or {"\u200c", "\u200d"} & set(once) or not value.isprintable()


MARKED = re.compile(r"(?<!\w)_+[^\s_]|(?<![^\W_])~[^\s~]|[^\s~]~+(?![^\W_]|~)")


@given(tricky)
def test_no_value_begins_what_another_may_end(value: str) -> None:
    assert not MARKED.search(unlinked(value))


def letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


@given(tricky.filter(lambda value: "\u3164" not in value and "\U000f0000" not in value and value.isascii()))
def test_no_letter_of_a_value_is_lost(value: str) -> None:
    assert letters(unlinked(value)) == letters(value)


SEAMS = ["", "", " ", ".", "@", "#", "-", "/", "bank.", "x", ".com", "com", "((c??.))", "((c??com))", "((no??x))"]


@given(st.lists(st.sampled_from(SEAMS), min_size=3, max_size=3), tricky, tricky)
def test_nothing_is_tapped_that_a_value_is_part_of(seams: list[str], one: str, two: str) -> None:
    template = parse(f"{seams[0]}((one)){seams[1]}((two)){seams[2]}")
    result = fill(template, {"one": one, "two": two, "c": "yes", "no": "no"})
    said = iter(result.said)
    text, own = "", list[bool]()
    for part in template.parts:
        value = part if isinstance(part, str) else next(said)
        words = (part.text if value else "") if isinstance(part, Conditional) else str(value)
        own += [isinstance(part, Placeholder) and letter.isalnum() for letter in words]
        text += words
    assert text == result.text
    assert not [found[0] for found in TAPPED.finditer(text) if any(own[found.start() : found.end()])]


@given(
    st.lists(tricky, min_size=1, max_size=3),
    st.sampled_from(["{}", "# {}", "* {}", "^ {}", "[x]({})", "[{}](y)", "a\n{}"]),
)
def test_no_value_makes_markup(values: list[str], around: str) -> None:
    harmless = ["x" if unlinked(value) else "" for value in values]
    template = parse("\n".join(around.format(f"((v{n}))") for n in range(len(values))))

    def tags(given: list[str]) -> list[str]:
        return re.findall(r"<[^>]*>", as_html(fill(template, {f"v{n}": value for n, value in enumerate(given)})))

    assert tags(values) == tags(harmless)


@given(tricky)
def test_a_value_within_a_link_never_leaves_it(value: str) -> None:
    text = fill(parse("https://bank.ua/((v))"), {"v": value}).text
    assert re.fullmatch(r"https://bank\.ua/[A-Za-z0-9._~%-]*", text)
    assert as_html(fill(parse("[a](https://bank.ua/?q=((v)))"), {"v": value})).count("<a href=") == 1


LINKS = frozenset({"bank.ua"})


@given(tricky)
def test_a_trusted_link_leads_to_its_host_or_nowhere(rest: str) -> None:
    try:
        text = fill(parse("((l))"), {"l": f"https://bank.ua{rest}"}, trust=frozenset({"l"}), links=LINKS).text
    except ViknoError as error:
        assert error.code == "link_refused"  # noqa: PT017 - both ways are right, and this one only so
    else:
        assert text.startswith("https://bank.ua/")
        assert text.isascii()
        assert not set(text) & set(' "<>\\()[]')


@given(st.dictionaries(st.sampled_from(["a", "B", "c_d", "e f"]), st.none() | st.integers() | tricky))
def test_what_is_missing_is_what_is_asked_for(given: dict[str, object]) -> None:
    template = parse("((a)) ((b)) ((C-D)) ((ef??x))")
    absent = missing(template, given)
    if absent:
        with pytest.raises(ViknoError) as raised:
            fill(template, given)
        assert raised.value.about == absent
    else:
        assert fill(template, given).template.placeholders == ("a", "b", "C-D", "ef")


@given(st.text(alphabet="(()) ?ab\n#*[]^-1.\\", max_size=60))
def test_any_text_is_a_template(text: str) -> None:
    template = parse(text)
    result = fill(template, dict.fromkeys(template.placeholders, "x"))
    assert result.sanitised == {}
    assert as_html(result).count("<p>") == as_html(result).count("</p>")
    as_plain(result)
