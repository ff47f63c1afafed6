"""`/openapi.json`: the REST endpoints in OpenAPI 3.1, made from what decodes requests and encodes answers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from models.permissions import required_role
from server.rest import training_jobs as rest
from server.rest.responses import ErrorAnswer, JobAnswer, VersionAnswer

JSON: Final = "application/json"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RawContent:
    """What is sent other than one JSON object."""

    media_type: str
    description: str


NDJSON: Final = RawContent("application/x-ndjson", "One JSON object a line.")
VERSION_FILE: Final = RawContent("application/zip", "A version's file.")
Content = type[msgspec.Struct] | RawContent

ERRORS: Final = {
    400: "The request can't be read: malformed JSON, or a Host that is not this server's.",
    401: "The API key is missing, unknown, expired or revoked.",
    403: "The key's role does not allow this.",
    404: "There is no such thing, at least not in the key's workspace.",
    409: "It collides with what is there: an idempotency key that was used for another request.",
    413: "The body is larger than this server takes.",
    415: "The content type or encoding is not taken.",
    422: "A value is not allowed, or there is too little feedback: then `details` has both numbers.",
    429: "This key has sent too many requests; `Retry-After` tells how long to wait.",
    500: "A bug of ours; the message has the id under which it is logged.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint."""

    door: str  # as in models.permissions
    id: str
    summary: str
    status: int
    gives: Content
    errors: tuple[int, ...]
    takes: Content | None = None
    parameters: tuple[Json, ...] = ()
    headers: tuple[str, ...] = ()  # of the answer

    @property
    def method(self) -> str:
        """Its method, in lower case."""
        return self.door.partition(" ")[0].lower()

    @property
    def path(self) -> str:
        """Its path."""
        return self.door.partition(" ")[2]


def _flag(name: str, description: str) -> Json:
    schema = {"type": "string", "enum": ["true", "false", "1", "0"], "default": "false"}
    return {"name": name, "in": "query", "description": description, "schema": schema}


_ID = {"type": "string", "minLength": 1}
_JOB: Final = {"name": "job_id", "in": "path", "required": True, "description": "The job's id.", "schema": _ID}
_JUDGE: Final = {"name": "judge_id", "in": "path", "required": True, "description": "The judge's id.", "schema": _ID}
_VERSION: Final = {
    "name": "version_id",
    "in": "path",
    "required": True,
    "description": "The version's id.",
    "schema": _ID,
}
_LOADING: Final = (
    _JUDGE,
    _flag("idempotent", "Whether lines without an `external_id` are known by what they say, so that sending them "
          "again adds nothing."),
    _flag("dry_run", "Whether to check everything and keep nothing."),
)  # fmt: skip
_ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A text of your choosing: the same request with the same key gives the first job again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9_.:-]+$"},
}
_ALWAYS: Final = (400, 401, 403, 429, 500)

# Those of other modules are described only where the application has them.
OPERATIONS: Final = (
    Operation(
        "POST /training/jobs",
        "createTrainingJob",
        "Create a job that learns from a judge's feedback.",
        201,
        JobAnswer,
        (*_ALWAYS, 404, 409, 413, 415, 422),
        takes=rest.JobBody,
        parameters=(_ONCE,),
        headers=("Location",),
    ),
    Operation(
        "GET /training/jobs/{job_id}",
        "getTrainingJob",
        "A training job, in the shape in which it was created.",
        200,
        JobAnswer,
        (*_ALWAYS, 404),
        parameters=(_JOB,),
    ),
    Operation(
        "POST /judges/{judge_id}/evaluations",
        "loadEvaluations",
        "Record evaluations, any number of them; gzip is taken.",
        200,
        NDJSON,
        (*_ALWAYS, 404, 415, 422),
        takes=replace(
            NDJSON,
            description='An evaluation a line, such as {"external_id": "e1", "output": "...", '
            '"scores": {"clarity": 4}}.',
        ),
        parameters=_LOADING,
    ),
    Operation(
        "POST /judges/{judge_id}/feedback",
        "loadFeedback",
        "Submit feedback, any number of items; gzip is taken.",
        200,
        NDJSON,
        (*_ALWAYS, 404, 415, 422),
        takes=replace(
            NDJSON,
            description='An item of feedback a line, such as {"evaluation": "e1", "type": "correction", '
            '"corrected_scores": {"clarity": 2}}.',
        ),
        parameters=_LOADING,
    ),
    Operation(
        "GET /judges/{judge_id}/evaluations",
        "exportEvaluations",
        "All evaluations of a judge, as lines that can be loaded again.",
        200,
        NDJSON,
        (*_ALWAYS, 404),
        parameters=(_JUDGE,),
    ),
    Operation(
        "GET /judges/{judge_id}/feedback",
        "exportFeedback",
        "All feedback of a judge, as lines that can be loaded again.",
        200,
        NDJSON,
        (*_ALWAYS, 404),
        parameters=(_JUDGE,),
    ),
    Operation(
        "GET /versions/{version_id}/file",
        "exportVersion",
        "A version as a file, byte for byte as it was made.",
        200,
        VERSION_FILE,
        (*_ALWAYS, 404),
        parameters=(_VERSION,),
    ),
    Operation(
        "POST /judges/{judge_id}/versions",
        "importVersion",
        "Add the version in a file to a judge, as a candidate without proof.",
        201,
        VersionAnswer,
        (*_ALWAYS, 404, 413, 415, 422),
        takes=VERSION_FILE,
        parameters=(_JUDGE,),
        headers=("Location",),
    ),
)


def document(routes: Iterable[BaseRoute]) -> Json:
    """The description of those endpoints that an application has."""
    there = {f"{method} {route.path}" for route in routes if isinstance(route, Route) for method in route.methods or ()}
    described = [operation for operation in OPERATIONS if operation.door in there]
    contents = {content for operation in described for content in (operation.takes, operation.gives)}
    structs = {content for content in contents if isinstance(content, type)}
    names: list[type[msgspec.Struct]] = sorted([*structs, ErrorAnswer], key=lambda struct: struct.__name__)
    _, schemas = msgspec.json.schema_components(names, ref_template="#/components/schemas/{name}")
    paths: dict[str, Json] = {}
    for operation in described:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Judgesmith",
            "version": version("judgesmith"),
            "description": "Turns people's feedback on automated judges into better judge versions. Everything else "
            "is GraphQL, at /graphql.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "./", "description": "This server."}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, such as `jsk_...`."}
            },
            "schemas": schemas,
            "responses": {
                str(status): {"description": text, "content": _content(ErrorAnswer)} for status, text in ERRORS.items()
            },
        },
    }


def _described(operation: Operation) -> Json:
    answer: Json = {"description": operation.summary, "content": _content(operation.gives)}
    if operation.headers:
        answer["headers"] = {
            name: {"required": True, "schema": {"type": "string"}, "description": "Where the new thing is."}
            for name in operation.headers
        }
    responses = {str(operation.status): answer}
    responses |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(operation.errors)}
    found: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": f"Role: `{required_role(operation.door).name}`, or one that may more.",
        "parameters": list(operation.parameters),
        "responses": responses,
    }
    if operation.takes is not None:
        found["requestBody"] = {"required": True, "content": _content(operation.takes)}
    return found


def _content(content: Content) -> Json:
    if isinstance(content, RawContent):
        return {content.media_type: {"schema": {"type": "string", "description": content.description}}}
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{content.__name__}"}}}


def endpoint(described: Json) -> Route:
    """The endpoint that gives the description; it needs no key."""

    def openapi(_: Request) -> Response:
        return JSONResponse(described)

    return Route("/openapi.json", openapi)
