"""The one base class of every error that Vikno raises on purpose."""

import inspect
from typing import ClassVar


class ViknoError(Exception):
    """Something went wrong that has no name of its own yet. Please report it with what you did.

    A subclass says in its docstring what happened and what to do now: that is its text.
    Its `code` is read by programs and never changes; `retryable` says whether trying again may help.

    >>> class StageUnknown(ViknoError):
    ...     "This service has no stage of that name. `vikno check` lists the stages it has."
    ...
    ...     code = "stage_unknown"
    >>> raised = StageUnknown("printed")
    >>> raised.code, raised.retryable, raised.about
    ('stage_unknown', False, ('printed',))
    >>> print(raised)
    This service has no stage of that name. `vikno check` lists the stages it has. (printed)
    """

    code: ClassVar[str] = "vikno_error"
    retryable: ClassVar[bool] = False

    def __init__(self, *about: object) -> None:
        super().__init__(*about)
        self.about = about
        """What it is about: names, ids, places. Never a person's data."""

    @property
    def text(self) -> str:
        """What happened and what to do now: the first paragraph of the docstring."""
        paragraph = inspect.cleandoc(type(self).__doc__ or "").partition("\n\n")[0]
        return " ".join(paragraph.split())

    def __str__(self) -> str:
        return f"{self.text} ({', '.join(map(str, self.about))})" if self.about else self.text
