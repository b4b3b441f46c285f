"""The files of a pack, key by key. The loader reads by these and the JSON Schema for editors is made from them."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from vikno.domain.notify.manners import ON_UNKNOWN, PROOFS
from vikno.domain.notify.prices import PER
from vikno.domain.policy.rules import EFFECTS, STATUSES
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.rules.service import CONFIDENCES, FORMS, KINDS
from vikno.packs.shapes import (
    ID,
    MISSING,
    NAME,
    SLUG,
    Anything,
    Calendar,
    Clock,
    Condition,
    Each,
    Either,
    Flag,
    Id,
    Key,
    Link,
    Number,
    Only,
    Read,
    Record,
    Shape,
    Table,
    Whole,
    Words,
)
from vikno.packs.source import Mapped, Node, Report, Scalar
from vikno.usecases.check_templates import LANGUAGE

CHANNELS = ("inbox", "web", "email", "sms", "telegram", "viber", "whatsapp", "vk", "max")
"""Kinds of accounts that a message can be sent by."""
CONTENTS = ("code", "personal", "payment", "service", "official", "advertising", "document", "support")
"""Classes of content; the options of the fact `content` of a message."""

LAW = Table(
    Record(
        {
            "title": Key(Words(), "the act or page, as it is cited", required=True),
            "url": Key(Link(), "where it can be read"),
            "read": Key(Calendar(), "the day it was last read"),
        }
    )
)

SERVICE = Record(
    {
        "title": Key(Words(), "what people call it", required=True),
        "authority": Key(Id(), "an entry of country.yaml", required=True),
        "language": Key(Id(), "of the texts in this folder; the others are texts/<language>.po"),
        "output": Key(Id(), "the document type that comes of it; absent for an enquiry"),
        "since": Key(Calendar(), "the first day the rules speak of"),
        "keywords": Key(Each(Words()), "words people search with"),
        "law": Key(LAW, "acts that items name as their basis"),
        "sources": Key(LAW, "pages that say it, where no act was read"),
        "defaults": Key(
            Record(
                {
                    "confidence": Key(Only(CONFIDENCES)),
                    "form": Key(Only(FORMS)),
                    "basis": Key(Each(Id(), or_one=True)),
                    "source": Key(Each(Id(), or_one=True)),
                }
            ),
            "for items that do not say",
        ),
    },
    "service.yaml",
)


class Choices:
    """Options with their labels, or another fact's options (`same_as`, `except`, `plus`)."""

    borrowed = Record(
        {"same_as": Key(Id(ID), required=True), "except": Key(Each(Id(ID))), "plus": Key(Table(Words(), Id(ID)))}
    )
    written = Table(Words(), Id(ID))

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Mapped) and node.get("same_as") is not None:
            return self.borrowed.read(node, report)
        return self.written.read(node, report)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.borrowed.schema(), self.written.schema()]}


MEMBERS = Table(Each(Id(ID)), Id(ID))
LIST = Record({"options": Key(Table(Words(), Id(ID)), required=True), "groups": Key(MEMBERS)})


