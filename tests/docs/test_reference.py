"""The reference says what the code says: its marked parts are new, complete, and true of what the commands print."""

import ast
import asyncio
import io
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Command, Ran
from vikno.api.registry import read_declared
from vikno.bootstrap.intake import open_records
from vikno.bootstrap.persons import chain_of
from vikno.bootstrap.worlds import now_ms
from vikno.cli import main
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


@pytest.fixture(scope="module", autouse=True)
def unset() -> Iterator[None]:
    """Nothing is set for `vikno`, as for one that `Command` starts."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("VIKNO_")]:
            patched.delenv(name)
        yield


def here(*words: str | Path) -> Ran:
    """What `vikno` prints, without a process of its own: thirty of those take a minute."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with redirect_stdout(out):
        code = main([*map(str, words)])
    out.seek(0)
    return Ran(code, out.read(), "")


@pytest.fixture(scope="module")
def printed(vikno: Command, tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, Any]:
    """One JSON result of each command, and one entry of each list in it; the first as a person starts it."""
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
    check = here("check", folder, "--json").json
    (service,) = check["services"].values()
    diff = here("diff", before, folder, "--all-dates", "--json").json
    doctor = here("doctor", "--store", f"sqlite:///{folder}/none.db", "--json").json
    site = ("--url", "https://vikno.example", "--name", "telegram=@vikno_bot", "--out", folder)
    message = "{sender_country: sg, sender: state_body, channel: sms, sender_name: own, purpose: ordinary}"
    (folder / "message.yaml").write_text(message, encoding="utf-8")
    decide = here("decide", "--message", folder / "message.yaml", "--date", "2026-03-15", "--json").json
    return {
        **_cases(tmp_path_factory.mktemp("cases")),
        **_senders(tmp_path_factory.mktemp("senders"), root),
        **_campaigns(tmp_path_factory.mktemp("campaigns"), root),
        **_ledger(tmp_path_factory.mktemp("ledger")),
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
        "poster": here("poster", "ua/cnap", *site, "--json").json,
        "paths": here("paths", "example/library-card", "--json").json,
        "texts: one file": here("texts", before, "--lang", "uk", "--json").json[0],
    }


def _cases(folder: Path) -> dict[str, Any]:
    """The results of `vikno cases`, `vikno hooks` and `vikno keys`."""
    store = ("--store", f"sqlite:///{folder}/cases.db", "--json")
    mine = ("--authority", "ua/dms", *store)
    file = folder / "cases.csv"
    file.write_text("number,service,code,stage,at\nA-1,ua/id-card,1234567,accepted,2026-03-15\n=1,,,,\n")
    brought = here("cases", "import", file, *mine).json
    case = here("cases", "show", "A-1", *mine).json
    nobody = "url: 'http://127.0.0.1:9/', number: /n, stage: /s, stages: {a: accepted}"
    (folder / "registry.yaml").write_text(f"{{authority: ua/dms, {nobody}}}")
    made = here("keys", "add", "ua/dms", *store).json
    return {
        "cases import": brought,
        "cases import: refused": brought["refused"][0],
        "cases show": case,
        "cases show: history": case["history"][0],
        "cases watch": here("cases", "watch", folder / "registry.yaml", "--once", *store).json,
        "hooks add": here("hooks", "add", "ua/dms", "https://dms.example.gov/hear", *store).json,
        "hooks list: one of them": here("hooks", "list", *store).json[0],
        "hooks replay": here("hooks", "replay", "1", "--since", "2026-03-15", *store).json,
        "hooks remove": here("hooks", "remove", "1", *store).json,
        "keys add": made,
        "keys list: one key": here("keys", "list", *store).json[0],
        "keys revoke": here("keys", "revoke", made["key"].split("_")[1], *store).json,
    }


def _senders(folder: Path, root: Path) -> dict[str, Any]:
    """The results of `vikno senders`."""
    store = ("--store", f"sqlite:///{folder}/senders.db", "--json")
    skyfen = root / "countries/example/senders/skyfen"
    put = here("senders", "put", skyfen, *store).json
    waits = here("senders", "review", "list", *store).json
    url = "https://systems.skyfen.example/hear"
    return {
        "senders put": put,
        "senders put: templates": put["templates"][0],
        "senders check": here("senders", "check", skyfen, "--json").json,
        "senders list: one of them": here("senders", "list", *store).json[0],
        "senders key add": here("senders", "key", "add", "skyfen", *store).json,
        "senders key list: one key": here("senders", "key", "list", "skyfen", *store).json[0],
        "senders key revoke": here("senders", "key", "revoke", "skyfen", "1", *store).json,
        "senders review list: one of them": waits[0],
        "senders review": here("senders", "review", "approve", "skyfen", *store).json,
        "senders archive": here("senders", "archive", "skyfen/delay", *store).json,
        "senders callbacks add": here("senders", "callbacks", "add", "skyfen", url, *store).json,
        "senders callbacks notify": here("senders", "callbacks", "notify", "skyfen", *store).json,
    }


def _campaigns(folder: Path, root: Path) -> dict[str, Any]:
    """The results of `vikno campaigns`."""
    store = ("--store", f"sqlite:///{folder}/campaigns.db", "--json")
    here("senders", "put", root / "countries/example/senders/lake-bank", "--approve", *store)
    file = folder / "people.csv"
    file.write_text("phone number,code,minutes\n+380671234567,123456,5\n", "utf-8")
    made = here("campaigns", "new", "lake-bank", "login-code", "--file", file, *store).json
    return {
        "campaigns new": made,
        "campaigns list": here("campaigns", "list", *store).json,
        "campaigns show": here("campaigns", "show", "1", *store).json,
    }


def _ledger(folder: Path) -> dict[str, Any]:
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
    exported = here("ledger", "export", *store)
    return {
        "ledger verify": here("ledger", "verify", *store).json,
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
