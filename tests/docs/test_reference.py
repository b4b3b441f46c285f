"""The reference says what the code says: its marked parts are new, complete, and true of what the commands print."""

import ast
import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Command
from vikno.api.registry import read_declared
from vikno.bootstrap.intake import open_records
from vikno.bootstrap.persons import chain_of
from vikno.bootstrap.worlds import now_ms
from vikno.cli.reference import PartUnknown, named, parts, renewed, write
from vikno.cli.reference.commands import JSON, commands
from vikno.cli.reference.errors import CALLS
from vikno.cli.reference.items import MEANINGS
from vikno.domain.rules.service import KINDS
from vikno.usecases.people import AgreedGiven


@pytest.fixture(scope="module")
def reference(root: Path) -> Path:
    return root / "docs/reference"


def test_every_page_is_as_the_code_has_it(reference: Path) -> None:
    for page in sorted(reference.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        assert renewed(text) == text, f"{page.name} is out of date: run `make reference`"


def test_every_part_stands_on_one_page(reference: Path) -> None:
    found = [name for page in reference.glob("*.md") for name in named(page.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(parts())


def test_every_page_is_listed(reference: Path) -> None:
    listed = (reference / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in reference.glob("*.md") if page.name != "README.md" and page.name not in listed] == []


def test_a_page_that_fell_behind_is_noticed_and_renewed(reference: Path, tmp_path: Path) -> None:
    shutil.copytree(reference, tmp_path / "reference")
    page = tmp_path / "reference/findings.md"
    page.write_text(page.read_text(encoding="utf-8").replace("`item_never`", "`item_ever`"), encoding="utf-8")
    assert renewed(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")
    assert write(tmp_path / "reference") == ["findings.md"]
    assert write(tmp_path / "reference") == []


def test_a_part_that_nobody_writes_is_noticed() -> None:
    with pytest.raises(PartUnknown, match="no such part"):
        renewed("<!-- from the code: no such part -->\n<!-- end -->\n")


def test_the_declaration_of_a_registry_is_one_that_is_taken(reference: Path, tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", (reference / "api.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    declaration = tmp_path / "registry.yaml"
    declaration.write_text(shown, encoding="utf-8")
    declared = read_declared(declaration, {"ua/id-card": frozenset(("accepted", "approved"))})
    assert declared.stages == {"10": "accepted", "20": "approved"}


def test_every_kind_of_item_has_a_meaning() -> None:
    assert MEANINGS.keys() == set(KINDS)


def test_every_command_has_its_own_heading(reference: Path) -> None:
    text = (reference / "commands.md").read_text(encoding="utf-8")
    assert [name for name, _ in commands() if f"\n## vikno {name}\n" not in text] == []


# What the commands print has the keys that are listed, no more and no fewer.


@pytest.fixture(scope="module")
def printed(vikno: Command, tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, Any]:
    """One JSON result of each command, and one entry of each list in it."""
    folder = tmp_path_factory.mktemp("broken") / "example"
    shutil.copytree(root / "countries/example", folder)
    for slug in ("fishing-permit", "visitor-visa"):
        shutil.rmtree(folder / "services" / slug)
    (folder / "entries.yaml").unlink()  # it names them
    rules = folder / "services/library-card/consultation.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("age < 14", "age < 16"), encoding="utf-8")
    before = tmp_path_factory.mktemp("before") / "example"
    shutil.copytree(folder, before)
    shutil.copy(root / "countries/example/services/library-card/consultation.yaml", before / "services/library-card")
    consult = vikno("consult", "example/library-card", "--answers", "-", "--json", stdin="{age: 9}").json
    check = vikno("check", folder, "--json").json
    (service,) = check["services"].values()
    diff = vikno("diff", before, folder, "--all-dates", "--json").json
    doctor = vikno("doctor", "--store", f"sqlite:///{folder}/none.db", "--json").json
    site = ("--url", "https://vikno.example", "--name", "telegram=@vikno_bot", "--out", folder)
    message = "{sender_country: sg, sender: state_body, channel: sms, sender_name: own, purpose: ordinary}"
    decide = vikno("decide", "--message", "-", "--date", "2026-03-15", "--json", stdin=message).json
    cases = _cases(vikno, tmp_path_factory.mktemp("cases"))
    return {
        **cases,
        **_senders(vikno, tmp_path_factory.mktemp("senders"), root),
        **_campaigns(vikno, tmp_path_factory.mktemp("campaigns"), root),
        **_ledger(vikno, tmp_path_factory.mktemp("ledger")),
        "consult": consult,
        "consult: items": consult["items"][0],
        "decide": decide,
        "decide: rules": decide["rules"][0],
        "check": check,
        "check: services": service,
        "check: findings": service["findings"][0],
        "diff": diff,
        "diff: changed": diff["changed"][0],
        "doctor": doctor,
        "doctor: parts": doctor["parts"][0],
        "poster": vikno("poster", "ua/cnap", *site, "--json").json,
        "paths": vikno("paths", "example/library-card", "--json").json,
        "texts: one file": vikno("texts", before, "--lang", "uk", "--json").json[0],
    }


def _cases(vikno: Command, folder: Path) -> dict[str, Any]:
    """The results of `vikno cases`, `vikno hooks` and `vikno keys`."""
    store = ("--store", f"sqlite:///{folder}/cases.db", "--json")
    mine = ("--authority", "ua/dms", *store)
    file = folder / "cases.csv"
    file.write_text("number,service,code,stage,at\nA-1,ua/id-card,1234567,accepted,2026-03-15\n=1,,,,\n")
    brought = vikno("cases", "import", file, *mine).json
    case = vikno("cases", "show", "A-1", *mine).json
    nobody = "url: 'http://127.0.0.1:9/', number: /n, stage: /s, stages: {a: accepted}"
    (folder / "registry.yaml").write_text(f"{{authority: ua/dms, {nobody}}}")
    made = vikno("keys", "add", "ua/dms", *store).json
    return {
        "cases import": brought,
        "cases import: refused": brought["refused"][0],
        "cases show": case,
        "cases show: history": case["history"][0],
        "cases watch": vikno("cases", "watch", folder / "registry.yaml", "--once", *store).json,
        "hooks add": vikno("hooks", "add", "ua/dms", "https://dms.example.gov/hear", *store).json,
        "hooks list: one of them": vikno("hooks", "list", *store).json[0],
        "hooks replay": vikno("hooks", "replay", "1", "--since", "2026-03-15", *store).json,
        "hooks remove": vikno("hooks", "remove", "1", *store).json,
        "keys add": made,
        "keys list: one key": vikno("keys", "list", *store).json[0],
        "keys revoke": vikno("keys", "revoke", made["key"].split("_")[1], *store).json,
    }


def _senders(vikno: Command, folder: Path, root: Path) -> dict[str, Any]:
    """The results of `vikno senders`."""
    store = ("--store", f"sqlite:///{folder}/senders.db", "--json")
    skyfen = root / "countries/example/senders/skyfen"
    put = vikno("senders", "put", skyfen, *store).json
    waits = vikno("senders", "review", "list", *store).json
    url = "https://systems.skyfen.example/hear"
    return {
        "senders put": put,
        "senders put: templates": put["templates"][0],
        "senders check": vikno("senders", "check", skyfen, "--json").json,
        "senders list: one of them": vikno("senders", "list", *store).json[0],
        "senders key add": vikno("senders", "key", "add", "skyfen", *store).json,
        "senders key list: one key": vikno("senders", "key", "list", "skyfen", *store).json[0],
        "senders key revoke": vikno("senders", "key", "revoke", "skyfen", "1", *store).json,
        "senders review list: one of them": waits[0],
        "senders review": vikno("senders", "review", "approve", "skyfen", *store).json,
        "senders archive": vikno("senders", "archive", "skyfen/delay", *store).json,
        "senders callbacks add": vikno("senders", "callbacks", "add", "skyfen", url, *store).json,
        "senders callbacks notify": vikno("senders", "callbacks", "notify", "skyfen", *store).json,
    }


def _campaigns(vikno: Command, folder: Path, root: Path) -> dict[str, Any]:
    """The results of `vikno campaigns`."""
    store = ("--store", f"sqlite:///{folder}/campaigns.db", "--json")
    vikno("senders", "put", root / "countries/example/senders/lake-bank", "--approve", *store)
    file = folder / "people.csv"
    file.write_text("phone number,code,minutes\n+380671234567,123456,5\n", "utf-8")
    made = vikno("campaigns", "new", "lake-bank", "login-code", "--file", file, *store).json
    return {
        "campaigns new": made,
        "campaigns list": vikno("campaigns", "list", *store).json,
        "campaigns show": vikno("campaigns", "show", "1", *store).json,
    }


def _ledger(vikno: Command, folder: Path) -> dict[str, Any]:
    """The results of `vikno ledger`, of a ledger with one line."""
    url = f"sqlite:///{folder}/ledger.db"
    who = "telegram/main:" + "a" * 32

    async def agree() -> None:
        async with open_records(url) as (book, vault):
            await book.meet(who, "telegram/main", vault.seal("1"), "uk", now_ms())
            said = AgreedGiven(who, "sky", "advertising", "given", "inbox", "uk", "0" * 16, "Так")
            await book.agree(said, chain_of(vault), now_ms())

    asyncio.run(agree())
    store = ("--store", url, "--json")
    exported = vikno("ledger", "export", *store)
    return {
        "ledger verify": vikno("ledger", "verify", *store).json,
        "ledger export: one of them": exported.json[0] if exported.out.startswith("[") else exported.jsonl[0],
    }


@pytest.mark.parametrize("about", JSON)
def test_the_keys_of_a_result_are_those_listed(printed: dict[str, Any], about: str) -> None:
    assert list(printed[about]) == list(JSON[about])


def test_the_codes_of_wrong_calls_are_those_listed(root: Path) -> None:
    raised = {code for module in (root / "src/vikno").rglob("*.py") for code in _codes(module)}
    assert sorted(raised) == sorted(CALLS)


def _codes(module: Path) -> Iterator[str]:
    """The codes with which a module raises a wrong call or refuses an answer."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if node.func.id in ("WrongCall", "AnswerRefused") and isinstance(first, ast.Constant):
                yield str(first.value)
