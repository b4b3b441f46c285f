"""Channel examples: what a platform brings and what we send it, as data a clerk can read; this one driver runs them.

A channel's folder holds `examples.yaml`:

    account: {token: "1:abc", secret: hush}      # how the account of the examples is made: Telegram(token=…, secret=…)

    came:                                        # brought by the platform: verify, parse, ack
      - name: The person presses a button
        body: {update_id: 7, …}                  # sent as JSON; or `text:`, or `bytes:` as \\x escapes in latin-1
        headers: {x-secret: wrong}               # over those that the platform sends; null takes one away
        happened: [{key: "7", address: "42", pressed: b1}]     # [] when it is of no interest
        ack: {status: 200, body: ""}
      - {name: …, text: "{", unreadable: true}
      - {name: …, body: {}, headers: {x-secret: null}, refused: 401}

    said:                                        # by us: render
      - name: A question with two answers
        to: "42"
        message: {text: "…", buttons: [{id: b1, label: "Так"}]}
        requests: [{method: POST, url: …, body: {…}}]          # all of them, in order

    answered:                                    # by the platform: classify
      - {name: …, answer: {status: 429, body: {…}}, outcome: {retry_after: {seconds: 5, scope: account}}}
      - {name: …, answer: {lost: before}, outcome: {retry_after: {scope: chat}}}     # lost: before or after it left

    linked:                                      # by us, for entry pages: entry_link
      - {name: …, token: abc, link: {name: "@bot", url: …}}

Each part of an example may have `account:` to change single settings. What happened is named by the tags of
`usecases.channel`: `wrote: text`, `pressed: id`, `opened: token`, `left: true` (by a word: `left: said`),
`returned: true`, `unsupported: kind`, `reported: {message, state, reason}`. Of an event, a request, an acknowledgement
and an outcome the keys that an example names are compared, each with the whole of its value; headers one by one. A
`body` is compared as JSON if it is JSON.

What only the platform's side knows stands in `vikno.testing.<channel>`, if it is needed, as functions:
`brought(account, raw) -> Raw` adds what the platform sends with every request (a secret, a signature);
`answer(plain) -> Any` makes an answer of the channel's own type (otherwise `HttpAnswer`);
`plain(request) -> dict` shows a request of the channel's own type as data;
`made(**account) -> Channel` makes an account that needs more than plain data (a clock, a key of bytes).
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from msgspec import UNSET, Struct, UnsetType, field

from vikno.domain.dialog.messages import Button
from vikno.domain.errors import ViknoError
from vikno.usecases.channel import Channel, Inbound, NotCarried, Outbound, Outcome, Raw, Unreadable
from vikno.wire.http import HttpAnswer


class ExamplesUnreadable(ViknoError):
    """The examples of this channel cannot be read. The rest of the message says which part, and why."""

    code = "examples_unreadable"


# ---- what stands in the file ----


class Came(Struct, forbid_unknown_fields=True, frozen=True):
    """Something that the platform brings."""

    name: str
    body: Any = UNSET
    text: str | UnsetType = UNSET
    bytes: str | UnsetType = UNSET
    headers: dict[str, str | None] = {}
    query: dict[str, str] = {}
    account: dict[str, Any] = {}
    refused: Literal[401, 403] | None = None
    unreadable: bool = False
    happened: list[dict[str, Any]] = []
    replies: list[dict[str, Any]] = []
    ack: dict[str, Any] = {}


class Said(Struct, forbid_unknown_fields=True, frozen=True):
    """A message of ours, and all requests that say it."""

    name: str
    to: str
    message: dict[str, Any]
    requests: list[dict[str, Any]]
    account: dict[str, Any] = {}


class Answered(Struct, forbid_unknown_fields=True, frozen=True):
    """What the platform answers to a request, and what it means. Without `message`, to a short text."""

    name: str
    answer: dict[str, Any]
    outcome: str | dict[str, Any]
    to: str | None = None
    message: dict[str, Any] = field(default_factory=lambda: {"text": "Добрий день"})
    request: int = 0
    account: dict[str, Any] = {}


class Linked(Struct, forbid_unknown_fields=True, frozen=True):
    """An entry link; None where there can be none."""

    name: str
    token: str
    link: dict[str, Any] | None
    account: dict[str, Any] = {}


Example = Came | Said | Answered | Linked


class Examples(Struct, forbid_unknown_fields=True, frozen=True):
    """A channel's `examples.yaml`. `to`: an address for examples that need none of their own."""

    account: dict[str, Any]
    came: list[Came]
    said: list[Said]
    answered: list[Answered]
    linked: list[Linked] = []
    to: str = "42"

    def __iter__(self) -> Iterator[Example]:
        yield from self.came
        yield from self.said
        yield from self.answered
        yield from self.linked


