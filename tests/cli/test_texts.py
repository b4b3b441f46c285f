"""`vikno texts`: what a translator gets, and that nothing they did is lost."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.cli.conftest import Call, edited
from vikno.packs.load import load_country

SERVICE = "services/fishing-permit"
RULES = f"{SERVICE}/consultation.yaml"
PO = f"{SERVICE}/texts/uk.po"
CARRY = 'msgctxt "item.note.carry"\nmsgid "Carry the permit while you fish"\n'


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def entry(folder: Path, key: str, file: str = PO) -> str:
    """The lines of one entry, with its comments."""
    text = (folder / file).read_text("utf-8")
    return next(block for block in text.split("\n\n") if f'msgctxt "{key}"' in block)


def findings(folder: Path, slug: str = "fishing-permit") -> list[str]:
    return [finding.code for finding in load_country(folder, only=slug).findings[f"example/{slug}"]]


@pytest.mark.parametrize(("country", "language"), [("ua", "en"), ("example", "uk")])
def test_files_that_are_complete_stay_as_they_are_byte_for_byte(
    call: Call, root: Path, tmp_path: Path, country: str, language: str
) -> None:
    import shutil

    folder = Path(shutil.copytree(root / "countries" / country, tmp_path / country))
    before = files(folder)
    ran = call("texts", folder, "--lang", language)
    assert (ran.code, ran.err) == (0, "")
    assert files(folder) == before
    assert "to translate" not in ran.out


def test_a_new_language_gets_every_text_under_a_proper_header(call: Call, lakeland: Path) -> None:
    ran = call("texts", lakeland, "--lang", "pl", "--json")
    by_file = {Path(one["file"]).parent.parent.name: one for one in ran.json}
    assert by_file.keys() == {"example", "fishing-permit", "library-card", "visitor-visa"}
    with (lakeland / SERVICE / "texts/pl.po").open("rb") as file:
        catalog = read_po(file, abort_invalid=True)
    assert (str(catalog.locale), catalog.num_plurals, catalog.charset) == ("pl", 3, "utf-8")
    assert len(catalog) == by_file["fishing-permit"]["texts"]
    assert all(not message.string for message in catalog if message.id)
    with (lakeland / PO).open("rb") as file:
        ukrainian = read_po(file)
    assert {(m.context, m.id) for m in catalog} == {(m.context, m.id) for m in ukrainian}
    assert "add “pl” to `languages`" in call("texts", lakeland, "--lang", "pl").out


def test_a_second_run_changes_nothing(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "text: Carry the permit while you fish", "text: Have the permit with you")
    edited(lakeland, RULES, "ask: Will you fish from a boat?", "ask: Do you fish from a boat?")
    for language in ("uk", "pl"):
        call("texts", lakeland, "--lang", language)
        before = files(lakeland)
        ran = call("texts", lakeland, "--lang", language, "--json")
        assert files(lakeland) == before
        assert not any(one["changed"] for one in ran.json)


def test_a_changed_text_keeps_its_translation_as_a_draft_and_says_what_it_was_made_for(
    call: Call, lakeland: Path
) -> None:
    translated = entry(lakeland, "item.note.carry").rpartition("msgstr ")[2]
    edited(lakeland, RULES, "text: Carry the permit while you fish", "text: Have the permit with you")
    assert findings(lakeland) == ["text_stale"]
    ran = call("texts", lakeland, "--lang", "uk")
    assert f"{PO}: 60 texts, 1 to look at again" in ran.out
    assert entry(lakeland, "item.note.carry") == (
        '#, fuzzy\n#| msgid "Carry the permit while you fish"\nmsgctxt "item.note.carry"\n'
        f'msgid "Have the permit with you"\nmsgstr {translated}'
    )
    assert findings(lakeland) == ["text_stale"], "a draft is stale until somebody has looked at it"
    edited(lakeland, PO, '#, fuzzy\n#| msgid "Carry the permit while you fish"\n', "")
    assert findings(lakeland) == []


def test_a_text_that_changes_twice_still_says_what_its_draft_was_made_for(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "text: Carry the permit while you fish", "text: Have the permit with you")
    call("texts", lakeland, "--lang", "uk")
    edited(lakeland, RULES, "text: Have the permit with you", "text: Take the permit along")
    call("texts", lakeland, "--lang", "uk")
    assert '#| msgid "Carry the permit while you fish"' in entry(lakeland, "item.note.carry")
    assert 'msgid "Take the permit along"' in entry(lakeland, "item.note.carry")


def test_a_text_that_is_changed_back_finds_its_draft_again(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "text: Carry the permit while you fish", "text: Have the permit with you")
    call("texts", lakeland, "--lang", "uk")
    edited(lakeland, RULES, "text: Have the permit with you", "text: Carry the permit while you fish")
    call("texts", lakeland, "--lang", "uk")
    assert CARRY in entry(lakeland, "item.note.carry") + "\n"


def test_texts_that_are_no_more_are_dropped_and_named(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "  - note: carry\n    text: Carry the permit while you fish\n", "")
    assert findings(lakeland) == ["text_orphan"]
    ran = call("texts", lakeland, "--lang", "uk")
    assert "dropped: item.note.carry" in ran.out
    assert "item.note.carry" not in (lakeland / PO).read_text("utf-8")
    assert findings(lakeland) == []


def test_a_renamed_item_takes_its_translation_along(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "note: carry", "note: have_it")
    call("texts", lakeland, "--lang", "uk")
    assert "fuzzy" not in entry(lakeland, "item.note.have_it")
    assert findings(lakeland) == []


def test_comments_flags_and_header_of_a_translator_stay(call: Call, lakeland: Path) -> None:
    edited(lakeland, PO, CARRY, f"# said by the Waters Office\n#, no-wrap\n{CARRY}")
    edited(lakeland, PO, '"Language: uk\\n"\n', '"Language: uk\\n"\n"Last-Translator: Olena\\n"\n')
    before = (lakeland / PO).read_text("utf-8")
    call("texts", lakeland, "--lang", "uk")
    assert (lakeland / PO).read_text("utf-8") == before


def test_a_text_of_several_lines_and_with_quotes_comes_through(call: Call, lakeland: Path) -> None:
    edited(
        lakeland,
        RULES,
        "text: Carry the permit while you fish",
        'text: |\n      Carry "it".\n      \n      Or \\ stay.',
    )
    call("texts", lakeland, "--lang", "uk")
    edited(lakeland, PO, '#, fuzzy\n#| msgid "Carry the permit while you fish"\n', "")
    assert findings(lakeland) == []


def test_texts_of_the_country_that_a_service_translated_move_to_the_countrys_file(call: Call, lakeland: Path) -> None:
    country = lakeland / "texts/uk.po"
    blocks = country.read_text("utf-8").rstrip("\n").split("\n\n")[1:]
    country.unlink()
    service = lakeland / "services/visitor-visa/texts/uk.po"
    service.write_text(service.read_text("utf-8").rstrip("\n") + "\n\n" + "\n\n".join(blocks) + "\n", "utf-8")
    ran = call("texts", lakeland, "--lang", "uk", "--json")
    assert [one["dropped"] for one in ran.json] == [[], [], [], []]
    assert ran.json[0]["missing"] == 0
    assert findings(lakeland, "visitor-visa") == []


@pytest.mark.parametrize(
    ("file", "broken"), [(PO, 'msgctxt "x"\nmsgid "no end\n'), (RULES, "facts: [\n"), ("country.yaml", "\tcode: x\n")]
)
def test_what_cannot_be_read_is_never_written_over(call: Call, lakeland: Path, file: str, broken: str) -> None:
    (lakeland / file).write_text(broken, "utf-8")
    before = files(lakeland)
    ran = call("texts", lakeland, "--lang", "uk", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "not_translatable")
    assert files(lakeland) == before


def test_a_language_or_a_folder_that_is_none_is_a_wrong_call(call: Call, lakeland: Path, tmp_path: Path) -> None:
    assert call("texts", lakeland, "--lang", "klingon!").code == 2
    assert call("texts", tmp_path / "nowhere", "--lang", "uk").code == 2


def test_the_language_of_a_folder_itself_has_nothing_to_translate(call: Call, lakeland: Path) -> None:
    assert call("texts", lakeland, "--lang", "en", "--json").json == []
