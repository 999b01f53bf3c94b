"""`/api/v1/openapi.json` describes the API that is there: no more, no less, and validly."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import World
from tests.work import worked

METHODS = {"get", "put", "post", "delete", "patch"}
TYPES = {"string", "integer", "number", "boolean", "array", "object", "null"}
UNDESCRIBED = {"/api/v1/openapi.json", "/api/v1/agent/reports"}
"""The description itself, and the road of our own agent, whose protocol has its own document."""


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    answer = world.client().get("/api/v1/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return dict(answer.json)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield path, method, item[method]


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


def _resolve(document: dict[str, Any], reference: str) -> Any:
    assert reference.startswith("#/"), reference
    node: Any = document
    for part in reference[2:].split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def _target(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    return dict(_resolve(document, node["$ref"])) if "$ref" in node else node


def test_the_frame_is_that_of_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"] == {"title": "Caseclock", "version": "v1"}
    assert set(document) <= {"openapi", "info", "servers", "paths", "components", "security", "tags"}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = [node["$ref"] for node in _walk(document) if "$ref" in node]
    assert len(references) > 30

    for reference in references:
        assert isinstance(_resolve(document, reference), dict), reference


def test_every_route_of_the_api_is_described_and_nothing_else(world: World, document: dict[str, Any]) -> None:
    registered = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in world.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.rule not in UNDESCRIBED
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, method, _ in _operations(document)}

    assert described == registered


def test_the_surface_that_programs_are_written_against_is_there(document: dict[str, Any]) -> None:
    one = "/api/v1/cases/{ref}"
    promised = {
        "/api/v1/cases": {"get", "post"},
        one: {"get", "patch"},
        f"{one}/resolution": {"put", "delete"},
        f"{one}/handling-time": {"get"},
        f"{one}/handling-time/refresh": {"post"},
        f"{one}/history": {"get"},
        f"{one}/automatic-time": {"patch"},
        f"{one}/time-logs": {"get", "post"},
        f"{one}/time-logs/{{entry_id}}": {"patch", "delete"},
        f"{one}/activities": {"get", "post"},
        f"{one}/activities/{{entry_id}}": {"patch", "delete"},
        "/api/v1/settings/tracking": {"get", "patch"},
        "/api/v1/tracker-records": {"get"},
        "/api/v1/tracker-records/purge": {"post"},
    }
    for path, methods in promised.items():
        assert methods <= set(document["paths"][path]), path


def test_every_operation_says_what_it_does_takes_and_answers(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["tags"], where
        assert any(status.startswith("2") for status in operation["responses"]), where
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5][0-9][0-9]|default", status), where
            assert _target(document, response)["description"], where
        if "requestBody" in operation:
            assert method in ("post", "put", "patch"), where
            assert set(operation["requestBody"]["content"]) == {"application/json"}, where


def test_every_parameter_of_a_path_is_declared_and_every_declared_one_is_in_it(document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        parameters = [
            _target(document, one)
            for one in [*document["paths"][path].get("parameters", []), *operation.get("parameters", [])]
        ]
        for one in parameters:
            assert one["in"] in ("path", "query", "header"), path
            assert one["schema"], path
        declared = {one["name"] for one in parameters if one["in"] == "path"}
        assert declared == set(re.findall(r"{([^}]+)}", path)), (method, path)
        assert all(one["required"] for one in parameters if one["in"] == "path")
        names = [(one["in"], one["name"]) for one in parameters]
        assert len(names) == len(set(names)), path


def test_every_schema_is_made_of_what_json_schema_knows(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert len(schemas) > 15
    for name, schema in schemas.items():
        assert schema["type"] == "object", name
        assert set(schema.get("required", [])) <= set(schema.get("properties", {})), name
        for node in _walk(schema.get("properties", {})):
            kinds = node.get("type")
            if isinstance(kinds, str | list):
                assert set([kinds] if isinstance(kinds, str) else kinds) <= TYPES, name


def test_errors_are_described_as_the_problem_documents_they_are(world: World, document: dict[str, Any]) -> None:
    for path, method, operation in _operations(document):
        error = _target(document, operation["responses"]["default"])
        assert set(error["content"]) == {"application/problem+json"}, (method, path)
        schema = _target(document, error["content"]["application/problem+json"]["schema"])
        assert set(schema["required"]) == {"type", "title", "status", "detail", "request_id"}

    body = world.client("ana").post("/api/v1/cases", json={}).json
    assert set(body) <= set(schema["properties"])


def test_lists_are_described_as_pages(document: dict[str, Any]) -> None:
    for path in ("/api/v1/cases", "/api/v1/tracker-records", "/api/v1/cases/{ref}/time-logs"):
        operation = document["paths"][path]["get"]
        schema = _target(document, operation["responses"]["200"]["content"]["application/json"]["schema"])
        assert set(schema["properties"]) - {"count", "count_is_exact"} == {"items", "next_cursor"}
        assert {"limit", "cursor"} <= {one["name"] for one in operation["parameters"]}


def test_the_ways_to_be_known_are_described(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]

    assert document["security"] == [{"bearer": []}, {"session": [], "csrf": []}]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "caseclock")
    assert schemes["csrf"]["name"] == "X-CSRF-Token"


def test_answers_have_the_fields_that_are_described(world: World, document: dict[str, Any]) -> None:
    client = world.client("ada")
    for kind in ("time-logs", "activities"):
        client.post(f"/api/v1/cases/CAS-1001/{kind}", json={"duration_seconds": 60})
    worked(world, "ada", minutes=1)
    client.post("/api/v1/tracker-records/purge", json={"rule": {"case": "CAS-1001"}})
    worked(world, "ada", minutes=1)
    corrected = client.patch("/api/v1/cases/CAS-1001/automatic-time", json={"duration_seconds": 1, "reason": "lunch"})
    assert corrected.status_code == 200
    addresses = {
        "/api/v1/cases": "/api/v1/cases",
        "/api/v1/cases/{ref}": "/api/v1/cases/CAS-1001",
        "/api/v1/cases/{ref}/handling-time": "/api/v1/cases/CAS-1001/handling-time",
        "/api/v1/cases/{ref}/history": "/api/v1/cases/CAS-1001/history",
        "/api/v1/cases/{ref}/time-logs": "/api/v1/cases/CAS-1001/time-logs",
        "/api/v1/cases/{ref}/activities": "/api/v1/cases/CAS-1001/activities",
        "/api/v1/settings/tracking": "/api/v1/settings/tracking",
        "/api/v1/tracker-records": "/api/v1/tracker-records?count=true",
        "/api/v1/purges": "/api/v1/purges",
        "/api/v1/purges/{purge_id}": "/api/v1/purges/1",
        "/api/v1/audit-log": "/api/v1/audit-log",
        "/api/v1/reports/handling-time": "/api/v1/reports/handling-time",
        "/api/v1/reports/trend": "/api/v1/reports/trend",
        "/api/v1/reports/representatives": "/api/v1/reports/representatives",
        "/api/v1/reports/representatives/{username}": "/api/v1/reports/representatives/ana",
    }
    for path, address in addresses.items():
        content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        _matches(document, client.get(address).json, content["schema"], path)


def _matches(document: dict[str, Any], value: Any, schema: dict[str, Any], where: str) -> None:
    """A value has the type and the fields that its schema describes."""
    schema = _target(document, schema)
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    python = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    if kinds:
        assert any(isinstance(value, python[kind]) for kind in kinds), (where, value, kinds)
    if isinstance(value, dict) and "properties" in schema:
        assert set(value) == set(schema["properties"]), where
        for name, inner in schema["properties"].items():
            _matches(document, value[name], inner, f"{where}.{name}")
    if isinstance(value, list):
        for one in value:
            _matches(document, one, schema["items"], f"{where}[]")
