"""Files for translators: every text of a country in texts/<language>.po, with what is translated already.

An entry is kept as long as its source text is the same. Where the source has changed, the translation stays as a
draft: fuzzy, with the text it was made for as `#| msgid`, and the check counts it as stale until somebody has looked
at it. Entries of texts that are no more are dropped, and named. A second run changes nothing.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, normalize, read_po

from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import Finding
from vikno.packs.load import read_country, read_service, service_folders
from vikno.packs.po import normal
from vikno.packs.source import read_text

FIRST = ("country.title", "service.title", "service.keywords")
FREE = "may stay empty: then the original is shown"
GUESSED = frozenset({"fuzzy", "python-format", "python-brace-format"})  # babel's guesses; fuzzy is kept apart
BROKEN = frozenset({"file_unreadable", "yaml_broken", "yaml_anchor"})


class NotTranslatable(ViknoError):
    """The texts cannot be listed, or an existing translation cannot be read. Nothing was written."""

    code = "not_translatable"
    retryable = False


@dataclass(frozen=True, slots=True)
class Translation:
    """One file as it is now. `stale` are drafts for an earlier text, `missing` have no translation."""

    file: str
    texts: int
    missing: int
    stale: int
    dropped: tuple[str, ...]
    changed: bool


@dataclass
class _Entry:
    """One message of a PO file. `previous` are the lines that say what text a draft was made for."""

    key: str
    source: str
    translation: str = ""
    fuzzy: bool = False
    comments: list[str] = field(default_factory=list)
    previous: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    free: bool = False


def write_translations(folder: Path, language: str) -> list[Translation]:
    """Write texts/<language>.po of a country and of each of its services; files in that language itself are not made.

    Raises:
        NoCountry: the folder holds no country.
        NotTranslatable: the folder or an existing file cannot be read; nothing is written then.
    """
    plan = _Plan(folder, language)
    for path in plan.written:
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise NotTranslatable(f"{path.parent} is a link that leads out of {folder}")
    for path, text in plan.written.items():
        path.parent.mkdir(exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.unlink(missing_ok=True)
        with beside.open(
            "x", encoding="utf-8", newline="\n"
        ) as new:  # x: what a link of this name leads to is not ours
            new.write(text)
        beside.replace(path)  # whole or not at all
    return plan.translations


class _Plan:
    """What will be written, worked out before anything is."""

    def __init__(self, folder: Path, language: str) -> None:
        self.folder, self.language = folder, language
        self.written: dict[Path, str] = {}
        self.translations: list[Translation] = []
        self._found: list[Finding] = []
        self._heard: dict[tuple[str, str], bool] = {}
        country = read_country(folder, self._found.append, self._hear)
        self._refuse()
        shared, own = dict(self._heard), country.language != language
        homes = service_folders(folder)
        if own:
            # A service may have translated texts of the country's as long as the country had no file for this language.
            lent = [entry for home in homes for entry in self._known(home) if (entry.key, entry.source) in shared]
            self._file(folder, country.code, shared, lent)
        for home in homes:
            self._heard.clear()
            service = read_service(home, country, self._found.append, self._hear)
            self._refuse()
            if service is None:
                raise NotTranslatable(f"{home} cannot be understood: see `vikno check {folder}`")
            if service.language != language:
                self._file(home, service.key, self._heard, moved=[key for key, _ in shared] if own else [])

    def _hear(self, key: str, source: str, required: bool) -> None:
        self._heard[key, source] = self._heard.get((key, source), False) or required

    def _refuse(self) -> None:
        """A file that cannot be read would look as if its texts were gone."""
        for finding in self._found:
            if finding.code in BROKEN:
                raise NotTranslatable(f"{finding.place}: {finding.message}")

    def _path(self, folder: Path) -> Path:
        return folder / "texts" / f"{self.language}.po"

    def _known(self, folder: Path) -> list[_Entry]:
        path = self._path(folder)
        return list(_entries(_read(path), path)) if path.exists() else []

    def _file(
        self,
        folder: Path,
        named: str,
        texts: Mapping[tuple[str, str], bool],
        lent: Sequence[_Entry] = (),
        moved: Collection[str] = (),
    ) -> None:
        path = self._path(folder)
        old = _read(path) if path.exists() else ""
        known = self._known(folder)
        order = sorted(texts, key=lambda text: FIRST.index(text[0]) if text[0] in FIRST else len(FIRST))
        entries = [_entry(key, source, texts[key, source], [*known, *lent]) for key, source in order]
        if not entries and not old:
            return
        keys = {key for key, _ in texts}
        gone = (entry.key for entry in known if entry.translation and entry.key not in keys and entry.key not in moved)
        text = "\n".join([_header(old, named, self.language), *map(_written, entries)])
        if text != old:
            self.written[path] = text
        self.translations.append(
            Translation(
                str(path),
                len(entries),
                sum(not entry.translation and not entry.free for entry in entries),
                sum(entry.fuzzy for entry in entries),
                tuple(dict.fromkeys(gone)),
                text != old,
            )
        )


def _entry(key: str, source: str, required: bool, known: list[_Entry]) -> _Entry:
    """The entry of a text: as it was, or a draft from an earlier text, or empty."""
    same = [entry for entry in known if entry.source == source and entry.translation]
    found = next((entry for entry in same if entry.key == key), None) or next(iter(same), None)
    if found is None:
        found = next((entry for entry in known if entry.key == key and entry.source == source), None)
    if found is not None:
        mine = found.key == key
        return _Entry(
            key,
            source,
            found.translation,
            found.fuzzy,
            found.comments if mine else [],
            found.previous,
            found.flags if mine else [],
            not required,
        )
    earlier = next((entry for entry in known if entry.key == key and entry.translation), None)
    if earlier is None:
        return _Entry(key, source, free=not required)
    previous = (
        earlier.previous if earlier.fuzzy and earlier.previous else _commented(f"msgid {_quoted(earlier.source)}")
    )
    return _Entry(key, source, earlier.translation, True, earlier.comments, previous, earlier.flags, not required)


# ---- reading ----


def _read(path: Path) -> str:
    found: list[Finding] = []
    text = read_text(path, str(path), found.append)
    if text is None:
        raise NotTranslatable(f"{found[0].place}: {found[0].message}")
    return text


def _header(old: str, named: str, language: str) -> str:
    """The first entry as it stands, or a new one."""
    block, _, _ = old.partition("\n\n")
    if 'msgid ""\nmsgstr' in f"{block}\n":
        return block.rstrip("\n") + "\n"
    locale = Locale.parse(language, sep="-")
    fields = [
        f"Project-Id-Version: {named}",
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {Catalog(locale=locale).plural_forms}",
    ]
    return "\n".join(['msgid ""', 'msgstr ""', *(f'"{line}\\n"' for line in fields)]) + "\n"


def _entries(old: str, path: Path) -> Iterator[_Entry]:
    try:
        catalog = read_po(io.BytesIO(old.encode()), locale=None, abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as error:
        raise NotTranslatable(f"{path} is not a PO file: {error}. Mend it or move it away first") from None
    for message in catalog:
        if not message.id or not isinstance(message.id, str):
            continue
        comments = [comment for comment in message.user_comments if not comment.startswith("|")]
        previous = [f"#{comment}" for comment in message.user_comments if comment.startswith("|")]
        flags = sorted(flag for flag in message.flags if flag not in GUESSED)
        string = message.string if isinstance(message.string, str) else ""
        yield _Entry(
            message.context or "", normal(message.id), normal(string), message.fuzzy, comments, previous, flags
        )


# ---- writing ----


def _written(entry: _Entry) -> str:
    lines = [f"# {comment}".rstrip() for comment in entry.comments]
    lines += [f"#. {FREE}"] if entry.free and not entry.translation else []
    flags = (["fuzzy"] if entry.fuzzy else []) + entry.flags
    lines += [f"#, {', '.join(flags)}"] if flags else []
    lines += entry.previous if entry.fuzzy else []
    lines += [f"msgctxt {_quoted(entry.key)}", f"msgid {_quoted(entry.source)}", f"msgstr {_quoted(entry.translation)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return str(normalize(text, width=0))


def _commented(lines: str) -> list[str]:
    return [f"#| {line}" for line in lines.split("\n")]
