"""The Flask application. Its routes return dataclasses, which also describe the answers in the OpenAPI document."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from datetime import datetime
from functools import cache, wraps
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import orjson
from apiflask import APIBlueprint, APIFlask, Schema
from flask import Response, request
from flask.json.provider import DefaultJSONProvider, JSONProvider
from marshmallow import RAISE, ValidationError, missing
from marshmallow.fields import List, Nested
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from werkzeug.routing import Rule

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint"],
            "properties": {name: {"type": "string"} for name in ("code", "message", "hint")},
        }
    },
}
# The errors with which any request, a request that changes something, and a request with a body may be answered, by
# api/limits/bounds.py, api/limits/expensive.py, api/session.py, the limits of work or the database.
_ERRORS = {
    "400": "The request is not well-formed, or makes no sense",
    "421": "Not a name of this server",
    "503": "The database, a model or the catalogue cannot be used now",
}
_ERRORS_OF_CHANGES = {
    "403": "Not allowed for this browser, or requested by another site's page",
    "429": "Too many runs are open",
}
_ERROR_OF_EXPENSIVE = {"429": "Too much is computed at once, for this visitor or for all"}
_ERRORS_OF_BODIES = {"413": "The body is too large", "422": "A value is not allowed"}
_FILE_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, "options": {"type": "string"}},
}


class Blueprint(APIBlueprint):
    """Routes of one resource. Fields that the schema does not name are refused in queries and bodies."""

    def query(self, schema: type[Schema]) -> Any:
        """Give the route the argument ``query``, checked by ``schema``."""
        checked = self.input(schema, location="query", arg_name="query", unknown=RAISE)
        read = QueryReader(schema())

        def decorate(route: Callable[..., Any]) -> Callable[..., Any]:
            checked_route = checked(route)

            @wraps(checked_route)
            def call(*args: Any, **others: Any) -> Any:
                try:
                    query = read(request.args)
                except ValidationError:
                    return checked_route(*args, **others)  # answers with all errors
                return route(*args, query=query, **others)

            return call

        return decorate

    def body(self, schema: type[Schema]) -> Any:
        """Give the route the argument ``body``, checked by ``schema``."""
        return self.input(schema, arg_name="body", unknown=RAISE)


class QueryReader:
    """Reads a query like its schema, but looks only at the fields that are given.

    Most queries give one or two of twenty fields, and marshmallow would process all of them.
    """

    def __init__(self, schema: Schema) -> None:
        if any(schema._hooks.values()) or any(isinstance(field, List | Nested) for field in schema.fields.values()):
            raise TypeError(f"{type(schema).__name__} has more than plain fields, which are read one by one")
        self._fields = schema.load_fields
        self._required = frozenset(name for name, field in self._fields.items() if field.required)
        self._defaults = {
            name: field.load_default for name, field in self._fields.items() if field.load_default is not missing
        }

    def __call__(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of a query, with defaults for missing fields.

        Raises marshmallow.ValidationError with the first error only.
        """
        if not self._required <= given.keys() or not given.keys() <= self._fields.keys():
            raise ValidationError("a field is missing or not known")
        return self._defaults | {name: self._fields[name].deserialize(value) for name, value in given.items()}


