"""The signed list verifies with OpenSSL, and /check tells genuine from forged, kindly."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import time
from pathlib import Path

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.portal.around import NUMBER, around, person, seed
from tests.portal.forms import read
from vikno.bootstrap.keyfiles import signing_key
from vikno.bootstrap.settings import Settings, SettingWrong, list_key
from vikno.portal.official import ATTEMPTS, ATTEMPTS_AT_NUMBER, DAY_MS
from vikno.usecases.tell_genuine import own, tell
from vikno.wire.vault import LocalVault

OURS = [
    own("telegram", "@vikno_dms_bot", "https://t.me/vikno_dms_bot"),
    own("viber", "Вікно ДМС", "viber://pa?chatURI=viknodms", "https://chats.viber.com/viknodms"),
    own("sms", "+380441234567", "sms:+380441234567?&body=VIKNO"),
    own("email", "vikno@dms.example", "mailto:vikno@dms.example?subject=x"),
    own("site", "vikno.example", "https://vikno.example"),
    own("authority", "Установа", "https://www.dms.gov.example"),
]
CLAIMS = [
    ("@vikno_dms_bot", "genuine"),
    ("Vikno_DMS_Bot", "genuine"),
    ("https://t.me/vikno_dms_bot?start=abc", "genuine"),
    ("t.me/vikno_dms_bot", "genuine"),
    ("tg://resolve?domain=vikno_dms_bot", "genuine"),
    ("viber://pa?chatURI=viknodms&context=x", "genuine"),
    ("https://chats.viber.com/viknodms", "genuine"),
    ("+380 44 123 45 67", "genuine"),
    ("0441234567", "genuine"),
    ("vikno@dms.example", "genuine"),
    ("https://vikno.example/q/cnap", "genuine"),
    ("380441234567", "genuine"),
    ("https://dms.gov.example/", "genuine"),
    ("Пишіть нам: @vikno_dms_bot", "quoted"),
    ("Документи прийнято.Чекайте на https://vikno.example/inbox/abc від 15.03.2026, UA-2026-0004417", "quoted"),
    ("Сплатіть 500 грн: https://t.me/vikno_dms_bot", "quoted"),  # the sum leads nowhere; the answer warns
    ("@vikno_dms_bot " + "а" * 1000, "quoted"),
    ("Доплатіть 500 грн на картку 4441 1111 2222 3333. Ваш бот https://t.me/vikno_dms_bot", "mixed"),
    ("https://t.me/vikno_dms_bot сплатіть тут http://evil.example/pay", "mixed"),
    ("https://vikno.example/q/cnap https://evil.com/pay", "mixed"),
    ("https://vikno.example/q/cnap,https://evil.com/pay", "mixed"),
    ("https://vikno.example/?next=https://evil.com/pay", "mixed"),
    ("@vikno_dms_bot, рахунок UA213223130000026007233566001", "mixed"),
    ("@vikno_dms_bot, тел. 099.123.45.67", "mixed"),
    ("@vikno_dms_bot, пишіть на pay@evil.example", "mixed"),
    ("@vikno_dms_bot і @durov", "mixed"),
    ("@vikno_dms_bot, картка4441111122223333", "mixed"),
    ("@vikno_dms_bot, evil。example", "mixed"),
    ("0441234567 4441111122223333", "unknown"),  # one run of digits is no number of ours
    ("@vikno_dms_b0t", "alike"),  # a zero
    ("@vikno_dmss_bot", "alike"),  # a letter more
    ("@viknoo_dmss_bot", "alike"),  # two letters more
    ("@vikno_dms_bt", "alike"),  # a letter less
    ("@vikno_dsm_bot", "alike"),  # two letters swapped
    ("@vіkno_dms_bot", "alike"),  # a Cyrillic і
    ("@vikno_dms_bot_help", "alike"),
    ("@official_vikno_dms_bot", "alike"),
    ("https://t.me/vikno_dms_b0t", "alike"),
    ("https://chats.viber.com/viknodrns", "alike"),
    ("https://vikno.example.login.example", "alike"),
    ("https://vlkno.example/pay", "alike"),
    ("vikno@drns.example", "alike"),
    ("+380441234568", "alike"),
    ("+380441234576", "alike"),  # two digits swapped
    ("https://xn--vkno-l9d.example/pay", "alike"),  # a Cyrillic і, as addresses carry it
    ("@vikno_dms_bot радить писати на @vikno_dms_b0t", "alike"),
    ("Вікно ДМС", "named"),
    ("Bікно ДMC", "named"),  # with Latin letters
    ("@weather_kyiv_bot", "unknown"),
    ("https://t.me/durov", "unknown"),
    ("+48221234567", "unknown"),
    ("+48441234567", "unknown"),  # our digits in another country
    ("https://poland.dms.gov.example", "unknown"),  # below a real name, so not forged; only not on the list
    ("https://chats.viber.com/vikno_dms_bot", "alike"),  # Telegram's name, in Viber anybody's
    ("https://vikno_dms_bot.t.me@evil.example", "alike"),
    ("101", "unknown"),
    ("", "nothing"),
    ("Добрий день! Це ваша служба.", "nothing"),
    ("😀" * 50, "nothing"),
    ("http://[", "nothing"),
    ("@", "nothing"),
]


@pytest.mark.parametrize(("pasted", "verdict"), CLAIMS)
def test_what_somebody_pastes_is_told_apart(pasted: str, verdict: str) -> None:
    assert tell(pasted, OURS).verdict == verdict


FOREIGN = [
    "https://vikno.example.org:443@evil.com/x",
    "https://vikno.example.org@evil.com",
    "https://vikno.example.org%40evil.com",
    "https://vikno.example.org:x@evil.com",
    "https://vikno.example.org:8443/",
    "https://vikno.example.org.evil.com/",
    "https://vikno.example.org:443.evil.com/",
    "https://vikno.example.orgs/",
    "https://xvikno.example.org/",
    "https://evil.com/vikno.example.org",
    "https://evil.com/?https.vikno.example.org",
    "https://evil.com#vikno.example.org",
    "https://evil.com\\@vikno.example.org/",
    "https:\\\\evil.com/vikno.example.org",
    "https://vikno.ехample.org/",  # Cyrillic е and х
    "https://vikno.xn--ample-ouf6d.org/",
    "https://vikno.example。org.evil.com/",
    "ftp://vikno.example.org/",
    "javascript://vikno.example.org/%0aalert(1)",
    "vikno.example.org:8443/pay",
    "vikno.example.org:443@evil.com/x",
    "https://127.0.0.1:8765@evil.com/x",
    "http://127.0.0.1:8765.evil.com/",
    "http://127.0.0.1:87650/",
    "http://127.0.0.1/",
    "http://127.0.0.1:8765:80/",
    "http://127.0.0.10:8765/",
]
"""Addresses that begin, end or read like ours and lead elsewhere."""
DETOURS = [
    "https://t.me/vikno_dms_bot/../evil_bot",
    "https://t.me/vikno_dms_bot/%2E%2e/evil_bot",
    "https://t.me/vikno_dms_bot\\..\\evil_bot",
    "https://t.me:8443/vikno_dms_bot",
    "tg://resolve?domain=vikno_dms_bot&domain=evil_bot",
    "viber://pa?chatURI=viknodms&chatURI=evil",
    "mailto:vikno@dms.example?cc=evil@evil.example",
    "mailto:vikno@dms.example,evil@evil.example",
    "sms:+380441234567,+48221234567",
]
"""Links that name one of ours and open, or also write to, somebody else."""
HOMELY = [
    "https://vikno.example.org/check",
    "https://VIKNO.Example.ORG:443/check",
    "https://vikno.example.org./q/cnap",
    "https://www.vikno.example.org/",
    "http://vikno.example.org",
    "vikno.example.org",
    "https://vikno.example。org/",  # an ideographic full stop: browsers read it as a dot
    "http://127.0.0.1:8765/uk/",
    "https://дія.укр/",
    "https://xn--d1a8cua.xn--j1amh/",
]
PUBLICS = [
    own("site", "vikno.example.org", "https://vikno.example.org"),
    own("site", "127.0.0.1:8765", "http://127.0.0.1:8765"),
    own("site", "дія.укр", "https://Дія.укр"),
]


@pytest.mark.parametrize("address", FOREIGN)
def test_an_address_that_only_reads_like_ours_is_not_ours(address: str) -> None:
    assert tell(address, PUBLICS).verdict in ("alike", "unknown")
    assert tell(f"Оплата: {address} .", PUBLICS).verdict in ("alike", "unknown")


@pytest.mark.parametrize("link", DETOURS)
def test_a_link_that_names_ours_on_its_way_elsewhere_is_not_ours(link: str) -> None:
    assert tell(link, OURS).verdict in ("alike", "unknown")


@pytest.mark.parametrize("address", HOMELY)
def test_our_address_is_ours_however_it_is_written(address: str) -> None:
    assert tell(address, PUBLICS).verdict == "genuine"


HUGE = ["a" * 100_000, "@" * 5000, "//" * 3000, "1 " * 3000, "x@" * 2000, "\x00\ud800", "a." * 900]


@pytest.mark.parametrize("pasted", HUGE)
def test_nothing_pasted_takes_long_or_breaks_it(pasted: str) -> None:
    began = time.process_time()
    assert tell(pasted, OURS).verdict in ("unknown", "nothing", "alike")
    assert time.process_time() - began < 1


async def verified(command: list[str], folder: Path) -> bool:
    """Whether OpenSSL says so."""
    run = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=asyncio.subprocess.DEVNULL)
    return await run.wait() == 0


async def test_the_list_verifies_with_openssl_and_names_what_is_ours(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.fail("openssl is missing: apt-get install openssl")
    async with around(tmp_path) as here, person(here) as client:
        here.platforms.username = "somebody_else_bot"
        await here.watch.check()
        body = (await client.get("/.well-known/official-channels.json")).content
        for name, path in (("list.json", "json"), ("list.sig", "sig"), ("key.pem", "pem")):
            (tmp_path / name).write_bytes((await client.get(f"/.well-known/official-channels.{path}")).content)
        command = [
            openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin",
            "-in", "list.json", "-sigfile", "list.sig",
        ]  # fmt: skip
        assert await verified(command, tmp_path)
        (tmp_path / "list.json").write_bytes(body.replace(b"vikno_dms_bot", b"vikno_dms_b0t"))
        assert not await verified(command, tmp_path)
        said = json.loads(body)
        assert said["site"] == "https://vikno.example"
        assert {(one["kind"], one["name"], one["works"]) for one in said["channels"]} == {
            ("telegram", "@vikno_dms_bot", False),
            ("viber", "Вікно ДМС", True),
            ("sms", "+380441234567", True),
            ("email", "vikno@dms.example", True),
        }
        assert said["authorities"]["ua/dms"]["name"]["uk"] == "Державна міграційна служба України"


async def test_the_list_is_a_jws_too(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        head, body, signature = (await client.get("/.well-known/official-channels.jws")).text.split(".")

        def plain(part: str) -> bytes:
            return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

        key = load_pem_public_key(here.official.public_pem)
        assert json.loads(plain(head))["alg"] == "EdDSA"
        assert plain(body) == (await client.get("/.well-known/official-channels.json")).content
        key.verify(plain(signature), f"{head}.{body}".encode())  # type: ignore[union-attr, call-arg]
        with pytest.raises(InvalidSignature):
            key.verify(plain(signature), f"{head}.{body}A".encode())  # type: ignore[union-attr, call-arg]


async def test_the_list_stays_the_same_for_a_day_while_nothing_changes(tmp_path: Path) -> None:
    moment = [1_790_000_000_000]
    async with around(tmp_path, clock=lambda: moment[0]) as here:
        first = here.official.signed()
        moment[0] += DAY_MS - 1
        assert here.official.signed() is first
        moment[0] += 1
        assert here.official.signed().body != first.body


async def test_the_page_tells_and_warns(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        for pasted, words in (
            ("@vikno_dms_bot", "Так, це наше"),
            ("@vikno_dms_b0t", "Обережно: це не наше"),
            ("@durov", "Ми цього не знаємо"),
            ("Вікно ДМС", "Назви замало"),
            ("Добрий день!", "Тут нема що перевіряти"),
            ("<script>alert(1)</script> @vikno_dms_b0t", "Обережно: це не наше"),
        ):
            said = await client.get("/uk/check", params={"q": pasted})
            page = read(said.text)
            assert words in page.all("div", role="status")[0].text, pasted
            assert "Ніколи не просимо кодів" in page.text
            assert said.headers["cache-control"] == "no-store"
            assert "<script>alert" not in said.text
        assert (await client.get("/check")).url.path == "/uk/check"
        asked = await client.get("/check", params={"q": "@vikno_dms_bot & more"})
        assert dict(asked.url.params) == {"q": "@vikno_dms_bot & more"}
        assert "Це наше, але цього замало" in asked.text


async def test_a_forged_message_around_a_genuine_bot_is_named_as_such(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:

        async def said(pasted: str) -> str:
            return read((await client.get("/uk/check", params={"q": pasted})).text).all("div", role="status")[0].text

        for pasted, foreign in (
            ("Доплатіть 500 грн на картку 4441 1111 2222 3333. Ваш бот https://t.me/vikno_dms_bot", "4441 1111"),
            ("https://t.me/vikno_dms_bot сплатіть тут http://evil.example/pay", "http://evil.example/pay"),
            ("https://vikno.example/q/cnap https://evil.com/pay", "https://evil.com/pay"),
        ):
            answer = await said(pasted)
            assert "Обережно: тут є не наше" in answer
            assert foreign in answer
        answer = await said("Надішліть пароль боту @vikno_dms_bot")
        assert "нічого не каже" in answer
        assert "ніколи не просимо грошей, номерів карток, паролів" in answer
        assert "перші 1000 знаків" in await said("@vikno_dms_bot " + "а " * 600)
        assert "Вставте те, що хочете перевірити" in await said(" ")


async def test_a_code_in_the_first_field_is_taken_for_a_code(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        code = (await seed(here))["code"]
        for pasted in (code, code.lower(), f"ID-картка, справа …4417\n\nДані передано.\n\nКод повідомлення: {code}"):
            page = read((await client.get("/uk/check", params={"q": pasted})).text)
            assert "потрібен номер справи" in page.all("div", role="status")[0].text, pasted
            assert page.one("input", id="code")["value"].upper() == code
        whole = read((await client.get("/uk/check", params={"q": f"Справа {NUMBER}. Код {code}"})).text)
        assert ["Так, це наш код" in one.text for one in whole.all("div", role="status")] == [True]
        forged = f"Справа {NUMBER}. Код {code}. Сплатіть: https://vikno.example https://evil.com"
        assert "Так, це наш код" not in (await client.get("/uk/check", params={"q": forged})).text
        for number in ("", f"Справа {NUMBER}. "):
            pasted = f"{number}Код повідомлення: {code}. Сплатіть: https://evil.com"
            told = read((await client.get("/uk/check", params={"q": pasted})).text).all("div", role="status")
            assert ["Ми цього не знаємо" in one.text for one in told] == [True], "a copied code covers no link"


async def test_a_messages_code_is_genuine_only_with_its_case(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)

        async def said(code: str, number: str) -> str:
            page = read((await client.get("/uk/check", params={"code": code, "number": number})).text)
            return page.all("div", role="status")[0].text

        code = seeded["code"]
        genuine = await said(code.lower(), NUMBER)
        assert "Так, це наш код" in genuine
        assert "Дані передано до центру персоналізації" in genuine, "so that a copied code on other words is seen"
        other = (code, "UA-2026-0004418"), (here.desk.code(1, "shipped"), NUMBER)
        for wrong, number in (*other, ("222222", NUMBER), ("їжак", NUMBER), ("Є", NUMBER)):
            assert "Такого повідомлення ми не надсилали" in await said(wrong, number)
        assert "Потрібні і код, і номер" in await said(code, "")
        last = ""
        for _ in range(ATTEMPTS):
            last = await said("222222", NUMBER)
        assert "Забагато спроб" in last


async def test_a_code_cannot_be_guessed_from_many_addresses(tmp_path: Path) -> None:
    async with around(tmp_path) as here:
        seeded = await seed(here)

        async def said(code: str, number: str, address: str) -> str:
            transport = httpx.ASGITransport(here.app, client=(address, 1))
            async with httpx.AsyncClient(transport=transport, base_url="https://vikno.example") as client:
                page = read((await client.get("/uk/check", params={"code": code, "number": number})).text)
            return page.all("div", role="status")[0].text

        for at in range(ATTEMPTS_AT_NUMBER):
            assert "Такого повідомлення ми не надсилали" in await said("222222", NUMBER, f"203.0.113.{at}")
        written = NUMBER.lower().replace("-", " ")
        for number in (NUMBER, written):
            assert "Забагато спроб" in await said(seeded["code"], number, "198.51.100.1")
        assert "Такого повідомлення ми не надсилали" in await said("222222", "UA-2026-0004418", "198.51.100.1")
        for at in range(ATTEMPTS):
            await said("222222", f"UA-{at}", f"2001:db8::{at:x}")
        assert "Забагато спроб" in await said("222222", "UA-1", "2001:db8::ffff:1"), "one line has 2^64 addresses"
        assert "Такого повідомлення ми не надсилали" in await said("222222", "UA-1", "2001:db8:0:1::1")


def test_the_key_of_the_list_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "list.pem"
    first = signing_key(path)
    assert len(first) == 32
    assert path.stat().st_mode & 0o077 == 0
    assert signing_key(path) == first


async def test_a_server_signs_with_the_key_of_its_settings(tmp_path: Path) -> None:
    path = tmp_path / "list.pem"
    vault = LocalVault(bytes(32))
    assert list_key(Settings(given={"VIKNO_SIGNING_KEY": str(path)}), vault) == signing_key(path)
    assert list_key(Settings(), vault) == list_key(Settings(), vault)
    path.write_text("no key", "ascii")
    with pytest.raises(SettingWrong, match="VIKNO_SIGNING_KEY"):
        list_key(Settings(given={"VIKNO_SIGNING_KEY": str(path)}), vault)
