"""Settings that cannot be used are named, and keys that are made here are there whole or not at all."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from vikno.bootstrap.accounts import accounts_of
from vikno.bootstrap.settings import Settings, SettingWrong, list_key, open_vault, read_gap, read_rate, read_settings
from vikno.usecases.channel import Raw
from vikno.wire.vault import KeyWrong, LocalVault

NOTHING = Settings()


@pytest.mark.parametrize(
    "url", ["https://[::1", "https://vikno.example:99999", "https://vikno.example:port", "ftp://vikno.example", "vikno"]
)
def test_a_public_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(SettingWrong, match="VIKNO_PUBLIC_URL"):
        read_settings({"VIKNO_PUBLIC_URL": url})


@pytest.mark.parametrize("gap", ["61", "-1", "nan", "soon"])
def test_a_pause_that_is_too_long_is_told_the_longest(gap: str) -> None:
    with pytest.raises(SettingWrong, match="60"):
        read_gap(Settings(given={"VIKNO_TELEGRAM_CHAT_GAP": gap}), "VIKNO_TELEGRAM_CHAT_GAP")


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "fast"])
def test_a_pace_that_is_none_is_named(rate: str) -> None:
    name = "VIKNO_VIBER_RATE"
    with pytest.raises(SettingWrong, match=f"{name} must be a number of messages a second"):
        read_rate(Settings(given={name: rate}), name)


def test_a_pace_and_a_pause_are_numbers_or_not_given() -> None:
    given = Settings(given={"VIKNO_TELEGRAM_RATE": "30", "VIKNO_TELEGRAM_CHAT_GAP": "0"})
    assert (read_rate(given, "VIKNO_TELEGRAM_RATE"), read_gap(given, "VIKNO_TELEGRAM_CHAT_GAP")) == (30.0, 0.0)
    assert (read_rate(NOTHING, "VIKNO_TELEGRAM_RATE"), read_gap(NOTHING, "VIKNO_TELEGRAM_CHAT_GAP")) == (None, None)


@pytest.mark.parametrize(
    "listen", ["8024", ":8024", "127.0.0.1:", "127.0.0.1:²", "127.0.0.1:0", "127.0.0.1:65536", "imap://127.0.0.1:8024"]
)
def test_where_no_mail_can_come_in_is_named(listen: str) -> None:
    given = {"VIKNO_SMTP_URL": "smtp://127.0.0.1:9", "VIKNO_MAIL_FROM": "v@x.example", "VIKNO_MAIL_LISTEN": listen}
    with pytest.raises(SettingWrong, match="VIKNO_MAIL_LISTEN"):
        accounts_of(Settings(given=given), LocalVault(bytes(32)))


def test_a_signing_key_under_a_password_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sign.pem"
    sealed = BestAvailableEncryption(b"secret")
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
    with pytest.raises(SettingWrong, match="VIKNO_SIGNING_KEY"):
        list_key(Settings(given={"VIKNO_SIGNING_KEY": str(path)}), LocalVault(bytes(32)))


@pytest.mark.parametrize("kept", [b"", b"\xff" * 32, b"00" * 31])
def test_a_key_file_that_holds_no_key_is_named_and_left_alone(tmp_path: Path, kept: bytes) -> None:
    """It was a key once: a new one in its place would make everybody on record unreachable."""
    path = tmp_path / "vikno.key"
    path.write_bytes(kept)
    with pytest.raises(KeyWrong):
        open_vault(NOTHING, f"sqlite:///{tmp_path}/vikno.db")
    assert path.read_bytes() == kept


@pytest.mark.parametrize("which", ["vikno.key", "sign.pem"])
def test_a_start_that_is_ended_while_a_key_is_made_keeps_no_later_one_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    path, store = tmp_path / which, f"sqlite:///{tmp_path}/vikno.db"

    def start() -> object:
        if which == "sign.pem":
            return list_key(Settings(given={"VIKNO_SIGNING_KEY": str(path)}), LocalVault(bytes(32)))
        return open_vault(NOTHING, store).digest("test", "")

    def ended(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", ended)
        with pytest.raises(KeyboardInterrupt):
            start()
    assert list(tmp_path.iterdir()) == []
    assert start() == start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    begin = Barrier(8)

    def start(_: int) -> str:
        begin.wait()
        return open_vault(NOTHING, f"sqlite:///{folder}/vikno.db").digest("test", "")

    with ThreadPoolExecutor(8) as pool:
        for turn in range(20):
            folder = tmp_path / str(turn)
            folder.mkdir()
            assert len(set(pool.map(start, range(8)))) == 1
            assert [file.name for file in folder.iterdir()] == ["vikno.key"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        *(("VIKNO_TELEGRAM_USERNAME", odd) for odd in ("@", "bot name", "vikno/bot", "б" * 5, "x" * 33)),
        *(("VIKNO_SMS_COUNTRY", odd) for odd in ("+48", "Poland", "٤٨", "12345")),
        *(("VIKNO_SMS_RATE", odd) for odd in ("0", "-1", "quick")),
    ],
)
def test_a_setting_of_an_account_that_cannot_be_is_named(name: str, written: str) -> None:
    given = {
        "VIKNO_TELEGRAM_TOKEN": "1:" + "A" * 35,
        "VIKNO_SMS_URL": "http://u:p@127.0.0.1:9/cgi-bin/sendsms",
        "VIKNO_SMS_NUMBER": "1515",
    }
    with pytest.raises(SettingWrong, match=name):
        accounts_of(Settings(given={**given, name: written}), LocalVault(bytes(32)))


def test_in_another_country_a_national_number_is_one_of_that_country() -> None:
    given = {"VIKNO_SMS_URL": "http://u:p@127.0.0.1:9/cgi-bin/sendsms", "VIKNO_SMS_NUMBER": "1515"}
    (account,) = accounts_of(Settings(given={**given, "VIKNO_SMS_COUNTRY": "48"}), LocalVault(bytes(32)))
    (came,) = account.channel.parse(Raw(b"", {}, {"from": "0501234567", "to": "1515", "text": "x", "id": "1"}))
    assert came.address == "48501234567"
