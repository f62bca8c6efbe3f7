"""The API: what the pages show, under the same rights. /api/v1/openapi.json describes it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer, SessionAuth
from pydantic import create_model

from everytouch.errors import EverytouchError
from everytouch.results import Basis, plain
from everytouch.web import questions as _registered  # noqa: F401 - each is listed
from everytouch.web.access import RIGHTS, may
from everytouch.web.ask import Ask
from everytouch.web.description import Described
from everytouch.web.errors import failed, problem
from everytouch.web.factors import SETUP, lacks_factor
from everytouch.web.models import Token
from everytouch.web.question import QUESTIONS, Choice, Given, Number, Question
from everytouch.web.shell import ask_of
from everytouch.web.witness import PERSONAL, witnessed

USED = 60  # seconds between two notes of a token's use


class Bearer(HttpBearer):
    """A token of somebody's, with scopes; asked before anything of the request is read."""

    def __init__(self, need: str) -> None:
        super().__init__()
        self.need = need

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token's owner, with no more than its scopes."""
        found = Token.objects.of_secret(token)
        if found is None:
            return None
        moment = timezone.now()
        if found.used_at is None or (moment - found.used_at).total_seconds() > USED:
            Token.objects.filter(pk=found.pk).update(used_at=moment)
        request.user, request.scopes = found.user, tuple(found.scopes)
        return _allowed(request, self.need) and found


class Session(SessionAuth):
    """Who is signed in in the browser; writing needs the CSRF token."""

    def __init__(self, need: str) -> None:
        super().__init__()
        self.need = need

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:  # noqa: ARG002
        """The visitor."""
        user = request.user
        known = user.is_authenticated and user.is_active
        return known and _allowed(request, self.need) and user


def _allowed(request: HttpRequest, need: str) -> bool:
    if not may(request.user, need, getattr(request, "scopes", None)):
        raise HttpError(403, "your role or token does not allow this")
    if lacks_factor(request.user):
        raise HttpError(403, f"your role must have a second factor; set it up at {SETUP}")
    return True


api = Described(
    title="Everytouch",
    version="1",
    description="What the pages show, under the same rights. Sign in, or send a token: "
    "Authorization: Bearer et_…",
    auth=[Bearer("see"), Session("see")],
    docs_url=None,
    urls_namespace="rest",
)


class Problem(Schema):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    remedy: str = ""


PROBLEMS = dict.fromkeys((400, 401, 403, 404, 409, 413, 422, 429, 503), Problem)


def endpoint(
    method: str, path: str, need: str, *, reads: bool = False, **named: Any
) -> Callable[[Any], Any]:
    """Register an endpoint behind the right it needs; ``request.ask`` is its question.

    Args:
        reads: it gives single records, so that the audit log says who had them.
    """
    personal = reads or need in PERSONAL

    def register(view: Any) -> Any:
        name = f"{method} {path}"

        def guarded(request: HttpRequest, **values: Any) -> Any:
            request.ask = _limited(ask_of(request), request, getattr(request, "scopes", None))
            return witnessed(request, name, personal, view, **values)

        guarded.__wrapped__ = view  # type: ignore[attr-defined]
        guarded.__name__, guarded.__doc__ = view.__name__, view.__doc__
        auth = [Bearer(need), Session(need)]
        options = {"response": {200: Any, **PROBLEMS}, "auth": auth, "url_name": name, **named}
        return api.api_operation([method], path, **options)(guarded)

    return register


def _limited(ask: Ask, request: HttpRequest, scopes: Any) -> Ask:
    if scopes is None:
        return ask
    lent = frozenset(right for right in RIGHTS if may(request.user, right, scopes))
    return replace(ask, rights=lent)


def said(value: Any, status: int = 200) -> HttpResponse:
    """A value as JSON; what is not a number is null."""
    text = json.dumps(plain(value), ensure_ascii=False)
    return HttpResponse(text, status=status, content_type="application/json")


def _register(question: Question[Any]) -> None:
    rows = question.result.row_type
    fields: dict[str, Any] = {"basis": (Basis, ...), "rows": (list[rows], ...)}  # type: ignore[valid-type]
    shape = create_model(f"{question.result.__name__}Answer", __base__=Schema, **fields)

    def view(request: HttpRequest, **_: Any) -> HttpResponse:
        return said(question.of(request.ask))

    view.__name__, view.__doc__ = question.name.replace("-", "_"), question.text
    endpoint(
        "GET",
        f"/{question.name}",
        question.need,
        response={200: shape, **PROBLEMS},
        summary=question.text,
        openapi_extra={"parameters": _parameters(question)},
    )(view)


def _parameters(question: Question[Any]) -> list[dict[str, Any]]:
    """The filters, and the question's own choices."""
    return filters() + [_parameter(name, one) for name, one in question.choices.items()]


def filters() -> list[dict[str, Any]]:
    """The filters that every question takes."""
    texts = {
        "period": "The last so many days of the data: 30, 90 or 365.",
        "since": "From this day on, YYYY-MM-DD.",
        "until": "Up to this day, YYYY-MM-DD.",
        "segment": "Only parties of this segment.",
        "persona": "Only parties of this persona's segment.",
        "stage": "Only touchpoints of this stage.",
        "channel": "Only touchpoints of this channel.",
        "touchpoint": "Only this touchpoint.",
        "where": "Only moments with this property, as NAME=VALUE.",
    }
    return [_query(name, text) for name, text in texts.items()]


def queries(*more: dict[str, Any], **texts: str) -> dict[str, Any]:
    """Describe what an endpoint reads of its address."""
    return {"parameters": [*more, *(_query(name, text) for name, text in texts.items())]}


def _query(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}


def _parameter(name: str, choice: Choice) -> dict[str, Any]:
    said: dict[str, Any] = {"name": name, "in": "query", "schema": {"type": "string"}}
    if isinstance(choice, Given):
        return said | {"description": choice.text, "required": choice.least > 0}
    if isinstance(choice, Number):
        limits = {"type": "integer", "minimum": choice.low, "maximum": choice.high}
        return said | {"description": choice.text, "schema": limits}
    return said | {"schema": {"type": "string", "enum": list(choice)}}


for _question in QUESTIONS.values():
    _register(_question)


@api.exception_handler(EverytouchError)
def _ours(request: HttpRequest, error: EverytouchError) -> HttpResponse:
    return failed(request, error)


@api.exception_handler(ValidationError)
def _invalid(_: HttpRequest, error: ValidationError) -> HttpResponse:
    return problem(422, "a value does not fit", errors=error.errors)


@api.exception_handler(AuthenticationError)
def _unknown(_: HttpRequest, __: AuthenticationError) -> HttpResponse:
    answer = problem(401, "send a token: Authorization: Bearer et_…")
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(HttpError)
def _refused(_: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


@api.exception_handler(Http404)
def _absent(_: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, str(error))
