"""`vikno keys`: the keys by which an authority's system, or the operator, may come in. Each is shown once."""

from __future__ import annotations

import argparse
import asyncio
import secrets
from typing import Any

from vikno.api.keys import SECRET_BYTES, add_key
from vikno.bootstrap.intake import authority_of, open_records
from vikno.bootstrap.worlds import now_ms
from vikno.cli.cases import written
from vikno.cli.shown import WrongCall, print_json
from vikno.usecases.records import OPERATOR, Access, ApiKey


def run(options: argparse.Namespace) -> int:
    """Do what was asked for."""
    return asyncio.run({"add": _add, "list": _list, "revoke": _revoke}[options.action](options))


async def _add(options: argparse.Namespace) -> int:
    if options.authority != OPERATOR:
        authority_of(options.countries, options.authority)
    async with open_records(options.store) as (book, vault):
        secret = secrets.token_urlsafe(SECRET_BYTES)
        key = await add_key(book, vault, options.authority, options.label, secret, now_ms())
        made = f"key {key.split('_')[1]} made"
        await book.note((Access(now_ms(), "cli", made, f"authority/{options.authority}"),))
    if options.json:
        print_json({"key": key, "authority": options.authority, "label": options.label})
    else:
        print(key)
    return 0


async def _list(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        keys = await book.keys(options.authority)
    if options.json:
        print_json([key_json(key) for key in keys])
        return 0
    from vikno.console.page import shown

    for key in keys:
        until = f"revoked {written(key.revoked_ms)}" if key.revoked_ms else "in force"
        print(shown(f"{key.id}  {key.authority}  {key.label}  made {written(key.created_ms)}  {until}"))
    return 0


async def _revoke(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        found = next((key for key in await book.keys() if key.id == options.id), None)
        if found is None or not await book.revoke_key(options.id, now_ms()):
            raise WrongCall("key_unknown", f"no key {options.id} is in force: `vikno keys list` shows those there are")
        await book.note((Access(now_ms(), "cli", f"key {found.id} revoked", f"authority/{found.authority}"),))
    if options.json:
        print_json({"revoked": options.id})
    else:
        print(f"Key {options.id} opens nothing any more.")
    return 0


def key_json(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "authority": key.authority,
        "label": key.label,
        "created": written(key.created_ms),
        "revoked": written(key.revoked_ms) if key.revoked_ms else None,
    }
