"""The page of item kinds: what each says to a person, and which keys belong to it."""

from __future__ import annotations

from vikno.cli.reference.markdown import code, table
from vikno.cli.shown import words_of
from vikno.domain.rules.service import CONFIDENCES, ENDINGS, FORMS, KINDS

MEANINGS = {
    "stop": "no, or not here; the consultation ends",
    "done": "a good ending: nothing is needed; the consultation ends",
    "human": "no rule can decide this: why, and who can; the consultation ends",
    "bring": "a paper or a thing to bring",
    "fee": "money the person pays; it counts in the total",
    "benefit": "money paid to the person; never in the total",
    "term": "how long it takes",
    "place": "where to go",
    "validity": "how long the result is good for",
    "deadline": "by when something must be done",
    "note": "anything else that is good to know",
}


def page() -> str:
    words = words_of("en")
    kinds = [[code(kind), words.say(f"section.{kind}"), MEANINGS[kind]] for kind in KINDS]
    return (
        "# Items\n\n"
        "An item is one line of an outcome. Its kind is the key that names it: `- bring: photo` is kind `bring`, id\n"
        "`photo`, and is written `bring:photo` elsewhere. An outcome shows the kinds in this order, and the items of one\n"
        "kind in the order of the file.\n\n"
        + table(["kind", "heading in English", "meaning"], kinds)
        + f"\nThe first three ({', '.join(map(code, ENDINGS))}) end the consultation at the first question after which\n"
        "one of them is certain, and then only they are shown. They exclude each other.\n\n"
        "## How a paper is brought: `form`\n\n"
        + table(["form", "in English"], [[code(form), words.say(f"form.{form}")] for form in FORMS])
        + "\n## How sure it is: `confidence`\n\n"
        + table(["confidence", "in English"], [[code(one), words.say(f"confidence.{one}")] for one in CONFIDENCES])
        + "\nAn item that does not say has the service's `defaults`, else C.\n\n"
        "## The total\n\n"
        "The sum of the `fee` items, per currency, with two places. `0.00` in the country's currency where nothing is\n"
        "due; not known where a fee that counts has no known sum on that day. A fee with `instead_of` is shown beside\n"
        "the other one and not counted. A fee with `in_addition: true` is counted in the total, and not by the promise\n"
        "`exactly_one: {fee: …}`.\n"
    )