class _Json(DefaultJSONProvider):
    """JSON by orjson, ten times as fast as Flask's; it writes dataclasses as objects and times in ISO 8601."""

    @staticmethod
    def default(value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else DefaultJSONProvider.default(value)

    # The method of DefaultJSONProvider passes separators to dumps, which orjson does not accept.
    response = JSONProvider.response

    def dumps(self, obj: Any, **settings: Any) -> str:
        """Write ``obj``; Flask's writer takes what orjson refuses: lone surrogates and integers above 64 bits."""
        if settings:
            return super().dumps(obj, **settings)
        try:
            return orjson.dumps(obj, default=self.default, option=orjson.OPT_NON_STR_KEYS).decode()
        except orjson.JSONEncodeError:
            return super().dumps(obj)


class _Rule(Rule):
    """A rule that compiles the function that builds its addresses at the first use, not at the start.

    Nothing here builds addresses (``url_for``), and to compile two functions for each of 110 rules took half of the
    time to make an application.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(super()._compile_builder)

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            return compiled(append_unknown)(rule, **values)

        return build


class Application(APIFlask):
    """An APIFlask whose routes may return a dataclass, or a pair ``answer, status``.

    The return annotation of a route is the schema of its answer in the OpenAPI description: a dataclass, a tuple of
    one with a ``Literal`` status, a union of these, or ``Annotated[Response, dataclass]`` for an answer in bytes.
    """

    json_provider_class = _Json
    url_rule_class = _Rule

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.config.update(OPENAPI_VERSION="3.1.0", HTTP_ERROR_SCHEMA=_ERROR, VALIDATION_ERROR_SCHEMA=_ERROR)
        self.spec_processor(self._with_answers)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``func``: no function here is a coroutine, and Flask would check a dozen in each request."""
        return func

    def make_response(self, rv: Any) -> Response:
        """Turn the return value of a route into a response."""
        if is_dataclass(rv):
            rv = self.json.response(rv)
        elif isinstance(rv, tuple) and is_dataclass(rv[0]):
            rv = (self.json.response(rv[0]), *rv[1:])
        response: Response = super().make_response(rv)
        return response

    def _with_answers(self, spec: Any) -> Any:
        """Add the answers of the routes to their operations in ``spec``."""
        answers = list(self._answers())
        schemas, shared = TypeAdapter.json_schemas(
            [(number, "serialization", TypeAdapter(answer)) for number, (_, _, _, answer) in enumerate(answers)],
            schema_generator=_AnswerSchema,
            ref_template="#/components/schemas/{model}",
        )
        spec["components"]["schemas"] |= shared.get("$defs", {})
        for number, (path, method, status, _) in enumerate(answers):
            response = spec["paths"][path][method]["responses"].setdefault(status, {"description": "The answer"})
            response["content"] = {"application/json": {"schema": schemas[number, "serialization"]}}
        for rule in self.url_map.iter_rules():
            for method, operation in spec["paths"].get(_path_of(rule.rule), {}).items():
                if method.upper() in (rule.methods or ()):
                    _add_errors(operation, method, self.view_functions[rule.endpoint])
        return spec

    def _answers(self) -> Iterator[tuple[str, str, str, Any]]:
        """Yield path, method, status and type of each answer that is a dataclass."""
        for rule in self.url_map.iter_rules():
            returned = get_type_hints(self.view_functions[rule.endpoint], include_extras=True).get("return")
            path = _path_of(rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                for status, answer in _by_status(returned):
                    yield path, method.lower(), status, answer


class _AnswerSchema(GenerateJsonSchema):
    """Schemas of answers: all fields are required, and none has a ``title``, which would only repeat its name."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        return True

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _path_of(rule: str) -> str:
    """Return a rule of Flask as a path of OpenAPI."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def _add_errors(operation: dict[str, Any], method: str, route: Callable[..., Any]) -> None:
    """Add to an operation the errors of its kind, and the form if its route takes a file."""
    if hasattr(route, "takes_file"):
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FILE_FORM}}}
    errors = _ERRORS | (_ERRORS_OF_CHANGES if method in {"post", "put", "delete"} else {})
    if "requestBody" in operation:
        errors |= _ERRORS_OF_BODIES
    if hasattr(route, "is_expensive"):
        errors |= _ERROR_OF_EXPENSIVE
    for status, description in errors.items():
        known = operation["responses"].setdefault(status, {"description": description})
        known.setdefault("content", {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPError"}}})


def _by_status(returned: Any) -> Iterator[tuple[str, Any]]:
    """Yield the statuses and answers of a route's return annotation; several answers with one status form a union."""
    answers: dict[str, Any] = {}
    for kind in _members(returned):
        status = "200"
        if get_origin(kind) is tuple:
            kind, literal = get_args(kind)
            status = str(*get_args(literal))
        elif get_origin(kind) is Annotated:
            kind = get_args(kind)[1]
        for answer in filter(is_dataclass, _members(kind)):
            answers[status] = answers[status] | answer if status in answers else answer
    yield from answers.items()


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
