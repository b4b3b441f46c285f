"""`vikno hooks`: where an authority's own system hears what became of notices. A secret is shown once."""

from __future__ import annotations

import argparse
import asyncio
import secrets
from typing import Any
from zoneinfo import ZoneInfo

from vikno.bootstrap.intake import authority_of, open_records
from vikno.bootstrap.settings import read_settings
from vikno.bootstrap.worlds import now_ms
from vikno.cli.cases import written
from vikno.cli.shown import WrongCall, print_json
from vikno.usecases.import_cases import moment
from vikno.usecases.records import Access, Subscriber, Subscribers
from vikno.wire.guarded import check_address

SECRET_BYTES = 32


def run(options: argparse.Namespace) -> int:
    """Do what was asked for."""
    return asyncio.run({"add": _add, "list": _list, "remove": _remove, "replay": _replay}[options.action](options))


async def _add(options: argparse.Namespace) -> int:
    authority_of(options.countries, options.authority)
    check_address(options.url, private=read_settings().get("VIKNO_WEBHOOKS_PRIVATE") == "1")
    async with open_records(options.store) as (book, vault):
        secret = f"whsec_{secrets.token_urlsafe(SECRET_BYTES)}"
        hook = await book.subscribe(options.authority, options.url, vault.seal(secret), now_ms())
        await book.note((Access(now_ms(), "cli", f"hook {hook} added", f"authority/{options.authority}"),))
    if options.json:
        print_json({"id": hook, "authority": options.authority, "url": options.url, "secret": secret})
    else:
        print(secret)
    return 0


async def _list(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        hooks = [one for one in await book.subscribers() if options.authority in (None, one.authority)]
    if options.json:
        print_json([hook_json(hook) for hook in hooks])
        return 0
    from vikno.console.page import shown

    for hook in hooks:
        said = hook_json(hook)
        why = f": {hook.reason}, {hook.tries} times" if hook.tries else ""
        again = f", again {said['next']}" if said["next"] else ""
        print(shown(f"{hook.id}  {hook.authority}  {hook.url}  {said['state']}{why}{again}"))
    return 0


async def _remove(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        found = await _found(book, options.id)
        await book.unsubscribe(found.id)
        await book.note((Access(now_ms(), "cli", f"hook {found.id} removed", f"authority/{found.authority}"),))
    if options.json:
        print_json({"removed": found.id})
    else:
        print(f"Nothing is sent to hook {found.id} any more.")
    return 0


async def _replay(options: argparse.Namespace) -> int:
    since_ms = moment(options.since, ZoneInfo("UTC"))
    if since_ms is None or not 0 <= since_ms <= now_ms():
        raise WrongCall("date_wrong", f"“{options.since}” is no day that has come: write it as 2026-03-15")
    async with open_records(options.store, make=False) as (book, _):
        found = await _found(book, options.id)
        await book.rewind(found.id, since_ms, now_ms())
        await book.note((Access(now_ms(), "cli", f"hook {found.id} replayed", f"authority/{found.authority}"),))
    if options.json:
        print_json({"replayed": found.id, "since": written(since_ms)})
    else:
        print(f"Hook {found.id} hears again what happened since {written(since_ms)}.")
    return 0


async def _found(book: Subscribers, hook: int) -> Subscriber:
    for one in await book.subscribers():
        if one.id == hook:
            return one
    raise WrongCall("hook_unknown", f"there is no hook {hook}: `vikno hooks list` shows those there are")


def hook_json(hook: Subscriber) -> dict[str, Any]:
    return {
        "id": hook.id,
        "authority": hook.authority,
        "url": hook.url,
        "state": "paused" if hook.next_ms is None else "failing" if hook.tries else "fine",
        "reason": hook.reason or None,
        "tries": hook.tries,
        "next": written(hook.next_ms) if hook.tries and hook.next_ms is not None else None,
        "upto": written(hook.taken.at_ms),
        "created": written(hook.created_ms),
    }
