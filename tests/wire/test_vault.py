"""What the key seals, names and signs; and what another key makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.wire.vault import KeyWrong, LocalVault, SealBroken, new_secret, read_secret

OURS, THEIRS = LocalVault(read_secret(new_secret())), LocalVault(read_secret(new_secret()))


@given(st.text(max_size=200))
def test_what_is_sealed_comes_back_with_this_key_and_with_no_other(plain: str) -> None:
    sealed = OURS.seal(plain)
    assert OURS.unseal(sealed) == plain
    assert OURS.seal(plain) != sealed, "the same address is not seen to be the same"
    with pytest.raises(SealBroken):
        THEIRS.unseal(sealed)


@given(st.binary(max_size=60))
def test_what_nobody_has_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        OURS.unseal(sealed)


@given(st.sampled_from("cqi"), st.integers(0, 2**56 - 1))
def test_a_token_has_22_characters_and_tells_its_number(kind: str, number: int) -> None:
    token = OURS.token(kind, number)
    assert len(token) == 22
    assert token.replace("-", "").replace("_", "").isalnum()
    assert OURS.read_token(token) == (kind, number)
    assert THEIRS.read_token(token) is None


@given(st.integers(0, 2**56 - 1), st.integers(0, 21), st.sampled_from("ABab01-_="))
def test_a_token_that_was_tampered_with_is_none(number: int, at: int, other: str) -> None:
    token = OURS.token("c", number)
    changed = token[:at] + other + token[at + 1 :]
    assert OURS.read_token(changed) == (("c", number) if changed == token else None)


@given(st.text(max_size=40))
def test_any_text_is_read_as_a_token_without_a_fault(text: str) -> None:
    assert OURS.read_token(text) is None


def test_names_are_the_same_for_the_same_address_and_tell_nothing_else() -> None:
    name = OURS.name("sms/main", "380501112233")
    assert name == OURS.name("sms/main", "380501112233")
    assert name.startswith("sms/main:")
    assert "380501112233" not in name
    assert len({name, OURS.name("sms/other", "380501112233"), THEIRS.name("sms/main", "380501112233")}) == 3


@pytest.mark.parametrize("written", ["", "short", "00" * 31, "z" * 64, "=" * 43, "ключ"])
def test_what_is_no_key_is_refused(written: str) -> None:
    with pytest.raises(KeyWrong):
        read_secret(written)
