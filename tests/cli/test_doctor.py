"""`vikno doctor` against a Telegram and a Viber that speak the real protocol: what is wrong, and what to do."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.cli.conftest import Call
from tests.commands import ROOT, VIKNO
from tests.network import certified, listening
from vikno.bootstrap.doctor import DAYS_LEFT, Examined, certificate, examine
from vikno.bootstrap.settings import open_vault, read_settings
from vikno.bootstrap.worlds import now_ms
from vikno.stores.sqlite import SqliteStore
from vikno.testing.telegram import TelegramServer
from vikno.testing.viber import ViberServer

TOKEN = "1:" + "A" * 35
VIBER = "4" * 50


async def doctor(folder: Path, **settings: str) -> tuple[int, dict[str, Any]]:
    """`vikno doctor --json` as a process of its own: its exit code, and what it found by part."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VIKNO_")}
    process = await asyncio.create_subprocess_exec(
        VIKNO, "doctor", "--json", "--store", f"sqlite:///{folder}/vikno.db",
        cwd=ROOT, env={**clean, **settings}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await process.communicate()
    assert out, error.decode()
    found = json.loads(out)
    assert found["ok"] is all(part["ok"] for part in found["parts"])
    return process.returncode or 0, {part["part"]: part for part in found["parts"]}


async def test_on_a_fresh_machine_all_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    code, found = await doctor(tmp_path)
    assert code == 0
    assert "people have the web only" in found["channels"]["said"]
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - nothing waits for it, "looking makes neither a store nor a key"


async def test_a_bot_that_is_what_is_printed_is_well(tmp_path: Path) -> None:
    async with TelegramServer(TOKEN, username="vikno_dms_bot") as telegram:
        code, found = await doctor(tmp_path, VIKNO_TELEGRAM_TOKEN=TOKEN, VIKNO_TELEGRAM_API=telegram.api)
        assert (code, found["channel telegram/main"]["wrong"]) == (0, [])
        assert "@vikno_dms_bot https://t.me/vikno_dms_bot" in found["channel telegram/main"]["said"]
        assert found["clock"]["said"] == "right", "compared with what the platform's answers say"


async def test_a_wrong_token_a_foreign_name_and_a_dead_platform_are_named(tmp_path: Path) -> None:
    async with (
        TelegramServer(TOKEN, username="vikno_dms_bot") as telegram,
        ViberServer(VIBER, name="Інша назва", uri="other") as viber,
    ):
        code, found = await doctor(
            tmp_path,
            VIKNO_TELEGRAM_TOKEN="2:" + "B" * 35,
            VIKNO_TELEGRAM_API=telegram.api,
            VIKNO_VIBER_TOKEN=VIBER,
            VIKNO_VIBER_NAME="Вікно ДМС",
            VIKNO_VIBER_API=viber.api,
            VIKNO_SMTP_URL="smtp://127.0.0.1:9",
            VIKNO_MAIL_FROM="Вікно <vikno@dms.example>",
        )
        assert code == 1
        assert found["channel telegram/main"]["wrong"]
        assert any("Інша назва" in wrong for wrong in found["channel viber/main"]["wrong"])
        assert any("does not answer" in wrong for wrong in found["channel email/main"]["wrong"])
        assert "B" * 35 not in json.dumps(found), "no secret is shown"


async def test_a_bot_that_is_not_the_printed_one_is_named_with_both_names(tmp_path: Path) -> None:
    """The token may be a good one, and of another bot: what hangs on the wall leads to a stranger."""
    async with (
        TelegramServer(TOKEN, username="vikno_dms_bot") as telegram,
        ViberServer(VIBER, name="Вікно ДМС", uri="viknodms") as viber,
    ):
        settings = {
            "VIKNO_TELEGRAM_TOKEN": TOKEN,
            "VIKNO_TELEGRAM_API": telegram.api,
            "VIKNO_VIBER_TOKEN": VIBER,
            "VIKNO_VIBER_NAME": "Вікно ДМС",
            "VIKNO_VIBER_API": viber.api,
        }
        _, found = await doctor(
            tmp_path, **settings, VIKNO_TELEGRAM_USERNAME="@Vikno_DMS_bot", VIKNO_VIBER_URI="viknodms"
        )
        assert not any("rinted name" in wrong for wrong in found["channel telegram/main"]["wrong"])
        assert not any("Links lead" in wrong for wrong in found["channel viber/main"]["wrong"])
        code, found = await doctor(tmp_path, **settings, VIKNO_TELEGRAM_USERNAME="vikno_bot", VIKNO_VIBER_URI="vikno")
        assert code == 1
        (wrong,) = [one for one in found["channel telegram/main"]["wrong"] if "printed name" in one]
        assert "@vikno_bot" in wrong
        assert "@vikno_dms_bot" in wrong
        assert any("“vikno”" in one and "“viknodms”" in one for one in found["channel viber/main"]["wrong"])


async def test_a_webhook_that_leads_elsewhere_is_named(tmp_path: Path) -> None:
    async with TelegramServer(TOKEN, username="vikno_dms_bot") as telegram, site() as public:
        settings = {"VIKNO_TELEGRAM_TOKEN": TOKEN, "VIKNO_TELEGRAM_API": telegram.api, "VIKNO_PUBLIC_URL": public}
        code, found = await doctor(tmp_path, **settings)
        assert code == 1
        assert any("webhook" in wrong for wrong in found["channel telegram/main"]["wrong"])
        assert found["site"]["ok"]


@asynccontextmanager
async def site(body: str = "ok 20\n", shows: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A site that answers /health."""

    async def health(request: web.BaseRequest) -> web.Response:
        return web.Response(text=body) if request.path == "/health" else web.Response(status=404)

    async with listening(health, shows) as url:
        yield url.replace("127.0.0.1", "localhost")


async def test_another_site_behind_the_address_is_noticed(tmp_path: Path) -> None:
    async with site("<html>Welcome to nginx") as public:
        code, found = await doctor(tmp_path, VIKNO_PUBLIC_URL=public)
        assert code == 1
        assert "not as Vikno" in found["site"]["wrong"][0]
    code, found = await doctor(tmp_path, VIKNO_PUBLIC_URL=public)
    assert "does not answer" in found["site"]["wrong"][0]


@pytest.mark.parametrize(
    ("days", "host", "trusted", "said"),
    [
        (DAYS_LEFT + 1, "localhost", True, ""),
        (DAYS_LEFT - 1, "localhost", True, "the renewal does not work"),
        (-1, "localhost", True, "has expired"),
        (60, "localhost", False, "Nobody trusts it"),
        (60, "other.example", True, "Nobody trusts it"),
    ],
)
async def test_a_certificate_is_looked_at(days: int, host: str, trusted: bool, said: str) -> None:
    shows, trusts = certified(host, days)
    async with site(shows=shows) as public:
        port = int(public.rpartition(":")[2])
        found = await certificate("localhost", port, trusts if trusted else None)
        assert found.ok == (said == "")
        assert said in " ".join(found.wrong)
    gone = await certificate("localhost", port, trusts)
    assert "No TLS" in gone.wrong[0]


async def parts(folder: Path, environ: dict[str, str]) -> dict[str, Examined]:
    found = await examine(read_settings(environ), f"sqlite:///{folder}/vikno.db")
    return {one.part: one for one in found}


async def test_the_key_and_the_store_are_looked_at(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/vikno.db"
    vault, store = open_vault(read_settings({}), url), SqliteStore(url, now_ms)
    await store.put_aside("viber/main", "update_unreadable", vault.seal("{}"), now_ms())
    await store.close()
    found = await parts(tmp_path, {})
    assert found["key"].ok
    assert "updates put aside: 1" in found["store"].said
    assert found["store"].ok
    other = await parts(tmp_path, {"VIKNO_KEY": "11" * 32})
    assert "was not sealed with the key in use" in other["store"].wrong[0]
    assert "32 bytes" in (await parts(tmp_path, {"VIKNO_KEY": "short"}))["key"].wrong[0]
    (tmp_path / "vikno.key").chmod(0o644)
    assert "chmod 600" in (await parts(tmp_path, {}))["key"].wrong[0]
    (tmp_path / "vikno.db").chmod(0o640)
    assert "chmod 600" in (await parts(tmp_path, {}))["store"].wrong[0]
    (tmp_path / "vikno.db").write_bytes(b"no database at all" * 1000)
    (tmp_path / "vikno.key").chmod(0o600)
    assert not (await parts(tmp_path, {}))["store"].ok


def test_a_bad_key_is_told_once(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/vikno.db"
    asyncio.run(SqliteStore(url, now_ms).close())
    monkeypatch.setenv("VIKNO_KEY", "short")
    monkeypatch.setenv("VIKNO_TELEGRAM_TOKEN", TOKEN)
    ran = call("doctor", "--store", url)
    assert ran.code == 1
    assert ran.out.count("32 bytes") == 1
    assert ran.out.rstrip().endswith("Wrong: key.")


def test_in_words_it_says_what_is_wrong_and_ends_with_1(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIKNO_PUBLIC_URL", "http://127.0.0.1:9")
    ran = call("doctor", "--store", f"sqlite:///{tmp_path}/vikno.db")
    assert ran.code == 1
    assert "WRONG site" in ran.out
    assert "→ http://127.0.0.1:9 does not answer from here" in ran.out
    assert ran.out.rstrip().endswith("Wrong: site.")
    monkeypatch.delenv("VIKNO_PUBLIC_URL")
    ran = call("doctor", "--store", f"sqlite:///{tmp_path}/vikno.db")
    assert (ran.code, ran.out.rstrip().rpartition("\n")[2]) == (0, "All is well.")
