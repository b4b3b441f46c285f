"""`vikno senders`: organisations that write to people, their keys and templates, and who has looked at them."""

from __future__ import annotations

import argparse
import asyncio
import re
import secrets
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from vikno.api.notify.callbacks import hear_at
from vikno.api.organisation_keys import make_key
from vikno.bootstrap.intake import open_records
from vikno.bootstrap.settings import read_settings
from vikno.bootstrap.worlds import now_ms
from vikno.cli.cases import written
from vikno.cli.hooks import SECRET_BYTES, hook_json
from vikno.cli.shown import WrongCall, print_json
from vikno.domain.rules.findings import Finding, did_you_mean, nearest
from vikno.packs.forms import SENDER_SLUG
from vikno.packs.places import code_of
from vikno.packs.senders import country_known, read_sender, vocabulary
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.organisations import Organisation, OrganisationGiven, OrganisationKey, Standing, TemplateKept
from vikno.usecases.put_senders import Sender, approve_sender, put_sender
from vikno.usecases.records import Access
from vikno.wire.guarded import check_address

MOST_LABEL = 200
"""Characters; a key begins with it."""
WHICH = re.compile(r"(?P<slug>[^/@]+)(/(?P<template>[^/@]+)(@(?P<version>\d{1,6}))?)?")

VERDICTS: dict[str, Standing] = {"approve": "approved", "refuse": "refused", "suspend": "suspended"}


def run(options: argparse.Namespace) -> int:
    """Do what was asked for; 1 where a folder is not right."""
    if options.action == "check":
        return _check(options)
    what = f"{options.action} {options.what}" if "what" in options else options.action
    return asyncio.run(DO[what](options))


# ---- organisations ----


def _check(options: argparse.Namespace) -> int:
    found: list[Finding] = []
    sender = _read(options.folder, found)
    _say_findings(options, found)
    if not options.json and sender is not None and not _serious(found):
        print(f"{sender.given.slug}: {_counted(len(sender.templates), 'template')}, nothing to mend")
    return 1 if _serious(found) else 0


async def _put(options: argparse.Namespace) -> int:
    found: list[Finding] = []
    sender = _read(options.folder, found)
    if sender is None or _serious(found):
        _say_findings(options, found)
        return 1
    async with open_records(options.store) as (book, _):
        kept = await put_sender(book, sender, "cli", now_ms())
        await _note(book, "put", kept.organisation)
        if options.approve:
            await approve_sender(book, kept, "cli", now_ms())
            await _note(book, "approved", kept.organisation)
        organisation = await _organisation(book, sender.given.slug)
        templates = await book.templates(organisation.id)
    _say_sender(options, organisation, templates)
    return 0


async def _add(options: argparse.Namespace) -> int:
    if not SENDER_SLUG.fullmatch(options.slug):
        raise WrongCall("slug_wrong", f"“{options.slug}”: small letters, digits and -")
    known = vocabulary().senders
    if options.category not in known:
        near = did_you_mean(options.category, known)
        said = f"there is no category “{options.category}”{near}"
        raise WrongCall("category_unknown", said, nearest(options.category, known))
    for code in (options.country, options.audience or options.country):
        if not country_known(code):
            raise WrongCall("country_unknown", f"there is no country “{code}”: it is written as ua")
    if not options.name.isprintable() or not options.name.strip():
        raise WrongCall("name_wrong", "a name in one line is expected")
    audience = options.audience or options.country
    given = OrganisationGiven(options.slug, options.name, options.category, options.country, audience, options.mark)
    async with open_records(options.store) as (book, _):
        organisation = await book.put_organisation(given, now_ms())
        await _note(book, "put", organisation)
    _say_sender(options, organisation, ())
    return 0


