"""Look into a store for people whom a change of the rules would strand."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from vikno.packs.load import load_country
from vikno.stores.sqlite.reader import SqliteReader
from vikno.usecases.find_stranded import Stranded, find_stranded


def stranded(url: str, folder: Path, day: date) -> Stranded:
    """People in the middle of a service in `folder`. The store is only read, also while a server writes to it.

    Raises:
        StoreUnavailable: the store is none, or cannot be read.
    """
    return asyncio.run(_stranded(url, folder, day))


async def _stranded(url: str, folder: Path, day: date) -> Stranded:
    store = SqliteReader(url)
    try:
        pack = load_country(folder)
        return await find_stranded(store, pack.country.code, pack.services, day, pack.country.place)
    finally:
        await store.close()
