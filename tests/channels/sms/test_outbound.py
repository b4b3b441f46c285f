"""One abstract message as SMS: nothing dropped, no word cut, no more parts than are paid for."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.channels.sms import NoNumber, Sms, segments
from vikno.channels.sms.outbound import texts
from vikno.domain.dialog.messages import Button
from vikno.usecases.channel import Outbound
from vikno.wire.http import HttpRequest
from vikno.wire.limits import SMS_PARTS, SMS_SHORT_PARTS

LINK = "https://vikno.example/s/Zm9vYmFyLTIwMjYtMTEtMjI"
YES_NO = (Button("1.y", "Так"), Button("1.n", "Ні"), Button("1.b", "Назад", "nav"))
PAPERS = "Вам знадобляться:\n" + "\n".join(f"• документ номер {at}, оригінал і копія, з печаткою" for at in range(40))
words = st.text(st.sampled_from("абвгґдеєжзиіїйклмнь🙂é-."), min_size=1, max_size=25)
bodies = st.lists(words, min_size=1, max_size=300).flatmap(
    lambda some: st.lists(
        st.sampled_from([" ", " ", " ", ". ", "\n", "\n\n"]), min_size=len(some), max_size=len(some)
    ).map(lambda seams: "".join(a + b for a, b in zip(some, seams, strict=True)))
)
buttons = st.lists(
    st.builds(Button, st.just("1.x"), st.lists(words, min_size=1, max_size=4).map(" ".join),
              st.sampled_from(["choice", "chosen", "nav", "action"])), max_size=30,
).map(tuple)  # fmt: skip


def parts(text: str) -> int:
    return len(segments(text).parts)


def apart(text: str) -> list[str]:
    return text.split()


@given(bodies, buttons)
def test_without_a_link_every_word_is_said(text: str, some: tuple[Button, ...]) -> None:
    said = texts(Outbound(text, buttons=some))
    assert all(parts(one) <= SMS_PARTS for one in said)
    everything = apart(" ".join(said))
    for word in apart(text):
        assert word in everything
    flat = " ".join(everything)
    for button in some:
        assert " ".join(button.label.split()) in flat


@given(bodies, buttons)
def test_with_a_link_no_choice_is_dropped_and_no_word_cut(text: str, some: tuple[Button, ...]) -> None:
    said = texts(Outbound(text, buttons=some, link=LINK))
    assert all(parts(one) <= SMS_PARTS for one in said)
    flat = " ".join(apart(" ".join(said)))
    choices = [button for button in some if button.style in ("choice", "chosen")]
    for at, button in enumerate(choices, 1):
        assert f"{at} {'✓ ' if button.style == 'chosen' else ''}{' '.join(button.label.split())}" in flat
    for button in some:
        assert " ".join(button.label.split()) in flat
    known = {*apart(text), "…", *(word for button in some for word in apart(button.label))}
    for word in apart(" ".join(said)):
        assert word in known or re.fullmatch(r"\d+|✓|/|\(.*|.*\)|https:.*", word), word


def test_a_short_message_is_whole_and_its_link_is_not_needed() -> None:
    assert texts(Outbound("Вам є 18 років?", buttons=YES_NO, link=LINK)) == ("Вам є 18 років?\n1 Так\n2 Ні\n(Назад)",)


def test_a_long_text_becomes_a_short_one_with_its_link() -> None:
    (said,) = texts(Outbound(PAPERS, link=LINK))
    assert parts(said) <= SMS_SHORT_PARTS
    assert said.startswith("Вам знадобляться:\n• документ номер 0, оригінал і копія, з печаткою\n")
    assert said.endswith(f"печаткою …\n{LINK}")


def test_a_shortened_text_does_not_end_with_a_heading() -> None:
    rows = "\n".join(f"• {'дуже довгий рядок переліку ' * 12}{at}" for at in range(4))
    (said,) = texts(Outbound(f"Ваш перелік\n\nВізьміть із собою:\n{rows}", link=LINK))
    assert said == f"Ваш перелік …\n{LINK}"


def test_a_long_question_keeps_what_is_asked() -> None:
    (said,) = texts(Outbound(f"{PAPERS}\n\nУ вас усе це є?", buttons=YES_NO, link=LINK))
    assert parts(said) <= SMS_SHORT_PARTS
    assert said.endswith(f"…\nУ вас усе це є?\n1 Так\n2 Ні\n(Назад)\n{LINK}")


def test_one_endless_sentence_is_shortened_between_words() -> None:
    (said,) = texts(Outbound("слово " * 400, link=LINK))
    assert parts(said) <= SMS_SHORT_PARTS
    assert set(said.split()) == {"слово", "…", LINK}


@pytest.mark.parametrize("link", [LINK, None])
def test_the_longest_sentence_costs_little(link: str | None) -> None:
    began = time.process_time()
    said = texts(Outbound("слово " * 5000, link=link))
    assert time.process_time() - began < 1
    assert len(said) == (1 if link else 46)


def test_a_long_text_without_a_link_becomes_several() -> None:
    said = texts(Outbound(PAPERS, buttons=YES_NO))
    assert len(said) > 1
    assert "\n".join(said) == PAPERS + "\n1 Так\n2 Ні\n(Назад)"  # parted between lines


def test_choices_that_fill_more_than_a_message_are_all_there() -> None:
    regions = tuple(Button(f"1.{at}", f"Область з довгою назвою номер {at}") for at in range(60))
    for link in (None, LINK):
        said = "\n".join(texts(Outbound("Де ви живете?", buttons=regions, link=link)))
        assert all(f"{at} Область з довгою назвою номер {at - 1}" in said for at in range(1, 61))


def test_each_text_is_a_request_and_ids_differ() -> None:
    sms = Sms(
        number="1515", gateway="http://u:p@host/cgi-bin/sendsms", secret="s" * 16, callback="https://us/hooks/sms/main"
    )
    requests = [one for one in sms.render(Outbound(PAPERS), "380501112233") if isinstance(one, HttpRequest)]
    urls = [one.headers["X-Kannel-DLR-URL"] for one in requests]
    assert len(requests) == len(texts(Outbound(PAPERS))) == len(set(urls)) > 1


@pytest.mark.parametrize(
    "address", ["", "VIKNO", "1515", "abc380501112233", "+", "3805011122334455", "380501112233\r\nX: y"]
)
def test_only_a_phone_number_can_be_written_to(address: str) -> None:
    with pytest.raises(NoNumber):
        Sms(number="1515", gateway="http://u:p@host/", secret="s" * 16).render(Outbound("Добрий день"), address)