@dataclass(frozen=True)
class Driver:
    """Runs the examples of one channel."""

    folder: Path
    make: Callable[..., Channel]
    examples: Examples
    platform: Mapping[str, Callable[..., Any]]

    def account(self, example: Example) -> dict[str, Any]:
        """The settings of the account that an example speaks of."""
        return {**self.examples.account, **example.account}

    def run(self, example: Example) -> list[str]:
        """What does not hold; nothing when all of it does."""
        channel = self.make(**self.account(example))
        match example:
            case Came():
                return list(self._came(channel, example))
            case Said():
                return list(self._said(channel, example))
            case Answered():
                return list(self._answered(channel, example))
            case Linked():
                link = channel.entry_link(example.token)
                return list(differing("link", example.link, None if link is None else plain(link), whole=False))

    def raw(self, example: Came) -> Raw:
        """What the platform brings: its body, and the headers that it sends with everything."""
        raw = Raw(_body(example), {}, example.query)
        if "brought" in self.platform:
            raw = self.platform["brought"](self.account(example), raw)
        headers = {**raw.headers, **{name.lower(): value for name, value in example.headers.items()}}
        return dataclasses.replace(raw, headers={name: value for name, value in headers.items() if value is not None})

    def _came(self, channel: Channel, example: Came) -> Iterator[str]:
        raw = self.raw(example)
        refused = channel.verify(raw)
        if (refused.status if refused else None) != example.refused:
            yield f"refused: expected {example.refused}, was {refused}"
        if refused or example.refused:
            return
        try:
            inbound = tuple(channel.parse(raw))
        except Unreadable as error:
            if not example.unreadable:
                yield f"unreadable: {error}"
            inbound = ()
        else:
            if example.unreadable:
                yield f"read, although it is unreadable: {inbound}"
        yield from listed("happened", example.happened, [_shown(one) for one in inbound])
        ack = channel.ack(inbound, [_outbound(one) for one in example.replies])
        yield from differing("ack", {"status": 200, **example.ack}, plain(ack), whole=False)

    def _said(self, channel: Channel, example: Said) -> Iterator[str]:
        requests = channel.render(_outbound(example.message), example.to)
        yield from listed("requests", example.requests, [self._plain(one) for one in requests])

    def _answered(self, channel: Channel, example: Answered) -> Iterator[str]:
        requests = channel.render(_outbound(example.message), example.to or self.examples.to)
        outcome = channel.classify(requests[example.request], self._answer(example.answer))
        expected = {example.outcome: {}} if isinstance(example.outcome, str) else example.outcome
        ((tag, about),) = expected.items()
        was_tag, was = _outcome(outcome)
        if tag != was_tag:
            yield f"outcome: expected {tag}, was {outcome}"
        else:
            yield from differing(tag, about, was, whole=False)

    def _plain(self, request: Any) -> Any:
        return self.platform["plain"](request) if "plain" in self.platform else plain(request)

    def _answer(self, given: dict[str, Any]) -> Any:
        if "lost" in given:
            return NotCarried(left={"before": False, "after": True}[given["lost"]], reason=given.get("reason", "lost"))
        if "answer" in self.platform:
            return self.platform["answer"](given)
        body = given.get("body", "")
        headers = {str(name).lower(): str(value) for name, value in given.get("headers", {}).items()}
        text = body if isinstance(body, str) else json.dumps(body)
        return HttpAnswer(given["status"], headers, text.encode())


def driver(folder: Path) -> Driver:
    """The driver of a channel in its folder of `vikno.channels`.

    Raises ExamplesUnreadable.
    """
    package = importlib.import_module(f"vikno.channels.{folder.name}")
    classes = [name for name in vars(package) if name.lower() == folder.name and isinstance(vars(package)[name], type)]
    if len(classes) != 1:
        raise ExamplesUnreadable(folder.name, f"the package must have one class named {folder.name.title()}")
    platform = _platform(folder.name)
    return Driver(folder, platform.get("made", vars(package)[classes[0]]), read(folder / "examples.yaml"), platform)


