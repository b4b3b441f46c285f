"""What the story needs of the portal's tests: the web parts, built; and the demo that it is played in."""

from tests.portal.conftest import built
from tests.story.playing import play

__all__ = ["built", "play"]
