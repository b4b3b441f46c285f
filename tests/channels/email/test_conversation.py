"""A consultation by letter, with the real services: clicked, numbered and typed, from every client, and late."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest

from tests.channels.email.conftest import Office
from tests.domain.dialog.worlds import said_to_a_checklist, world
from vikno.domain.dialog.events import Event, Said, Started, Tapped
from vikno.domain.dialog.messages import Message
from vikno.domain.dialog.state import decode
from vikno.testing.mail import Client, Letter
from vikno.testing.memory_store import MemoryStore
from vikno.usecases.channel import Inbound, Opened, Pressed, Sent, Wrote
from vikno.usecases.hold_conversation import hold_conversation

SERVICE = "ua/foreign-passport"
DAY = date(2026, 3, 15)
OLENA = "olena@example.com"
CLIENTS: tuple[Client, ...] = ("gmail", "outlook", "apple", "plain")


@pytest.fixture(scope="module")
def answers() -> list[str]:
    return said_to_a_checklist(SERVICE, DAY)


@dataclass
class Talking:
    """The office, with the dialogue behind it: each mail is answered by mail."""

    office: Office
    store: MemoryStore
    answered: int = 0
    outcomes: list[object] = field(default_factory=list)

    async def go_on(self) -> Letter:
        """Answer what has come since; the last letter of it."""
        new, self.answered = self.office.taken[self.answered :], len(self.office.taken)
        for inbound in new:
            event = _event(inbound)
            held = await hold_conversation(
                self.store, inbound.address, inbound.key, event, world(("ua",), DAY), lang="uk"
            )
            for message in held.messages if not held.repeated else ():
                self.outcomes.append(await self.office.send(inbound.address, **_said(message)))  # type: ignore[arg-type]
        assert all(isinstance(one, Sent) for one in self.outcomes)
        return self.office.world.letters[OLENA][-1]


def _event(inbound: Inbound) -> Event:
    match inbound.happened:
        case Opened():
            return Started(None)
        case Pressed(button):
            return Tapped(button)
        case Wrote(text):
            return Said(text)
    raise AssertionError(inbound.happened)


def _said(message: Message) -> dict[str, object]:
    subject = message.checklist.title if message.checklist else None
    return {"text": message.text, "buttons": message.buttons, "subject": subject, "lang": "uk"}


@pytest.fixture
def talking(office: Office) -> Talking:
    return Talking(office, MemoryStore(lambda: 0))


def number_of(letter: Letter, label: str) -> str | None:
    found = [line.partition(". ") for line in letter.text.splitlines()]
    return next((number for number, dot, said in found if dot and said.strip("✓ ") == label), None)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", ["link", "number", "word"])
async def test_the_papers_come_by_letter(talking: Talking, client: Client, way: str, answers: list[str]) -> None:
    olena = talking.office.world.person("Олена Коваль", OLENA, client)
    await olena.open(talking.office.email.entry_link("poster").url)
    letter = await talking.go_on()
    await olena.answer("закордонний паспорт")
    letter = await talking.go_on()
    for answer in answers:
        number = number_of(letter, answer)
        if way == "link" and answer in letter.links:
            await olena.press(answer)
        elif way == "number" and number is not None:
            await olena.answer(number)
        else:
            await olena.answer(answer)
        letter = await talking.go_on()
    assert "Станом на" in letter.text, letter.text
    assert "паспорт" in letter.subject.lower()
    assert len({str(one.message["references"]) for one in olena.letters}) == 1, "one thread"
    # The age is written whatever the way; and a number where several may be chosen is left to the conversation.
    written = {"link": 1, "number": 2, "word": len(answers)}[way]
    assert sum(isinstance(one.happened, Pressed) for one in talking.office.taken) == len(answers) - written


async def test_a_late_number_is_explained_and_answers_nothing_else(talking: Talking, answers: list[str]) -> None:
    olena = talking.office.world.person("Олена", OLENA)
    await olena.write("vikno@example.org", "Питання", "закордонний паспорт")
    first = await talking.go_on()
    assert number_of(first, answers[0]), first.text
    await olena.answer(answers[0])
    second = await talking.go_on()
    before = await said_so_far(talking)
    assert before
    await olena.answer(str(number_of(first, answers[0])), first)  # to the older letter
    third = await talking.go_on()
    assert "з попереднього повідомлення" in third.text
    question = next(line for line in second.text.splitlines() if "?" in line)
    assert question in third.text, "asked again"
    assert await said_so_far(talking) == before


async def said_so_far(talking: Talking) -> dict[str, object]:
    """Her answers on record."""
    state = await talking.store.read(OLENA)
    assert state is not None
    return dict(decode(state).talks[-1].answers)


async def test_a_letter_brought_twice_is_answered_once(talking: Talking) -> None:
    source = "From: olena@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nзакордонний паспорт\r\n".encode()
    for _ in range(2):
        assert (await talking.office.world.bring(source, OLENA, "vikno@example.org"))[0] == 250
        await talking.go_on()
    assert len(talking.office.world.letters[OLENA]) == len(talking.outcomes) == 1
