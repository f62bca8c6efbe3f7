"""The app's API as it is described: whatever the description allows is answered as it says.

Schemathesis makes the requests, with an owner's token, on a workspace that is thrown away.
"""

import traceback
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_wsgi
from schemathesis.specs.openapi import checks as openapi

SCOPES = ["read", "people", "write", "admin"]
CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
]
QUIET = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


@pytest.fixture
def described(own, user):
    """The API, and how an owner asks it."""
    from django.core.wsgi import get_wsgi_application

    from everytouch.web.models import Token

    made, secret = Token.issue(1, user=user("owner"), title="schema", scopes=SCOPES)
    schema = from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    yield schema, {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
    made.delete()


def asked(described, examples: int) -> tuple[Counter, dict[str, str]]:
    """Ask every operation so many times; how often each answered, and what was wrong with it."""
    schema, headers = described
    answered, wrong = Counter(), {}
    for found in schema.get_all_operations():
        operation = found.ok()
        try:
            driven(operation, headers, examples, answered)
        except (Exception, BaseExceptionGroup) as error:  # what checks raise, or a group of them
            wrong[operation.label] = "".join(traceback.format_exception(error))[-1500:]
    return answered, wrong


def driven(operation, headers, examples: int, answered: Counter) -> None:
    from everytouch.web.models import Job

    @settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=QUIET,
        database=None,
        deadline=None,
        derandomize=True,
    )
    @given(case=operation.as_strategy())
    def ask(case):
        Job.objects.filter(state=Job.QUEUED).delete()  # no more than a few may wait
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        answered[operation.label] += 1

    ask()


def test_what_the_description_allows_is_answered_as_it_says(described):
    answered, wrong = asked(described, 6)
    print(f"{answered.total()} requests to {len(answered)} operations")
    for label, told in wrong.items():
        print(label, told)
    assert list(wrong) == []
    paths = described[0].raw_schema["paths"].values()
    assert len(answered) == sum(map(len, paths))


@pytest.mark.long
def test_what_the_description_allows_is_answered_as_it_says_many_times(described):
    answered, wrong = asked(described, 300)
    assert wrong == {}
    assert min(answered.values()) >= 1
