"""The Flask application whose routes return dataclasses, which also describe the answers in the OpenAPI."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from datetime import datetime
from functools import wraps
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
# What api/bounds.py, api/session.py and the database may say to any request, to one that changes something (a POST may
# start more work than there may be), and to one with a body.
_ERRORS = {
    "400": "The request makes no sense, or is not well-formed",
    "421": "Not a name of this server",
    "503": "The database, a model or the catalogue cannot be used now",
}
_ERRORS_OF_CHANGES = {
    "403": "Not allowed to this browser, or asked for by another site's page",
    "429": "Too much is open",
}
_ERRORS_OF_BODIES = {"413": "The body is too large", "422": "A value is not allowed"}
_FILE_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, "options": {"type": "string"}},
}


class Blueprint(APIBlueprint):
    """Routes of one resource. What no schema names is refused in a query and in a body."""

    def query(self, schema: type[Schema]) -> Any:
        """Give the route the argument ``query``, checked by ``schema``."""
        checked = self.input(schema, location="query", arg_name="query", unknown=RAISE)
        read = QueryReader(schema())

        def decorate(route: Callable[..., Any]) -> Callable[..., Any]:
            says_what_is_wrong = checked(route)

            @wraps(says_what_is_wrong)
            def call(*args: Any, **others: Any) -> Any:
                try:
                    query = read(request.args)
                except ValidationError:
                    return says_what_is_wrong(*args, **others)
                return route(*args, query=query, **others)

            return call

        return decorate

    def body(self, schema: type[Schema]) -> Any:
        """Give the route the argument ``body``, checked by ``schema``."""
        return self.input(schema, arg_name="body", unknown=RAISE)


class QueryReader:
    """Reads a query as its schema does, by looking at the fields that are given.

    Most queries give one or two fields of twenty, and marshmallow looks at each of them.
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
        """Return the values of a query with the defaults of what is not given.

        Raises marshmallow.ValidationError, without saying all that is wrong.
        """
        if not self._required <= given.keys() or not given.keys() <= self._fields.keys():
            raise ValidationError("a field is missing or not known")
        return self._defaults | {name: self._fields[name].deserialize(value) for name, value in given.items()}


class _Json(DefaultJSONProvider):
    """JSON by orjson, a tenth of the time of Flask's own: dataclasses are written as they are, times in ISO 8601."""

    @staticmethod
    def default(value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else DefaultJSONProvider.default(value)

    # The default one's asks for separators, and orjson writes none but the shortest.
    response = JSONProvider.response

    def dumps(self, obj: Any, **settings: Any) -> str:
        """Write ``obj``; what orjson refuses, lone surrogates and integers above 64 bits, Flask's own way."""
        if settings:
            return super().dumps(obj, **settings)
        try:
            return orjson.dumps(obj, default=self.default, option=orjson.OPT_NON_STR_KEYS).decode()
        except orjson.JSONEncodeError:
            return super().dumps(obj)


class Application(APIFlask):
    """An APIFlask whose routes may return a dataclass, alone or as ``answer, status``.

    The return annotation of a route is the schema of its answer in the OpenAPI description: a dataclass, a tuple of
    one with a ``Literal`` status, a union of these, or ``Annotated[Response, dataclass]`` for an answer in bytes.
    """

    json_provider_class = _Json

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.config.update(OPENAPI_VERSION="3.1.0", HTTP_ERROR_SCHEMA=_ERROR, VALIDATION_ERROR_SCHEMA=_ERROR)
        self.spec_processor(self._with_answers)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``func``: no function here is a coroutine, and Flask asks of a dozen in each request."""
        return func

    def make_response(self, rv: Any) -> Response:
        """Turn what a route returns into a response."""
        if is_dataclass(rv):
            rv = self.json.response(rv)
        elif isinstance(rv, tuple) and is_dataclass(rv[0]):
            rv = (self.json.response(rv[0]), *rv[1:])
        response: Response = super().make_response(rv)
        return response

    def _with_answers(self, spec: Any) -> Any:
        """Add what the routes return to their operations in ``spec``."""
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
                    _add_errors(operation, method, takes_file=hasattr(self.view_functions[rule.endpoint], "takes_file"))
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
    """Schemas of answers: every field is there, and none has a ``title``, which would only repeat its name."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        return True

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _path_of(rule: str) -> str:
    """Return a rule of Flask's as OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


def _add_errors(operation: dict[str, Any], method: str, *, takes_file: bool) -> None:
    """Add the errors that every operation of its kind may answer with, and the form of one that takes a file."""
    if takes_file:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FILE_FORM}}}
    errors = _ERRORS | (_ERRORS_OF_CHANGES if method in {"post", "put", "delete"} else {})
    if "requestBody" in operation:
        errors |= _ERRORS_OF_BODIES
    for status, description in errors.items():
        known = operation["responses"].setdefault(status, {"description": description})
        known.setdefault("content", {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPError"}}})


def _by_status(returned: Any) -> Iterator[tuple[str, Any]]:
    """Yield the statuses and the answers of a route's return annotation; several answers of one status as a union."""
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