class ListOf:
    """The name of a shared list, a list written here, or another fact's list."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar):
            return Id().read(node, report)
        if isinstance(node, Mapped) and node.get("same_as") is not None:
            return Choices.borrowed.read(node, report)
        if isinstance(node, Mapped) and isinstance(node.get("options"), Mapped):
            return LIST.read(node, report)
        return Choices.written.read(node, report)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [Id().schema(), Choices.borrowed.schema(), LIST.schema(), Choices.written.schema()]}


class Switch:
    """`true`, or a mapping that says more."""

    def __init__(self, mapping: Shape) -> None:
        self.mapping = mapping

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Mapped):
            return self.mapping.read(node, report)
        if isinstance(node, Scalar) and node.text in ("true", "all", "any", ""):
            return Read({}, {}, {}, node.place)
        report(Finding("value_wrong", node.place, "true or a mapping is expected here"))
        return MISSING

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": True}, self.mapping.schema()]}


FACT = Record(
    {
        "ask": Key(Words("a question"), "the question", required=True),
        "hint": Key(Words(), "one line of help under the question"),
        "when": Key(Condition(), "asked only while this holds; looks at facts above only"),
        "choose": Key(Choices(), "one of these"),
        "choose_any": Key(Choices(), "any number of these"),
        "yes_no": Key(Flag(), "a yes/no question"),
        "number": Key(
            Record(
                {
                    "from": Key(Number(), required=True),
                    "to": Key(Number(), required=True),
                    "unit": Key(Words("a unit")),
                    "step": Key(Number()),
                }
            ),
            "a number, both ends included",
        ),
        "date": Key(Switch(Record({"from": Key(Words("a day")), "to": Key(Words("a day"))})), "a day"),
        "country": Key(
            Switch(
                Record(
                    {
                        "except": Key(Each(Id(ID))),
                        "plus": Key(Table(Words(), Id(ID))),
                        "groups": Key(MEMBERS),
                        "same_as": Key(Id(ID)),
                    }
                )
            ),
            "a country, ISO 3166 alpha-2 in lower case",
        ),
        "list": Key(ListOf(), "one of a long list, shown by search"),
        "except": Key(Each(Id(ID)), "options of the list that are left out"),
        "plus": Key(Table(Words(), Id(ID)), "options beside those of the list"),
    },
    "a fact",
)
FACT_KINDS = ("choose", "choose_any", "yes_no", "number", "date", "country", "list")


class DatedAmount:
    """Money over time: `currency`, `basis`, and a row for every day on which it changes."""

    fixed: ClassVar[dict[str, Key]] = {
        "currency": Key(Id(), "three letters of ISO 4217"),
        "basis": Key(Each(Id(), or_one=True), "the law that sets it"),
        "source": Key(Each(Id(), or_one=True), "the page that says it"),
    }

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Mapped):
            report(Finding("value_wrong", node.place, "a mapping of days to sums is expected here"))
            return MISSING
        values: dict[str, Any] = {"rows": []}
        for name, child in node:
            if name.text in self.fixed:
                value = self.fixed[name.text].shape.read(child, report)
                if value is not MISSING:
                    values[name.text] = value
                continue
            if not name.text[:1].isdigit():
                hint = did_you_mean(name.text, self.fixed)
                report(Finding("key_unknown", name.place, f"“{name.text[:60]}” is neither a day nor a key here{hint}"))
                continue
            day = Calendar().read(name, report)
            unknown = isinstance(child, Scalar) and child.text == "unknown"
            value = None if unknown else Number().read(child, report)
            if day is not MISSING and value is not MISSING:
                values["rows"].append((day, value))
        if not values["rows"]:
            report(Finding("value_wrong", node.place, "at least one row “2026-01-01: 618” is expected here"))
        return Read(values, {}, {}, node.place)

    def schema(self) -> dict[str, Any]:
        row = {"anyOf": [{"type": "number"}, {"const": "unknown"}]}
        return {
            "type": "object",
            "properties": {name: key.shape.schema() for name, key in self.fixed.items()},
            "patternProperties": {r"^\d{4}-\d{2}-\d{2}$": row},
            "additionalProperties": False,
        }


DERIVE = Record(
    {
        "by": Key(Id(ID), "the fact (or derived name) whose value picks the row", required=True),
        "table": Key(
            Either(Words("a CSV file"), Table(Words("a cell"), Words("a value"))),
            "a CSV file or a mapping",
            required=True,
        ),
        "column": Key(Words("a column"), "of the CSV file; the second one unless said"),
        "key": Key(Words("a column"), "of the CSV file that holds the values of `by`"),
    },
    "a derived value",
)

ITEM = Record(
    {kind: Key(Id(), f"an item of kind {kind}: its id") for kind in KINDS}
    | {
        "text": Key(Words(), "what people read", required=True),
        "when": Key(Condition(), "for whom it holds; everybody unless said"),
        "basis": Key(Each(Id(), or_one=True), "the law, one or several"),
        "source": Key(Each(Id(), or_one=True), "the page that says it, one or several"),
        "form": Key(Only(FORMS), "how a paper is brought"),
        "confidence": Key(
            Only(CONFIDENCES), "A official and recent, B older or secondary, C unconfirmed, D sources disagree"
        ),
        "amount": Key(Words("an amount"), "the name of an amount, or a sum"),
        "from": Key(Calendar(), "the first day it holds"),
        "until": Key(Calendar(), "the last day it holds"),
        "instead_of": Key(Id(), "the fee it is an alternative to: shown, not added"),
        "in_addition": Key(Flag(), "added to the total, not counted by exactly_one"),
        "document": Key(Id(), "the document type that this paper is"),
    },
    "an item",
)

PROMISE = Record(
    {
        "exactly_one": Key(Table(Condition(), Only(KINDS)), "kinds of which each complete checklist has exactly one"),
        "one_of": Key(Each(Each(Words("a term or kind:id"))), "terms or items of which exactly one holds"),
    },
    "promises",
)

CONSULTATION = Record(
    {
        "facts": Key(Table(FACT, Id(ID)), "asked in this order", required=True),
        "terms": Key(Table(Condition(), Id(ID)), "named conditions; may use terms above them"),
        "amounts": Key(Table(DatedAmount(), Id()), "dated sums of money"),
        "derive": Key(Table(DERIVE, Id(ID)), "values read from a table"),
        "items": Key(Each(ITEM), "what can come of it", required=True),
        "promise": Key(PROMISE, "what must hold for everybody, always"),
    },
    "consultation.yaml",
)

LASTING = Record(
    {
        "from": Key(Whole(), "at least so many working days"),
        "to": Key(Whole(), "at most so many working days", required=True),
        "text": Key(Words(), "the same in words, where numbers do not say it all"),
        "basis": Key(Each(Id(), or_one=True), "the law that says so, one or several"),
        "source": Key(Each(Id(), or_one=True), "the page that says so, one or several"),
        "confidence": Key(Only(CONFIDENCES), "A official and recent, B older or secondary, C unconfirmed"),
    },
    "a time",
)

WHOLE = Record(
    {
        **LASTING.keys,
        "until": Key(Each(Id(ID), or_one=True), "the stages that end this time; the final ones unless said"),
    },
    "the whole time",
)

STAGE = Record(
    {
        "text": Key(Words(), "what has happened, a sentence or two", required=True),
        "next": Key(Words(), "what happens next, and what the person can do"),
        "sms": Key(Words(), "both in few words; `text` and `next` unless said"),
        "after": Key(Each(Id(ID), or_one=True), "the stages it may follow on; the one above unless said"),
        "usual": Key(LASTING, "how long a case usually stays here"),
        "legal": Key(LASTING, "how long it may stay here by law"),
        "basis": Key(Each(Id(), or_one=True), "the law that knows this stage, one or several"),
        "source": Key(Each(Id(), or_one=True), "the page that tells of it, one or several"),
        "final": Key(Flag(), "nothing comes after it"),
        "announce": Key(Flag(), "`false`: recorded, and nobody is written to"),
    },
    "a stage",
)

PROCESS = Record(
    {
        "title": Key(Words(), "what notices call the matter; the service's title unless said"),
        "legal": Key(WHOLE, "how long the whole may take by law, from the first stage on"),
        "stages": Key(Table(STAGE, Id(ID)), "in their order; a case begins at the first", required=True),
    },
    "process.yaml",
)

ENTRIES = Table(
    Record(
        {
            "title": Key(Words(), "what its page and its poster are headed", required=True),
            "office": Key(Words(), "the office's name and address"),
            "authority": Key(Id(), "an entry of country.yaml's authorities"),
            "services": Key(Each(Id()), "the folders of the services it is about; all of them unless said"),
        },
        "an entry",
    ),
    Id(SLUG),
)

EXAMPLES = Each(
    Record(
        {
            "name": Key(Words(), "a sentence that must hold", required=True),
            "given": Key(Anything(), "the answers", required=True),
            "on": Key(Calendar(), "the day"),
            "then": Key(Anything(), "what must come of it", required=True),
        },
        "an example",
    )
)

COUNTRY = Record(
    {
        "code": Key(Id(NAME), "the folder's code, as in ua", required=True),
        "title": Key(Words(), "the country's name; CLDR's unless said"),
        "languages": Key(Each(Id(NAME)), "every text exists in all of them", required=True),
        "language": Key(Id(NAME), "of the texts in country.yaml; the first of `languages` unless said"),
        "currency": Key(Id(NAME), "three letters of ISO 4217", required=True),
        "time_zone": Key(Words("a time zone"), "as in Europe/Kyiv", required=True),
        "channels": Key(Each(Id()), "on which people are served"),
        "authorities": Key(
            Table(
                Record(
                    {
                        "name": Key(Words(), required=True),
                        "url": Key(Link()),
                        "phone": Key(Words("a phone number")),
                        "email": Key(Words("an e-mail address")),
                    }
                )
            ),
            "public organisations",
        ),
        "dates": Key(Table(Calendar(or_null=True), Id(ID)), "named dates; null is “not yet”"),
        "lists": Key(Table(LIST, Id(ID)), "options shared by facts and services"),
        "holidays": Key(Each(Calendar()), "days that are no working days, beside Saturdays and Sundays"),
        "notices": Key(
            Record(
                {
                    "quiet": Key(
                        Record({"from": Key(Clock(), required=True), "to": Key(Clock(), required=True)}),
                        "when nobody is written to, by the country's clock; from 21:00 to 08:00 unless said",
                    ),
                    "expire_days": Key(Whole(1, 60), "then an unsent notice is old news; 7 unless said"),
                }
            ),
            "when notices about cases go out",
        ),
        "law": Key(LAW, "acts that any service may name"),
        "sources": Key(LAW, "pages that any service may name"),
    },
    "country.yaml",
)

DOCUMENT = Record(
    {
        "id": Key(Id(NAME), "the folder's name", required=True),
        "titles": Key(Table(Words(), Id(NAME)), "its name in each language", required=True),
    },
    "document.yaml",
)

CHANNEL_RULE = Record(
    {
        "title": Key(Words(), "what it says, in a sentence", required=True),
        "effect": Key(Only(EFFECTS), "what it does to a message for which it holds", required=True),
        "when": Key(Condition(), "the messages for which it holds; all unless said"),
        "except": Key(Condition(), "those of them for which it does not"),
        "must": Key(Condition(), "what is required of them"),
        "status": Key(Only(STATUSES), "enacted unless said; a proposed one counts in a what-if only"),
        "from": Key(Calendar(), "the first day it holds"),
        "until": Key(Calendar(), "the last day it holds"),
        "known": Key(Calendar(), "the day on which this folder learned of it"),
        "overrides": Key(Each(Id()), "the rules that a permit lifts"),
        "instead": Key(Each(Id()), "channels to try in its place, the best first"),
        "basis": Key(Each(Id(), or_one=True), "the law, one or several"),
        "source": Key(Each(Id(), or_one=True), "the page that says it, one or several"),
        "confidence": Key(
            Only(CONFIDENCES), "A official and recent, B older or secondary, C unconfirmed, D sources disagree"
        ),
    },
    "a rule",
)

POLICY = Record(
    {
        "applies": Key(Condition(), "the messages that this law speaks of at all"),
        "terms": Key(Table(Condition(), Id(ID)), "named conditions; may use terms above them"),
        "law": Key(LAW, "acts that rules name as their basis, beside those of country.yaml"),
        "sources": Key(LAW, "pages that say it, where no act was read"),
        "rules": Key(Table(CHANNEL_RULE, Id()), "by their id", required=True),
    },
    "a file of rules",
)


class Named(Record):
    """A mapping in which any of some names may stand, each with a value of the same shape."""

    @classmethod
    def of(cls, names: tuple[str, ...], shape: Shape) -> Named:
        return cls({name: Key(shape) for name in names})

    @property
    def shape(self) -> Shape:
        return next(iter(self.keys.values())).shape


WAIT = Record(
    {
        "for": Key(Only(PROOFS), "what is waited for; where a channel never tells it, the time just passes"),
        "seconds": Key(Whole(0, 604_800), "then the next channel is tried"),
    },
    "a wait",
)

MANNER = Record(
    {
        "order": Key(Each(Only(CHANNELS)), "kinds of channels, the usual one first"),
        "waits": Key(Named.of(CHANNELS, WAIT), "how long each of them is given"),
        "lives": Key(Whole(30, 864_000), "seconds; then it is of no use and goes nowhere any more"),
        "quiet": Key(Flag(), "whether it keeps still at night"),
        "unknown": Key(Only(ON_UNKNOWN), "when nobody knows whether it went: the next channel, or none"),
        "carries": Key(Each(Only(CHANNELS)), "channels that show the whole of it; on others there is a link"),
    },
    "a manner",
)

MANNERS = Named.of(CONTENTS, MANNER)

_SAID = {
    "source": Key(Each(Id(), or_one=True), "the page that says it, one or several"),
    "confidence": Key(Only(CONFIDENCES), "A official and recent, B older or secondary, C unconfirmed, D supposed"),
    "note": Key(Words(), "what is supposed, or to be known of it"),
}

PRICE = Record(
    {
        "channel": Key(Only(CHANNELS), "the kind of the channel", required=True),
        "to": Key(Words("a country"), "the recipient's, as in ua; all without a price of their own unless said"),
        "per": Key(Only(PER), "`month`: for the account, whatever is sent; `message` unless said"),
        "amount": Key(Number(), "the sum", required=True),
        "currency": Key(Id(NAME), "three letters of ISO 4217; the country's unless said"),
        "from": Key(Calendar(), "the first day it holds", required=True),
        **_SAID,
    },
    "a price",
)

RATE = Record(
    {
        "currency": Key(Id(NAME), "three letters of ISO 4217", required=True),
        "amount": Key(Number(), "of the country's currency, for one of it", required=True),
        "from": Key(Calendar(), "the first day it holds", required=True),
        **_SAID,
    },
    "a rate",
)

DELIVERY = Record(
    {
        "prices": Key(Each(PRICE), "what messages cost", required=True),
        "rates": Key(Each(RATE), "of other currencies in which prices are"),
        "manners": Key(MANNERS, "by kind of content, single values that are otherwise here"),
        "sources": Key(LAW, "pages that say it, beside those of country.yaml"),
    },
    "delivery.yaml",
)

SENDER_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Of an organisation or a template: it stands for ever, in what other systems keep."""
TEMPLATE_KINDS = ("message", "sms", "email")

