"""The head of the consent ledger, published: signed by the key of the official list, and the same as the command's."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.portal.persons import persons
from vikno.bootstrap.persons import chain_of
from vikno.domain.notify.consent import read_head
from vikno.usecases.settle_wishes import Said, Settling
from vikno.wire.vault import LocalVault


async def test_the_head_is_there_for_everybody_and_signed(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        vault = here.web.bot.vault
        assert isinstance(vault, LocalVault)
        settling = Settling(here.store, chain_of(vault), here.conversation, here.web.dispatch.clock())
        await settling.kind("sky-air", "advertising", "on", Said("web", "uk", "Погоджуюся"))
        said = await client.get("/.well-known/consent-ledger.json")
        signature = (await client.get("/.well-known/consent-ledger.sig")).content
        key = load_pem_public_key((await client.get("/.well-known/official-channels.pem")).content)
        assert isinstance(key, Ed25519PublicKey)
        key.verify(signature, said.content)
        shown = said.json()
        assert (shown["lines"], shown["broken"], shown["lost"]) == (1, None, False)
        [line] = await here.store.ledger()
        head = read_head(shown["head"])
        assert head is not None
        assert (head.id, head.seal) == (1, line.seal)
        assert here.conversation not in said.text


def lose(folder: Path) -> None:
    """The store, as if an older one had been put in its place."""
    for left in folder.glob("persons.db*"):
        left.unlink()


async def test_a_server_whose_store_has_lost_what_was_published_says_so(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        vault = here.web.bot.vault
        assert isinstance(vault, LocalVault)
        settling = Settling(here.store, chain_of(vault), here.conversation, here.web.dispatch.clock())
        await settling.kind("sky-air", "advertising", "on", Said("web", "uk", "Погоджуюся"))
        published = (await client.get("/.well-known/consent-ledger.json")).json()["head"]
        assert (tmp_path / "persons.head").read_text() == f"{published}\n"
    lose(tmp_path)
    async with persons(tmp_path) as here, here.client() as client:
        shown = (await client.get("/.well-known/consent-ledger.json")).json()
        assert (shown["head"], shown["lines"], shown["lost"]) == (None, 0, True)
