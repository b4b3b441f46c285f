"""Where an organisation's system hears what became of its messages: one address, and the token that it knows us by."""

from __future__ import annotations

from vikno.domain.errors import ViknoError
from vikno.usecases.organisations import Organisation
from vikno.usecases.records import Vault
from vikno.usecases.tell_notify import NotifyCallbacks
from vikno.wire.guarded import check_address

SHORTEST, LONGEST = 10, 1000
"""Characters of a token; Notify wants no fewer."""


class TokenUnfit(ViknoError):
    """A token has 10 to 1000 characters of ASCII and no blanks, since it stands in a header. Please choose another."""

    code = "token_unfit"


async def hear_at(
    book: NotifyCallbacks,
    vault: Vault,
    organisation: Organisation,
    url: str,
    token: str,
    now_ms: int,
    *,
    private: bool = False,
) -> None:
    """From now on. `private`: addresses in private networks are meant. Raises HookAddressWrong, TokenUnfit."""
    check_address(url, private=private)
    if not SHORTEST <= len(token) <= LONGEST or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenUnfit
    await book.set_notify_callback(organisation.id, url, vault.seal(token), now_ms)