SENDER = Record(
    {
        "slug": Key(Id(SENDER_SLUG), "as its folder is called; it stands for ever", required=True),
        "name": Key(Words("a name"), "as people know it; it stands above each message", required=True),
        "category": Key(Words("a category"), "what it is to rules about messages: the fact `sender`", required=True),
        "country": Key(Words("a country"), "where it is established; this folder's country unless said"),
        "audience": Key(
            Words("a country"), "where those live whose address does not tell; its own country unless said"
        ),
        "mark": Key(Link(), "its logo"),
        "caps": Key(
            Record(
                {
                    "per_day": Key(Whole(1, 999_999), "messages a day, of all"),
                    "per_person_day": Key(Whole(1, 1_000), "messages a day to one person, answers aside"),
                }
            ),
            "the most that it sends",
        ),
        "weight": Key(Whole(1, 100), "its share where several wait; 1 unless said"),
        "guests": Key(Each(Words("an address")), "to whom a team key may write"),
    },
    "sender.yaml",
)

SENDER_WORDS = Record(
    {
        "subject": Key(Words(), "of a mail, in one line"),
        "body": Key(Words(), "the words, with ((places)) for what is said to each person", required=True),
    },
    "words",
)

TEMPLATE = Record(
    {
        "slug": Key(Id(SENDER_SLUG), "as its file is called", required=True),
        "name": Key(Words("a name"), "as its authors know it", required=True),
        "kind": Key(Only(TEMPLATE_KINDS), "message: for whichever channel (unless said); or for one alone"),
        "content": Key(Only(CONTENTS), "what it is about, to rules about messages", required=True),
        "language": Key(Id(LANGUAGE), "what those read whose language is not here", required=True),
        "languages": Key(
            Table(Table(SENDER_WORDS, Id(re.compile("[a-z]*"))), Id(LANGUAGE)),
            'in each language, by kind of channel; "" for all that have none of their own',
            required=True,
        ),
        "order": Key(Each(Words("a channel")), "channels that the sender would rather use, the best first"),
        "trust": Key(Each(Words("a place")), "places that may be links"),
        "links": Key(Each(Words("a host")), "to these hosts only"),
        "facts": Key(Table(Anything(), Id(NAME)), "what else rules may ask of such a message"),
    },
    "a template",
)

MESSAGE_FACTS = Record({"facts": Key(Table(FACT, Id(ID)), "what can be known of a message", required=True)})

FILES: dict[str, Shape] = {
    "country.yaml": COUNTRY,
    "entries.yaml": ENTRIES,
    "service.yaml": SERVICE,
    "consultation.yaml": CONSULTATION,
    "process.yaml": PROCESS,
    "examples.yaml": EXAMPLES,
    "document.yaml": DOCUMENT,
    "delivery.yaml": DELIVERY,
    "sender.yaml": SENDER,
    "template.yaml": TEMPLATE,  # of senders, each called as it is
}


def json_schema(file: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one of FILES, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **FILES[file].schema()}
