"""Every example that readers see is run: README, docs and docstrings (Sybil); and who may run beside whom."""

import os
from doctest import ELLIPSIS

import pytest
from hypothesis import HealthCheck, settings
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

from tests.documents import change_file, keep_file, run_console

DOCSTRINGS = Sybil(parsers=[DocTestParser(optionflags=ELLIPSIS)], pattern="*.py", path="src")
DOCUMENTS = Sybil(
    parsers=[
        SkipParser(),
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS),
        CodeBlockParser(language="console", evaluator=run_console),
        CodeBlockParser(language="diff", evaluator=change_file),
        *(CodeBlockParser(language=language, evaluator=keep_file) for language in ("yaml", "po", "json", "csv")),
    ],
    pattern="*.md",
    excludes=["CHANGELOG.md"],
    fixtures=["desk"],
)

pytest_collect_file = (DOCSTRINGS + DOCUMENTS).pytest()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the examples of one document, and the browser tests of one file, in one process and in order."""
    for item in items:
        if isinstance(item, SybilItem) or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))


# A busy machine is no failure; before a change is taken in, everybody tries the same examples.
settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("taken_in", settings.get_profile("any_machine"), derandomize=True)
settings.load_profile("taken_in" if os.environ.get("CI") else "any_machine")

pytest_plugins = ["tests.fixtures"]
