"""Every operation of the OpenAPI document, called as each role with what fits its schema and what does not."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.conftest import World

DOCUMENT = "/api/v1/openapi.json"
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
THERE = {"ref": "CAS-1001", "username": "ana", "entry_id": 1}
"""What every second call is about, since a schema does not know what there is."""
EXAMPLES = 2
"""Of each operation, role and mode; a fixed choice."""


def operations(world: World) -> list[Any]:
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, world.app)
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) > 20
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("who", ["ana", "sam", "ada", None])
def test_no_operation_fails_and_every_answer_is_as_described(
    world: World, caplog: pytest.LogCaptureFixture, who: str | None, mode: GenerationMode
) -> None:
    """X76, X77, X86: no 5xx, answers that conform, errors that are problem documents (RFC 9457)."""
    headers = {} if who is None else {"Authorization": f"Bearer {world.tokens[who]}"}
    statuses: list[int] = []

    def call(case: Any) -> None:
        case.headers = {**(case.headers or {}), **headers}
        if len(statuses) % 2:
            case.path_parameters = {**(case.path_parameters or {}), **THERE}
        answer = case.call()
        case.validate_response(answer, checks=CHECKS)
        statuses.append(answer.status_code)
        if answer.status_code >= 400:
            problem = json.loads(answer.content)
            assert answer.headers["content-type"] == ["application/problem+json"]
            assert {"type", "title", "status", "detail"} <= set(problem)
            assert problem["status"] == answer.status_code

    for operation in operations(world):
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            given(strategy)(_fixed(call))()
        except schemathesis.errors.SchemathesisError as error:
            assert "negative" in str(error).lower(), error  # nothing about this operation can be wrong  # noqa: PT017
    assert "Traceback" not in caplog.text
    assert set(statuses) & ({401} if who is None else {200, 422})


def _fixed(call: Any) -> Any:
    def example(case: Any) -> None:
        call(case)

    return settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(example)
