"""Each account is there when its secret is, and a setting that keeps it from working is named."""

from __future__ import annotations

import pytest

from vikno.bootstrap.accounts import accounts_of, inbox_of
from vikno.bootstrap.settings import Settings, SettingWrong
from vikno.domain.errors import ViknoError
from vikno.testing.push import PushService, claims
from vikno.usecases.channel import Outbound
from vikno.wire.vault import LocalVault

PUBLIC = "https://vikno.example"
VK = {"VIKNO_VK_TOKEN": "vk1.a.token", "VIKNO_VK_GROUP": "1515"}
MAX = {"VIKNO_MAX_TOKEN": "f9LHodD0cOL"}
WHATSAPP = {
    "VIKNO_WHATSAPP_TOKEN": "EAAG",
    "VIKNO_WHATSAPP_SECRET": "0" * 32,
    "VIKNO_WHATSAPP_NUMBER": "106540352242922",
    "VIKNO_WHATSAPP_NAME": "Вікно",
}
VAULT = LocalVault(bytes(32))


@pytest.mark.parametrize(("given", "name"), [(VK, "vk/main"), (MAX, "max/main"), (WHATSAPP, "whatsapp/main")])
def test_an_account_is_there_with_its_secret_and_tells_its_platform_where_we_are(
    given: dict[str, str], name: str
) -> None:
    (account,) = accounts_of(Settings(PUBLIC, given), VAULT)
    assert account.name == name
    assert account.by_web
    assert account.register is not None
    assert accounts_of(Settings(PUBLIC), VAULT) == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"VIKNO_VK_TOKEN": "x"}, "VIKNO_VK_GROUP"),
        ({**VK, "VIKNO_VK_GROUP": "dms"}, "VIKNO_VK_GROUP"),
        ({**VK, "VIKNO_VK_RATE": "fast"}, "VIKNO_VK_RATE"),
        *(({key: value for key, value in WHATSAPP.items() if key != name}, name) for name in list(WHATSAPP)[1:]),
    ],
)
def test_what_is_missing_or_wrong_is_named(given: dict[str, str], named: str) -> None:
    with pytest.raises(SettingWrong, match=named):
        accounts_of(Settings(PUBLIC, given), VAULT)


def test_a_bundle_that_is_not_there_is_told(tmp_path: object) -> None:
    with pytest.raises(ViknoError):
        accounts_of(Settings(PUBLIC, {**MAX, "VIKNO_MAX_CA": f"{tmp_path}/none.pem"}), VAULT)


RFC_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RFC_PUBLIC = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
"""RFC 8291, appendix A."""


def test_the_inbox_is_there_without_a_setting_and_its_key_stays() -> None:
    inbox, account = inbox_of(Settings(), VAULT, PUBLIC)
    assert (account.name, account.by_web, account.register) == ("inbox/main", True, None)
    assert inbox_of(Settings(), VAULT, PUBLIC)[0].key == inbox.key
    assert inbox_of(Settings(), LocalVault(b"1" * 32), PUBLIC)[0].key != inbox.key
    assert inbox_of(Settings(given={"VIKNO_PUSH_KEY": RFC_KEY}), VAULT, PUBLIC)[0].key == RFC_PUBLIC


@pytest.mark.parametrize(
    ("given", "public", "contact"),
    [
        ({}, PUBLIC, PUBLIC),
        ({}, "http://127.0.0.1:8080", None),
        ({"VIKNO_PUSH_CONTACT": "mailto:it@dms.example"}, PUBLIC, "mailto:it@dms.example"),
    ],
)
def test_push_services_are_told_whom_they_can_reach(given: dict[str, str], public: str, contact: str | None) -> None:
    inbox, _ = inbox_of(Settings(given=given), VAULT, public)
    browser = PushService().browser(inbox.key)
    to = inbox.address("https://push.example/a", browser.subscription["p256dh"], browser.subscription["auth"])
    claimed, _ = claims(inbox.render(Outbound("x"), to)[0].headers["Authorization"])
    assert claimed.get("sub") == contact


@pytest.mark.parametrize("given", [{"VIKNO_PUSH_KEY": "short"}, {"VIKNO_PUSH_CONTACT": "it@dms.example"}])
def test_a_setting_of_the_inbox_that_is_wrong_is_told(given: dict[str, str]) -> None:
    with pytest.raises(ViknoError):
        inbox_of(Settings(given=given), VAULT, PUBLIC)
