"""The tests of what people read run commands as the tests of the commands do."""

from tests.cli.conftest import call, lakeland

__all__ = ["call", "lakeland"]
