"""What whoever looks after the server has, put together: /metrics, the desk of the reviewer, the sources of rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.routing import Route

from vikno.bootstrap.settings import Settings
from vikno.channels.sms.outbound import texts
from vikno.channels.sms.segments import segments
from vikno.domain.catalog import Country, LegalResource
from vikno.portal.metrics import Metrics, Paced
from vikno.portal.office import Office
from vikno.portal.office_review import OfficeReview
from vikno.portal.office_senders import OfficeSenders
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Outbound
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.explain_notification import Sources
from vikno.usecases.send_messages import Sender


@dataclass(frozen=True, slots=True)
class _Sender:
    """A sender as it is measured."""

    sender: Sender

    @property
    def counted(self) -> Counter[str]:
        return self.sender.counted

    @property
    def rate(self) -> float:
        return self.sender.pace.rate


def overseen(
    kept: SqliteStore,
    dispatch: Dispatch,
    senders: Callable[[], Mapping[str, Sender]],
    settings: Settings,
) -> list[Route]:
    """/metrics."""

    def measured() -> Mapping[str, Paced]:
        return {account: _Sender(sender) for account, sender in senders().items()}

    token = settings.get("VIKNO_METRICS_TOKEN")
    return Metrics(kept, measured, dispatch.judge.counted, dispatch.clock, token, settings.public_url).routes


def reviewing(office: Office, dispatch: Dispatch, kept: SqliteStore, sources: Sources) -> list[Route]:
    """The desk of whoever says which organisations may write to people, and with which words."""
    review = OfficeReview(office, dispatch, kept, _as_sms, sources)
    return [*review.routes, *OfficeSenders(office, dispatch, kept).routes]


def _as_sms(said: Outbound) -> list[tuple[str, int]]:
    return [(text, len(segments(text).parts)) for text in texts(said)]


def sources_of(countries: Mapping[str, Country]) -> Sources:
    """The laws and sources that rules name, by their country."""

    def source(country: str, name: str) -> LegalResource | None:
        home = countries.get(country)
        return None if home is None else home.law.get(name) or home.sources.get(name)

    return source
