"""What a turn knows of the outside: services and countries, the day there, the words of each language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property

from vikno.domain.catalog import Country, PublicOrganisation
from vikno.domain.dialog.matching import Labels
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.search import Lemma, ServiceIndex
from vikno.domain.dialog.sheet import Sheet, tag
from vikno.domain.rules.ruleset import Ruleset, ruleset_on
from vikno.domain.rules.service import Service

FALLBACK = "en"


class _Sheets(dict[str, Sheet]):
    """Sheets of one language by service, made when they are first looked up."""

    def __init__(self, world: World, language: str) -> None:
        super().__init__()
        self._world, self._language = world, language

    def __missing__(self, service: str) -> Sheet:
        found = self[service] = self._world.made(service, self._language)
        return found


class World:
    """One day in some countries. Given to every turn; it answers alike for ever, and remembers what it prepared.

    `days` is the calendar day in each country; `lemma` gives dictionary forms; `language` is spoken first
    with somebody whose language is not known yet; `follows`: cases can be followed here.
    """

    def __init__(
        self,
        countries: Mapping[str, Country],
        services: Mapping[str, Service],
        days: Mapping[str, date],
        phrases: Mapping[str, Phrases],
        *,
        lemma: Lemma = lambda word, _: word,
        language: str | None = None,
        follows: bool = False,
    ) -> None:
        self.countries, self.services, self.days, self.phrases = countries, services, days, phrases
        self._lemma = lemma
        self.follows = follows
        self._sheets: dict[str, _Sheets] = {}
        spoken = dict.fromkeys(spoken for country in countries.values() for spoken in country.languages)
        self.languages = tuple(spoken) or tuple(phrases)
        first = next(iter(countries.values())).language if countries else FALLBACK
        self.language = language if language in self.languages else first

    def today(self, service: str) -> date:
        """The calendar day in the country of a service."""
        return self.days[service.partition("/")[0]]

    def words(self, language: str) -> Phrases:
        """The phrases of a language, or English ones where nobody has translated them yet."""
        return self.phrases.get(language) or self.phrases[FALLBACK]

    def ruleset(self, service: str) -> Ruleset:
        return ruleset_on(self.services[service], self.today(service))

    def sheet(self, service: str, language: str) -> Sheet:
        """A service on its day in a language."""
        return self.sheets(language)[service]

    def sheets(self, language: str) -> Mapping[str, Sheet]:
        """All services in a language, each prepared when it is first looked up."""
        found = self._sheets.get(language)
        if found is None:
            found = self._sheets[language] = _Sheets(self, language)
        return found

    def made(self, service: str, language: str) -> Sheet:
        """A new sheet."""
        return Sheet(
            self.ruleset(service), self.words(language), language, self._lemma, self.authority(service)
        )  # fmt: skip

    def title(self, service: str, language: str) -> str:
        return self.services[service].title.text(language)

    def authority(self, service: str) -> PublicOrganisation | None:
        """Whom a person can ask about a service."""
        country = self.countries.get(service.partition("/")[0])
        return country.authorities.get(self.services[service].authority) if country else None

    @cached_property
    def services_by_tag(self) -> Mapping[str, str]:
        return {tag("s", key): key for key in self.services}

    @cached_property
    def commands(self) -> Mapping[str, str]:
        """Typed word -> command, in every language."""
        known: dict[str, str] = {}
        for phrases in self.phrases.values():
            for word, command in phrases.commands.items():
                known.setdefault(word, command)
        return known

    def language_label(self, language: str) -> str:
        """A language by its own name."""
        if language in self.phrases:
            return self.phrases[language].say("this_language")
        from babel import Locale, UnknownLocaleError

        try:
            return (Locale.parse(language, sep="-").get_display_name() or language).capitalize()
        except (UnknownLocaleError, ValueError):
            return language

    @cached_property
    def language_names(self) -> Mapping[str, str]:
        """What languages are called, in any of them -> language."""
        known: dict[str, str] = {}
        for language in self.languages:
            if language in self.phrases:
                known.update(dict.fromkeys(self.phrases[language].names, language))
        return known

    @cached_property
    def index(self) -> ServiceIndex:
        """Words of titles and keywords, in all languages. Made at the first wish: dictionaries are large."""
        texts = []
        for key, service in self.services.items():
            said = [service.title.text(language) for language in service.languages]
            if service.keywords:
                for language in service.languages:
                    said += service.keywords.text(language).split(",")
            texts.append((key, said))
        return ServiceIndex(texts, self.languages, self._lemma)

    def menu(self, language: str) -> Labels:
        """The titles of all services, for choosing by number or name."""
        words = self.words(language)
        titles = [(known, self.title(key, language)) for known, key in self.services_by_tag.items()]
        return Labels(titles, filler=words.filler, denying=words.denying)