async def _list(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        organisations = await book.organisations()
    if options.json:
        print_json([sender_json(one) for one in organisations])
    else:
        _print(f"{one.slug}  {one.name}  {one.category}  {one.country}  {_standing(one)}" for one in organisations)
    return 0


async def _show(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        organisation = await _organisation(book, options.slug)
        templates = await book.templates(organisation.id)
    _say_sender(options, organisation, templates)
    return 0


async def _archive(options: argparse.Namespace) -> int:
    found = WHICH.fullmatch(options.which)
    if found is None or found["template"] is None or found["version"] is not None:
        raise WrongCall("which_wrong", f"“{options.which}”: write it as skyfen/delay")
    async with open_records(options.store, make=False) as (book, _):
        organisation = await _organisation(book, found["slug"])
        template = await _version(book, organisation, found["template"], None)
        await book.archive_template(template.id, now_ms())
        await _note(book, f"{options.which} put away", organisation)
    if options.json:
        print_json({"archived": options.which})
    else:
        print(f"Nothing is sent with {options.which} any more.")
    return 0


# ---- keys ----


async def _key_add(options: argparse.Namespace) -> int:
    if not options.label.isprintable() or len(options.label) > MOST_LABEL:
        raise WrongCall("label_wrong", f"a label is one line of at most {MOST_LABEL} characters")
    async with open_records(options.store, make=False) as (book, vault):
        organisation = await _organisation(book, options.slug)
        label = options.label or f"{organisation.slug}-{options.kind}"
        key = await make_key(book, vault, organisation, options.kind, label, uuid4(), now_ms())
        await _note(book, f"{options.kind} key made", organisation)
    if options.json:
        print_json({"key": key, "sender": organisation.slug, "kind": options.kind, "label": label})
    else:
        print(key)
    return 0


async def _key_list(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        keys = await book.organisation_keys((await _organisation(book, options.slug)).id)
    if options.json:
        print_json([key_json(key) for key in keys])
    else:
        _print(
            f"{key.id}  {key.kind}  {key.label}  made {written(key.created_ms)}  "
            f"{f'revoked {written(key.revoked_ms)}' if key.revoked_ms else 'in force'}"
            for key in keys
        )
    return 0


async def _key_revoke(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        organisation = await _organisation(book, options.slug)
        mine = {key.id for key in await book.organisation_keys(organisation.id)}
        if options.id not in mine or not await book.revoke_organisation_key(options.id, now_ms()):
            said = (
                f"no key {options.id} of {organisation.slug} is in force: `vikno senders key list {organisation.slug}`"
            )
            raise WrongCall("key_unknown", said)
        await _note(book, f"key {options.id} revoked", organisation)
    if options.json:
        print_json({"revoked": options.id})
    else:
        print(f"Key {options.id} opens nothing any more.")
    return 0


# ---- reviews ----


async def _review_list(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        waits = []
        for one in await book.organisations():
            waits += [{"which": one.slug, "name": one.name}] if one.standing == "submitted" else []
            every = await book.templates(one.id, every_version=True)
            waits += [
                {"which": f"{one.slug}/{template.slug}@{template.version}", "name": template.name}
                for template in every
                if template.status == "submitted" and not template.archived
            ]
    if options.json:
        print_json(waits)
    else:
        _print(f"{one['which']}  {one['name']}" for one in waits)
    return 0


async def _review(options: argparse.Namespace) -> int:
    reason = getattr(options, "reason", "")
    verdict = VERDICTS[options.what]
    found = WHICH.fullmatch(options.which)
    if found is None:
        raise WrongCall("which_wrong", f"“{options.which}”: write it as skyfen, skyfen/delay or skyfen/delay@2")
    async with open_records(options.store, make=False) as (book, _):
        organisation = await _organisation(book, found["slug"])
        if found["template"] is None:
            await book.review_organisation(organisation.id, verdict, options.by, reason)
            about = organisation.slug
        elif verdict not in ("approved", "refused"):
            raise WrongCall("which_wrong", "only an organisation can be suspended; refuse the version of the template")
        else:
            template = await _version(book, organisation, found["template"], found["version"])
            await book.review_template(template.row, verdict, options.by, reason, now_ms())
            about = f"{organisation.slug}/{template.slug}@{template.version}"
        await _note(book, f"{verdict} {about} by {options.by}", organisation)
    if options.json:
        print_json({"which": about, "status": verdict})
    else:
        _print([f"{about} is {verdict}."])
    return 0


async def _version(book: SqliteStore, organisation: Organisation, slug: str, version: str | None) -> TemplateKept:
    """The version that is named, or the latest one."""
    every = await book.templates(organisation.id, every_version=True)
    mine = [one for one in every if one.slug == slug and (version is None or one.version == int(version))]
    if not mine:
        slugs = {one.slug for one in every}
        said = f"{organisation.slug} has no such template “{slug}”{did_you_mean(slug, slugs)}"
        raise WrongCall("template_unknown", said, nearest(slug, slugs))
    return max(mine, key=lambda one: one.version)


# ---- callbacks ----


async def _callbacks_add(options: argparse.Namespace) -> int:
    check_address(options.url, private=read_settings().get("VIKNO_WEBHOOKS_PRIVATE") == "1")
    async with open_records(options.store, make=False) as (book, vault):
        organisation = await _organisation(book, options.slug)
        secret = f"whsec_{secrets.token_urlsafe(SECRET_BYTES)}"
        authority = f"org/{organisation.slug}"
        hook = await book.subscribe(authority, options.url, vault.seal(secret), now_ms())
        await _note(book, f"callback {hook} added", organisation)
    if options.json:
        print_json({"id": hook, "sender": organisation.slug, "url": options.url, "secret": secret})
    else:
        print(secret)
    return 0


async def _callbacks_list(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        organisation = await _organisation(book, options.slug)
        mine = [one for one in await book.subscribers() if one.authority == f"org/{organisation.slug}"]
    said = [hook_json(one) for one in mine]
    if options.json:
        print_json(said)
    else:
        _print(f"{one['id']}  {one['url']}  {one['state']}" for one in said)
    return 0


async def _callbacks_notify(options: argparse.Namespace) -> int:
    private = read_settings().get("VIKNO_WEBHOOKS_PRIVATE") == "1"
    async with open_records(options.store, make=False) as (book, vault):
        organisation = await _organisation(book, options.slug)
        if options.url is None:
            await book.drop_notify_callback(organisation.id)
            said = f"{organisation.slug} is told nothing in Notify's form any more."
        else:
            token = sys.stdin.readline().strip()
            await hear_at(book, vault, organisation, options.url, token, now_ms(), private=private)
            said = f"{organisation.slug} hears at {options.url} from now on."
        await _note(book, "callback of Notify set" if options.url else "callback of Notify removed", organisation)
    if options.json:
        print_json({"sender": organisation.slug, "url": options.url})
    else:
        print(said)
    return 0


# ---- what they share ----

DO = {
    "put": _put,
    "add": _add,
    "list": _list,
    "show": _show,
    "archive": _archive,
    "key add": _key_add,
    "key list": _key_list,
    "key revoke": _key_revoke,
    "review list": _review_list,
    "review approve": _review,
    "review refuse": _review,
    "review suspend": _review,
    "callbacks add": _callbacks_add,
    "callbacks list": _callbacks_list,
    "callbacks notify": _callbacks_notify,
}


async def _organisation(book: SqliteStore, slug: str) -> Organisation:
    found = await book.organisation(slug)
    if found is None:
        known = [one.slug for one in await book.organisations()]
        raise WrongCall(
            "sender_unknown", f"there is no sender “{slug}”{did_you_mean(slug, known)}", nearest(slug, known)
        )
    return found


async def _note(book: SqliteStore, what: str, organisation: Organisation) -> None:
    await book.note((Access(now_ms(), "cli", what, f"organisation/{organisation.slug}"),))


def _read(folder: str, found: list[Finding]) -> Sender | None:
    """A sender's folder; its country is the one in whose folder it stands."""
    path = Path(folder)
    if not (path / "sender.yaml").is_file():
        raise WrongCall("folder_missing", f"{folder} is no sender's folder: there is no sender.yaml in it")
    home = path.resolve().parent.parent
    country = code_of(home) if (home / "country.yaml").is_file() else ""
    return read_sender(path, country, found.append, _today())


def _today() -> date:
    return datetime.fromtimestamp(now_ms() / 1000, UTC).date()


def _serious(found: Iterable[Finding]) -> bool:
    return any(not one.warning for one in found)


def _say_findings(options: argparse.Namespace, found: list[Finding]) -> None:
    from vikno.cli.check import finding_json

    if options.json:
        print_json({
            "ok": not _serious(found),
            "findings": [finding_json(one) for one in found if not one.warning],
            "warnings": [finding_json(one) for one in found if one.warning],
        })  # fmt: skip
    else:
        _print(f"{one.place}: {one.code}: {one.message}" for one in found)


def _say_sender(options: argparse.Namespace, one: Organisation, templates: Iterable[TemplateKept]) -> None:
    if options.json:
        print_json({**sender_json(one), "templates": [template_json(template) for template in templates]})
        return
    _print([f"{one.slug}  {one.name}  {one.category}  {one.country}  {_standing(one)}"])
    _print(
        f"  {template.slug}  version {template.version}  {template.content}  {_status(template)}"
        f"{f': {template.reason}' if template.reason else ''}"
        for template in templates
    )


def _standing(one: Organisation) -> str:
    return f"{one.standing}: {one.reason}" if one.reason else one.standing


def _status(one: TemplateKept) -> str:
    return "archived" if one.archived else one.status


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _print(lines: Iterable[str]) -> None:
    from vikno.console.page import shown

    for line in lines:
        print(shown(line))


def sender_json(one: Organisation) -> dict[str, Any]:
    return {
        "slug": one.slug,
        "name": one.name,
        "category": one.category,
        "country": one.country,
        "audience": one.audience,
        "standing": one.standing,
        "reason": one.reason or None,
        "created": written(one.created_ms),
    }


def template_json(one: TemplateKept) -> dict[str, Any]:
    return {
        "slug": one.slug,
        "name": one.name,
        "kind": one.kind,
        "content": one.content,
        "version": one.version,
        "status": one.status,
        "reason": one.reason or None,
        "archived": one.archived,
    }


def key_json(key: OrganisationKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "kind": key.kind,
        "label": key.label,
        "created": written(key.created_ms),
        "revoked": written(key.revoked_ms) if key.revoked_ms else None,
    }
