"""Who is let in: tokens as clients sign them, and everything that is no such token."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from uuid import uuid4

import jwt
import pytest

from tests.api.notify.conftest import VAULT, Service
from tests.api.notify.schemas import fits
from vikno.api.notify.errors import CLOCK, UNREADABLE
from vikno.api.organisation_keys import make_key, read_key, whose
from vikno.usecases.organisations import OrganisationGiven

PATH = "/v2/templates"
NOT_FOUND = "Invalid token: API key not found"


def said(service: Service, header: str | None, path: str = PATH) -> tuple[int, str]:
    """Status and words of the answer to this header."""
    answer = service.call("GET", path, headers={} if header is None else {"authorization": header})
    if answer.status_code == 200:
        return 200, ""
    found = fits(answer.json(), "refused")
    assert [one["error"] for one in found["errors"]] == ["AuthError"]
    assert found["status_code"] == answer.status_code
    return answer.status_code, found["errors"][0]["message"]


def signed(service: Service, secret: str | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
    key = service.keys["live"]
    issued = {"iss": service.id, "iat": int(time.time()), **claims}
    issued = {name: value for name, value in issued.items() if value is not None}
    return "Bearer " + jwt.encode(issued, secret or key[-36:], "HS256", headers=header)


def unsigned(header: str, claims: str) -> str:
    parts = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, claims)]
    return f"Bearer {'.'.join(parts)}."


def test_a_token_lets_in_whatever_the_case_of_its_scheme(service: Service) -> None:
    token = signed(service).removeprefix("Bearer ")
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert said(service, f"{scheme} {token}")[0] == 200


def test_what_is_no_token_is_told_before_anything_else(service: Service) -> None:
    assert said(service, None) == (401, "Unauthorized: authentication token must be provided")
    assert said(service, "") == (401, "Unauthorized: authentication token must be provided")
    assert said(service, "Basic YTpi") == (401, "Unauthorized: authentication bearer scheme must be used")
    for token in ("x", "a.b", "a.b.c.d", "a.b.c", "!.!.!", "." * 2, "x" * 100_0, service.keys["live"]):
        assert said(service, f"Bearer {token}") == (403, UNREADABLE), token
    assert said(service, "Bearer x", "/v2/nothing") == (403, UNREADABLE), "who asks comes before what is asked"
    answer = service.call("POST", "/v2/notifications/sms", b"{", headers={})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_has_to_be_signed_with_hs256(service: Service) -> None:
    claims = f'{{"iss":"{service.id}","iat":{int(time.time())}}}'
    other = "Invalid token: algorithm used is not HS256"
    assert said(service, unsigned('{"typ":"JWT","alg":"none"}', claims)) == (403, other)
    assert said(service, unsigned('{"typ":"JWT"}', claims)) == (403, other)
    longer = jwt.encode({"iss": service.id, "iat": int(time.time())}, service.keys["live"][-36:] * 2, "HS512")
    assert said(service, f"Bearer {longer}") == (403, other)
    assert said(service, unsigned('{"typ":"JWT","alg":"HS256"}', claims)) == (403, NOT_FOUND)
    assert said(service, signed(service, header={"crit": ["b64"], "b64": False})) == (403, UNREADABLE)


def test_a_token_names_the_service(service: Service) -> None:
    assert said(service, signed(service, iss=None)) == (403, "Invalid token: iss field not provided")
    wrong = "Invalid token: service id is not the right data type"
    assert said(service, signed(service, iss="sky")) == (403, wrong)
    assert said(service, unsigned('{"alg":"HS256"}', '{"iss": 7}')) == (403, wrong)
    assert said(service, signed(service, iss=str(uuid4()))) == (403, "Invalid token: service not found")
    other = VAULT.uuid("o", 4711)
    assert said(service, signed(service, iss=other)) == (403, "Invalid token: service not found")
    assert said(service, signed(service, iss=service.template("plain"))) == (403, "Invalid token: service not found")


def test_a_token_is_half_a_minute_old_at_most(service: Service) -> None:
    now = int(time.time())
    for off in (-28, 0, 28):
        assert said(service, signed(service, iat=now + off))[0] == 200, off
    for off in (-32, 32, -60, 3600):
        assert said(service, signed(service, iat=now + off)) == (403, CLOCK), off
    assert said(service, signed(service, str(uuid4()), iat=now - 60)) == (403, NOT_FOUND), "whose clock is not told"
    assert said(service, signed(service, iat=None)) == (403, NOT_FOUND)
    assert said(service, signed(service, exp=now - 60)) == (403, UNREADABLE)
    assert said(service, signed(service, nbf=now + 60)) == (403, CLOCK)
    assert said(service, signed(service, aud="others")) == (403, UNREADABLE)
    assert said(service, signed(service, exp=now + 60, nbf=now))[0] == 200


@pytest.mark.parametrize("issued", [True, "now", None, [], 1e999])
def test_a_moment_that_is_none_is_a_wrong_clock(service: Service, issued: object) -> None:
    claims = f'{{"iss":"{service.id}","iat":{"1e999" if issued == 1e999 else json.dumps(issued)}}}'
    token = jwt.api_jws.encode(claims.encode(), service.keys["live"][-36:], "HS256")
    assert said(service, f"Bearer {token}") in {(403, CLOCK), (403, UNREADABLE)}


def test_each_of_several_keys_opens_until_it_is_revoked(service: Service) -> None:
    secret = uuid4()
    key = service.ask(make_key(service.store, VAULT, service.organisation, "live", "one-more", secret, 1))
    assert key == f"one-more-{service.id}-{secret}"
    service.clock.ahead_ms += 1_000
    token = signed(service, str(secret))
    assert said(service, token)[0] == 200
    organisation, kept = service.ask(whose(service.store, VAULT, key))
    assert (organisation.slug, kept.label) == ("sky", "one-more")
    assert service.ask(service.store.revoke_organisation_key(kept.id, service.clock()))
    service.clock.ahead_ms += 1_000
    assert said(service, token) == (403, "Invalid token: API key revoked")
    assert service.ask(whose(service.store, VAULT, key)) is None
    assert said(service, signed(service))[0] == 200, "the others still open"
    service.clock.ahead_ms += 7 * 86_400_000
    late = int(time.time()) + service.clock.ahead_ms // 1000
    assert said(service, signed(service, str(secret), iat=late)) == (403, NOT_FOUND), "a week is long enough to be told"
    assert said(service, signed(service, iat=late))[0] == 200
    service.clock.ahead_ms = 0


def test_an_organisation_without_keys_or_that_was_suspended_is_told_so(service: Service) -> None:
    made = service.ask(service.store.put_organisation(OrganisationGiven("rail", "Rail", "carrier", "gb", "gb"), 1))
    number = VAULT.uuid("o", made.id)
    assert said(service, signed(service, iss=number)) == (403, "Invalid token: service has no API keys")
    key = service.ask(make_key(service.store, VAULT, made, "live", "k", uuid4(), 1))
    service.ask(service.store.review_organisation(made.id, "suspended", "reviewer", "spam"))
    service.clock.ahead_ms += 1_000
    assert said(service, signed(service, key[-36:], iss=number)) == (403, "Invalid token: service is archived")
    _, kept = service.ask(whose(service.store, VAULT, key))
    service.ask(service.store.revoke_organisation_key(kept.id, service.clock() - 7 * 86_400_000))
    service.clock.ahead_ms += 1_000
    assert said(service, signed(service, iss=number)) == (403, "Invalid token: service has no API keys")
    service.clock.ahead_ms = 0


def test_a_key_of_another_organisation_does_not_open(service: Service) -> None:
    made = service.ask(service.store.put_organisation(OrganisationGiven("bus", "Bus", "carrier", "gb", "gb"), 1))
    key = service.ask(make_key(service.store, VAULT, made, "live", "k", uuid4(), 1))
    assert said(service, signed(service, key[-36:])) == (403, NOT_FOUND)
    assert service.ask(whose(service.store, VAULT, key)) is not None
    mixed = f"k-{service.id}-{key[-36:]}"
    assert service.ask(whose(service.store, VAULT, mixed)) is None


@pytest.mark.parametrize("written", ["", "x", "-" * 73, "k-" + "0" * 73, "k" * 10_000, "\0" + "a" * 80, "ключ-" * 20])
def test_what_is_no_key_is_nobodys(service: Service, written: str) -> None:
    assert read_key(VAULT, written) is None
    assert service.ask(whose(service.store, VAULT, written)) is None


def test_an_organisation_sees_nothing_of_another(service: Service) -> None:
    made = service.ask(service.store.put_organisation(OrganisationGiven("tram", "Tram", "carrier", "gb", "gb"), 1))
    key = service.ask(make_key(service.store, VAULT, made, "live", "k", uuid4(), 1))
    token = {"authorization": signed(service, key[-36:], iss=VAULT.uuid("o", made.id))}
    sent = service.call(
        "POST", "/v2/notifications/sms", {"phone_number": "07900900123", "template_id": service.template("plain")}
    )
    number = sent.json()["id"]
    for path in (
        f"/v2/notifications/{number}", f"/v2/notifications/{number}/pdf", f"/v2/template/{service.template('plain')}",
        f"/v2/template/{service.template('plain')}/version/1",
        f"/service/{service.id}/template/{service.template('plain')}/versions",
    ):  # fmt: skip
        assert service.call("GET", path, headers=token).status_code == 404, path
    assert service.call("GET", "/v2/templates", headers=token).json() == {"templates": []}
    assert service.call("GET", "/v2/notifications", headers=token).json()["notifications"] == []
    page = service.call("GET", f"/v2/notifications?older_than={number}", headers=token).json()
    assert page["notifications"] == []
