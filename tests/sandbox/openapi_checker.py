"""Checks requests and responses against Twilio's published OpenAPI files.

The files are looked for in the folder named by TENFOUR_OPENAPI, else beside the repository in
`../shared/reference/twilio-openapi`. They are Twilio's and not part of this repository; tests that need
them are skipped where they are absent (`openapi_checker()` does that).
"""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

_FILES = {
    "messaging": "twilio_messaging_v1.json",
    "api": "twilio_api_v2010.json",
    "pricing": "twilio_pricing_v1.json",
    "trusthub": "twilio_trusthub_v1.json",
    "conversations": "twilio_conversations_v1.json",
    "studio": "twilio_studio_v2.json",
    "events": "twilio_events_v1.json",
    "flex-api": "twilio_flex_v1.json",
}
_PAGING_OF_2010 = {"end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri", "start"}
"""A number search leaves these out, as in the files' examples."""

_METHODS = {"get", "post", "delete"}
_REPOSITORY = Path(__file__).resolve().parents[2]

Params = Mapping[str, str | Sequence[str]]


def openapi_checker() -> "OpenApiChecker":
    """A checker of the files at hand; skips the test when there are none."""
    named = os.environ.get("TENFOUR_OPENAPI")
    folder = Path(named) if named else _REPOSITORY.parent / "shared" / "reference" / "twilio-openapi"
    if not (folder / _FILES["messaging"]).exists():
        pytest.skip("Twilio's OpenAPI files are not here; set TENFOUR_OPENAPI to their folder")
    return OpenApiChecker(folder)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: schemas of its parameters by place, and of its responses by status."""

    template: str
    path: Mapping[str, dict[str, Any]]
    query: Mapping[str, dict[str, Any]]
    form: Mapping[str, dict[str, Any]]
    headers: frozenset[str]
    required: frozenset[str]
    responses: Mapping[str, dict[str, Any] | None]

    @property
    def params(self) -> Mapping[str, dict[str, Any]]:
        """What travels in the query or in the body."""
        return {**self.query, **self.form}


class OpenApiChecker:
    """Answers "what is wrong with this request" in sentences; an empty list means nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._documents: dict[str, dict[str, Any]] = {}

    def check(
        self,
        product: str,
        method: str,
        path: str,
        params: Params | None = None,
        headers: Iterable[str] = (),
    ) -> list[str]:
        """Problems of a request; `path` is concrete and without the product, booleans and numbers are texts."""
        if product not in _FILES:
            return [f"unknown product {product}"]
        found = self._match(product, path)
        if found is None:
            return [f"unknown path {path} of {product}"]
        template, segments = found
        operation = self.operation(product, method, template)
        if operation is None:
            return [f"{method} is not defined on {template}"]
        given = params or {}
        problems = [f"unknown parameter {name}" for name in given if name not in operation.params]
        problems += [f"missing required parameter {name}" for name in sorted(operation.required) if name not in given]
        for name, value in given.items():
            if name in operation.params:
                problems += _value_problems(name, value, operation.params[name])
        for name, text in segments.items():
            problems += _value_problems(name, text, operation.path.get(name, {}))
        known = {name.lower() for name in operation.headers}
        return problems + [
            f"unknown header {name}"
            for name in headers
            if name.lower().startswith("x-twilio") and name.lower() not in known
        ]

    def check_response(self, product: str, method: str, template: str, status: int, body: object) -> list[str]:
        """Problems of a response: status, fields that are missing, unknown or of the wrong kind."""
        operation = self.operation(product, method, template)
        if operation is None:
            return [f"{method} is not defined on {template}"]
        if str(status) not in operation.responses:
            return [f"status {status} is not one of {', '.join(sorted(operation.responses))}"]
        schema = operation.responses[str(status)]
        if schema is None:
            return [] if body is None else ["a body where none is expected"]
        validator = jsonschema.Draft202012Validator(_as_json_schema(self._resolved(product, schema)))
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]

    def template(self, product: str, path: str) -> str:
        """The template of a path; raises LookupError for a path that Twilio does not have."""
        match = self._match(product, path)
        if match is None:
            raise LookupError(f"{product} has no path {path}")
        return match[0]

    def operation(self, product: str, method: str, template: str) -> Operation | None:
        """The operation declared for a path template, or None."""
        document = self._document(product)
        item = document["paths"].get(template, {})
        raw = item.get(method.lower()) if method.lower() in _METHODS else None
        if raw is None:
            return None
        declared = [*item.get("parameters", []), *raw.get("parameters", [])]
        parameters = [self._resolved(product, each) for each in declared]
        content = raw.get("requestBody", {}).get("content", {})
        form = self._resolved(product, next((media["schema"] for media in content.values()), {}))
        required = {each["name"] for each in parameters if each.get("required") and each["in"] == "query"}
        return Operation(
            template=template,
            path={each["name"]: each["schema"] for each in parameters if each["in"] == "path"},
            query={each["name"]: each["schema"] for each in parameters if each["in"] == "query"},
            form=form.get("properties", {}),
            headers=frozenset(each["name"] for each in parameters if each["in"] == "header"),
            required=frozenset(required | set(form.get("required", []))),
            responses={
                status: next((media["schema"] for media in answer.get("content", {}).values()), None)
                for status, answer in raw["responses"].items()
            },
        )

    def _document(self, product: str) -> dict[str, Any]:
        if product not in self._documents:
            self._documents[product] = json.loads((self._folder / _FILES[product]).read_text("utf-8"))
        return self._documents[product]

    def _match(self, product: str, path: str) -> tuple[str, dict[str, str]] | None:
        templates = sorted(self._document(product)["paths"], key=lambda each: each.count("{"))
        for template in templates:
            pieces = re.split(r"\{(\w+)\}", template)
            pattern = "".join(f"(?P<{each}>[^/]+?)" if at % 2 else re.escape(each) for at, each in enumerate(pieces))
            if match := re.fullmatch(pattern, path):
                return template, match.groupdict()
        return None

    def _resolved(self, product: str, node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                target: Any = self._document(product)
                for step in node["$ref"].removeprefix("#/").split("/"):
                    target = target[step]
                return self._resolved(product, target)
            return {name: self._resolved(product, each) for name, each in node.items()}
        if isinstance(node, list):
            return [self._resolved(product, each) for each in node]
        return node


def _value_problems(name: str, value: str | Sequence[str], schema: Mapping[str, Any]) -> list[str]:
    if schema.get("type") == "array":
        items = [value] if isinstance(value, str) else list(value)
        return [problem for item in items for problem in _value_problems(name, item, schema.get("items", {}))]
    if not isinstance(value, str):
        return [f"{name} is sent {len(value)} times but takes one value"]
    if schema.get("type") == "boolean" and value not in {"true", "false"}:
        return [f"{name} is {value!r}, not true or false"]
    if schema.get("type") == "integer":
        return _integer_problems(name, value, schema)
    problems = []
    if "enum" in schema and value not in schema["enum"]:
        problems.append(f"{name} is {value!r}, not one of {', '.join(map(str, schema['enum']))}")
    # An empty text clears a setting: the files do not say so, the helper libraries rely on it.
    if value and "pattern" in schema and not re.search(schema["pattern"], value):
        problems.append(f"{name} is {value!r}, not of the form {schema['pattern']}")
    return problems


def _integer_problems(name: str, value: str, schema: Mapping[str, Any]) -> list[str]:
    if not re.fullmatch(r"-?\d+", value):
        return [f"{name} is {value!r}, not a whole number"]
    if int(value) < schema.get("minimum", int(value)) or int(value) > schema.get("maximum", int(value)):
        return [f"{name} is {value}, not from {schema.get('minimum')} to {schema.get('maximum')}"]
    return []


def _as_json_schema(node: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: `nullable` turned round, and every declared field demanded."""
    if isinstance(node, list):
        return [_as_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {name: each for name, each in node.items() if name not in {"nullable", "format", "default"}}
    if kept.get("type") == "number":
        # Prices and coordinates are declared as numbers and sent as texts, in the files' own examples too.
        kept["type"] = "string"
    schema = {name: _as_json_schema(each) for name, each in kept.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        schema.setdefault("additionalProperties", False)
        schema["required"] = sorted(set(schema["properties"]) - _PAGING_OF_2010)
    if "enum" in schema and isinstance(schema.get("type"), str):
        # Twilio marks no enum as nullable and yet answers null, as for the identity of a pending brand.
        return {"anyOf": [schema, {"type": "null"}]}
    if node.get("nullable") is True and "type" in schema:
        # The files' own examples answer an empty text for a SID that is not set.
        return {"anyOf": [schema, {"type": "null"}, *([{"const": ""}] if "pattern" in schema else [])]}
    return schema
