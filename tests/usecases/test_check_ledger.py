"""The witness of the consent ledger: it sees what is cut, written anew or put back behind what it has said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from vikno.domain.notify.consent import BEGINNING, Head, seal
from vikno.usecases.check_ledger import PAGE, Checked, Witness, check_ledger
from vikno.usecases.people import Agreed

KEY = b"k" * 32


def sealed(lines: list[Agreed]) -> list[Agreed]:
    """The same lines, chained."""
    before, made = b"", list[Agreed]()
    for line in lines:
        before = seal(KEY, before, line)
        made.append(replace(line, seal=before))
    return made


def written(count: int) -> list[Agreed]:
    return sealed([
        Agreed(number, 1, "sky", "advertising", "written", "web", "uk", "v", "Так", 7, b"")
        for number in range(1, count + 1)
    ])  # fmt: skip


@dataclass
class Book:
    """A ledger whose lines anybody may change. `read`: how many were."""

    lines: list[Agreed]
    read: int = 0

    async def ledger(self, after: int = 0, limit: int = 1000) -> tuple[Agreed, ...]:
        found = tuple(line for line in self.lines if line.id > after)[:limit]
        self.read += len(found)
        return found


@dataclass
class Slip:
    """Where the head that was said last is kept."""

    head: Head | None = None
    kept: list[Head] = field(default_factory=list)

    def read(self) -> Head | None:
        return self.head

    def keep(self, head: Head) -> None:
        self.head = head
        self.kept.append(head)


def witness(book: Book, slip: Slip | None = None) -> Witness:
    return Witness(book, KEY, slip or Slip())


async def test_it_looks_at_what_came_since_and_at_the_line_where_it_was() -> None:
    book, slip = Book(written(3)), Slip()
    here = witness(book, slip)
    assert (await here.head()).head == Head(3, book.lines[-1].seal)
    for lines in (written(4), written(4), written(PAGE + 9)):
        book.lines, book.read = lines, 0
        known = slip.kept[-1].id
        checked = await here.head()
        assert (checked.head, checked.whole) == (Head(len(lines), lines[-1].seal), True)
        assert book.read == 1 + len(lines) - known
    assert [head.id for head in slip.kept] == [3, 4, PAGE + 9], "it is kept once"


async def test_an_empty_ledger_is_whole_and_nothing_is_kept_of_it() -> None:
    book, slip = Book([]), Slip()
    here = witness(book, slip)
    assert await here.head() == Checked(BEGINNING)
    book.lines = written(1)
    assert [(await here.head()).head.id for _ in range(2)] == [1, 1]
    assert len(slip.kept) == 1


async def test_a_last_line_that_is_cut_off_is_lost_for_good() -> None:
    for count, left in ((3, 2), (3, 1), (3, 0), (1, 0)):
        book, slip = Book(written(count)), Slip()
        here = witness(book, slip)
        await here.head()
        book.lines = written(left)
        checked = await here.head()
        assert (checked.lost, checked.broken, checked.head.id) == (True, None, left)
        assert slip.head == Head(count, written(count)[-1].seal), "what was said stays kept"
        book.lines = written(count)
        assert (await here.head()).lost, "until the server is started anew"


async def test_a_last_line_that_is_written_anew_is_broken_or_lost() -> None:
    book = Book(written(3))
    here = witness(book)
    await here.head()
    book.lines = [*book.lines[:-1], replace(book.lines[-1], consent="none")]
    checked = await here.head()
    assert (checked.broken, checked.lost) == (3, False), "under the old seal"

    book = Book(written(3))
    here = witness(book)
    await here.head()
    anew = sealed([*book.lines[:-1], replace(book.lines[-1], consent="none")])
    book.lines = anew
    checked = await here.head()
    assert (checked.broken, checked.lost, checked.head) == (None, True, Head(3, anew[-1].seal)), (
        "by whoever has the key"
    )


async def test_lines_that_grow_from_an_older_state_are_not_those_that_were_said() -> None:
    book = Book(written(3))
    here = witness(book)
    await here.head()
    book.lines = sealed([*written(2), *(replace(line, at_ms=8) for line in written(9)[2:])])
    checked = await here.head()
    assert (checked.broken, checked.lost, checked.head.id) == (None, True, 9)


async def test_a_server_that_is_started_anew_knows_what_was_said_before() -> None:
    book, slip = Book(written(3)), Slip()
    await witness(book, slip).head()
    assert (await witness(book, slip).head()).whole
    book.lines = written(2)
    assert (await witness(book, slip).head()).lost
    book.lines = []
    assert (await witness(book, slip).head()).lost
    book.lines = written(4)
    assert (await witness(book, slip).head()).whole


async def test_a_long_ledger_stops_nobody() -> None:
    book, turns = Book(written(4 * PAGE)), 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    checked = await check_ledger(book, KEY)
    beside.cancel()
    assert checked.head.id == 4 * PAGE
    assert turns >= 4
