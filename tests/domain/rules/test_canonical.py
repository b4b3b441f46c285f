"""The canonical JSON of receipts is that of RFC 8785, held to a library that nobody here wrote."""

from typing import Any

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from vikno.domain.rules.receipt import canonical_json

WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
KEYS = st.text(st.characters(max_codepoint=127), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_a_receipt_is_written_as_rfc_8785_says(document: dict[str, Any]) -> None:
    assert canonical_json(document) == rfc8785.dumps(document)
