"""What the story needs of the portal's tests: the web parts, built."""

from tests.portal.conftest import built

__all__ = ["built"]
