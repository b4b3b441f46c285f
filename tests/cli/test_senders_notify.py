"""Where an organisation's system hears in the form of GOV.UK Notify is said on the command line."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.cli.conftest import Call

URL = "https://systems.skyfen.example/hear"


@pytest.fixture
def store(tmp_path: Path, call: Call) -> tuple[str, ...]:
    given = ("--store", f"sqlite:///{tmp_path}/vikno.db")
    assert call("senders", "put", "countries/example/senders/skyfen", *given).code == 0
    return given


def heard(tmp_path: Path) -> list[str]:
    connection = apsw.Connection(str(tmp_path / "vikno.db"), apsw.SQLITE_OPEN_READONLY)
    return [str(url) for (url,) in connection.execute("SELECT url FROM notify_callback").fetchall()]


def test_a_system_is_named_and_left(call: Call, store: tuple[str, ...], tmp_path: Path) -> None:
    ran = call("senders", "callbacks", "notify", "skyfen", URL, *store, stdin="a-token-of-theirs\n")
    assert ran.out == f"skyfen hears at {URL} from now on.\n"
    assert heard(tmp_path) == [URL]
    assert not any(b"a-token-of-theirs" in path.read_bytes() for path in tmp_path.iterdir())
    assert call("senders", "callbacks", "notify", "skyfen", *store, "--json").json == {"sender": "skyfen", "url": None}
    assert heard(tmp_path) == []


@pytest.mark.parametrize(
    ("slug", "url", "token", "code"),
    [
        ("skyfenn", URL, "a-token-of-theirs", "sender_unknown"),
        ("skyfen", "http://systems.skyfen.example/", "a-token-of-theirs", "hook_address_wrong"),
        ("skyfen", URL, "", "token_unfit"),
        ("skyfen", URL, "short", "token_unfit"),
    ],
)
def test_what_does_not_fit_is_refused(
    call: Call, store: tuple[str, ...], tmp_path: Path, slug: str, url: str, token: str, code: str
) -> None:
    ran = call("senders", "callbacks", "notify", slug, url, *store, "--json", stdin=token)
    assert (ran.code, ran.json["error"]["code"]) == (2, code)
    assert heard(tmp_path) == []