def read(file: Path) -> Examples:
    """The examples of a file; a name that stands twice, or a key that means nothing, is refused.

    Raises ExamplesUnreadable.
    """
    try:
        examples = msgspec.convert(yaml.safe_load(file.read_text(encoding="utf-8")), Examples)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise ExamplesUnreadable(file.parent.name, error) from error
    names = [example.name for example in examples]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ExamplesUnreadable(file.parent.name, f"two examples are named {twice}")
    return examples


def _platform(name: str) -> dict[str, Callable[..., Any]]:
    """What `vikno.testing.<channel>` says of the platform's side."""
    module = f"vikno.testing.{name}"
    if importlib.util.find_spec(module) is None:
        return {}
    found = vars(importlib.import_module(module))
    return {name: found[name] for name in ("brought", "answer", "plain", "made") if name in found}


# ---- comparing ----


def plain(value: Any) -> Any:
    """Anything of a channel as plain data: bytes and bodies as JSON if they are JSON, otherwise as text.

    >>> plain(HttpAnswer(200, {"a": "b"}, b'{"ok": true}'))
    {'status': 200, 'headers': {'a': 'b'}, 'body': {'ok': True}}
    """
    if isinstance(value, bytes):
        return _read_bytes(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
        if isinstance(shown.get("headers"), list):
            shown["headers"] = {str(name).lower(): text for name, text in shown["headers"]}
        return shown
    if isinstance(value, Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(one) for one in value]
    return value


def _read_bytes(value: bytes) -> Any:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
    try:
        return json.loads(text) if text[:1] in ("{", "[") else text
    except ValueError:
        return text


def listed(what: str, expected: Sequence[Any], was: Sequence[Any]) -> Iterator[str]:
    """How two lists differ: their lengths, then one by one."""
    if len(expected) != len(was):
        yield f"{what}: expected {len(expected)}, were {len(was)}: {was}"
        return
    for at, (one, other) in enumerate(zip(expected, was, strict=True)):
        yield from differing(f"{what}[{at}]", one, other, whole=False)


def differing(what: str, expected: Any, was: Any, *, whole: bool) -> Iterator[str]:
    """How something differs; unless `whole`, only in the keys that are expected. Headers are never compared whole."""
    if not (isinstance(expected, dict) and isinstance(was, dict)) or whole:
        if expected != was:
            yield f"{what}: expected {expected!r}, was {was!r}"
        return
    for key, value in expected.items():
        if key not in was:
            yield f"{what}.{key}: expected {value!r}, but there is none in {was!r}"
        else:
            yield from differing(f"{what}.{key}", value, was[key], whole=key != "headers")


def _body(example: Came) -> bytes:
    given = [one for one in (example.body, example.text, example.bytes) if one is not UNSET]
    if len(given) != 1:
        raise ExamplesUnreadable(example.name, "what came is one of body, text and bytes")
    if isinstance(example.text, str):
        return example.text.encode()
    if isinstance(example.bytes, str):
        return example.bytes.encode("latin-1")
    return json.dumps(example.body, ensure_ascii=False).encode()


def _outbound(given: dict[str, Any]) -> Outbound:
    """A message; a key that means nothing is refused: a comma in a label without quotes makes one."""
    outbound = msgspec.convert(given, Outbound)
    meant = {*Outbound.__struct_fields__, *Button.__struct_fields__}
    if strange := [key for one in (given, *given.get("buttons", ())) for key in one if key not in meant]:
        raise ExamplesUnreadable(given.get("text"), f"a message has no {strange}")
    return outbound


def _shown(inbound: Inbound) -> dict[str, Any]:
    """An event with what happened under its tag: `{"key": "7", …, "wrote": "Добрий день"}`."""
    shown = {name: value for name, value in plain(inbound).items() if name != "happened"}
    happened = msgspec.to_builtins(inbound.happened)
    tag = happened.pop("type")
    match len(happened):
        case 0:
            return {**shown, tag: True}
        case 1:
            ((name, value),) = happened.items()
            return {**shown, tag: (name if value else True) if isinstance(value, bool) else value}
        case _:
            return {**shown, tag: happened}


def _outcome(outcome: Outcome) -> tuple[str, dict[str, Any]]:
    """An outcome's tag and what it says: RetryAfter -> retry_after."""
    name = "".join("_" + letter.lower() if letter.isupper() else letter for letter in type(outcome).__name__)
    return name.lstrip("_"), plain(outcome)
