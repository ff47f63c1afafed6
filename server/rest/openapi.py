"""OpenAPI 3.1 description of the REST endpoints, served at `/openapi.json`.

The schemas are generated from the types that decode requests and encode responses, so they cannot differ from them.
"""

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
Json = dict[str, Any]  # an OpenAPI document is free-form JSON, and nothing reads it back


@dataclass(frozen=True, slots=True)
class RawContent:
    """Content other than one JSON object."""

    media_type: str
    description: str


NDJSON: Final = RawContent("application/x-ndjson", "One JSON object per line.")
VERSION_FILE: Final = RawContent("application/zip", "A version file.")
Content = type[msgspec.Struct] | RawContent

ERRORS: Final = {
    400: "The request cannot be read: the JSON is malformed, or the Host header does not name this server.",
    401: "The API key is missing, unknown, expired or revoked.",
    403: "The key's role does not allow this.",
    404: "The object does not exist or belongs to another workspace.",
    409: "The request conflicts with the current state, such as an idempotency key used for another request.",
    413: "The body is larger than this server accepts.",
    415: "The content type or encoding is not supported.",
    422: "A value is not allowed, or there is too little feedback. In that case `details` holds both numbers.",
    429: "This key has sent too many requests. `Retry-After` holds the seconds to wait.",
    500: "An internal error. The message holds the id under which it is logged.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """Description of one endpoint."""

    permission: str  # method and path, as in models.permissions
    id: str
    summary: str
    status: int
    response: Content
    errors: tuple[int, ...]
    request: Content | None = None
    parameters: tuple[Json, ...] = ()
    headers: tuple[str, ...] = ()  # of the response

    @property
    def method(self) -> str:
        """The HTTP method, in lower case."""
        return self.permission.partition(" ")[0].lower()

    @property
    def path(self) -> str:
        """The path."""
        return self.permission.partition(" ")[2]


def _describe_flag(name: str, description: str) -> Json:
    schema = {"type": "string", "enum": ["true", "false", "1", "0"], "default": "false"}
    return {"name": name, "in": "query", "description": description, "schema": schema}


_ID = {"type": "string", "minLength": 1}
_JOB: Final = {"name": "job_id", "in": "path", "required": True, "description": "Id of the job.", "schema": _ID}
_JUDGE: Final = {"name": "judge_id", "in": "path", "required": True, "description": "Id of the judge.", "schema": _ID}
_VERSION: Final = {
    "name": "version_id",
    "in": "path",
    "required": True,
    "description": "Id of the version.",
    "schema": _ID,
}
_LOAD_PARAMETERS: Final = (
    _JUDGE,
    _describe_flag("idempotent", "Identify lines without an `external_id` by a digest of their content, so that "
                   "sending them again adds nothing."),
    _describe_flag("dry_run", "Check every line and store nothing."),
    {
        "name": "edits",
        "in": "query",
        "description": "Rule for feedback whose `external_id` exists with other content: reject it, replace the older "
        "item if the new one was given later, or replace any. Evaluations never change.",
        "schema": {"type": "string", "enum": ["reject", "newer", "any"], "default": "reject"},
    },
)  # fmt: skip
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Text of your choice. The same request with the same key returns the first job again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}
_COMMON_ERRORS: Final = (400, 401, 403, 429, 500)

# An operation is described only if the application has its route.
OPERATIONS: Final = (
    Operation(
        "POST /training/jobs",
        "createTrainingJob",
        "Create a job that trains a judge on its feedback.",
        201,
        JobAnswer,
        (*_COMMON_ERRORS, 404, 409, 413, 415, 422),
        request=rest.JobBody,
        parameters=(_IDEMPOTENCY_KEY,),
        headers=("Location",),
    ),
    Operation(
        "GET /training/jobs/{job_id}",
        "getTrainingJob",
        "Return a training job in the shape in which it was created.",
        200,
        JobAnswer,
        (*_COMMON_ERRORS, 404),
        parameters=(_JOB,),
    ),
    Operation(
        "POST /judges/{judge_id}/evaluations",
        "loadEvaluations",
        "Record any number of evaluations. The body may be gzipped.",
        200,
        NDJSON,
        (*_COMMON_ERRORS, 404, 415, 422),
        request=replace(
            NDJSON,
            description='One evaluation per line, such as {"external_id": "e1", "output": "...", '
            '"scores": {"clarity": 4}}.',
        ),
        parameters=_LOAD_PARAMETERS,
    ),
    Operation(
        "POST /judges/{judge_id}/feedback",
        "loadFeedback",
        "Submit any number of feedback items. The body may be gzipped.",
        200,
        NDJSON,
        (*_COMMON_ERRORS, 404, 415, 422),
        request=replace(
            NDJSON,
            description='One feedback item per line, such as {"evaluation": "e1", "type": "correction", '
            '"corrected_scores": {"clarity": 2}}.',
        ),
        parameters=_LOAD_PARAMETERS,
    ),
    Operation(
        "GET /judges/{judge_id}/evaluations",
        "exportEvaluations",
        "Return all evaluations of a judge as lines that can be loaded again.",
        200,
        NDJSON,
        (*_COMMON_ERRORS, 404),
        parameters=(_JUDGE,),
    ),
    Operation(
        "GET /judges/{judge_id}/feedback",
        "exportFeedback",
        "Return all feedback of a judge as lines that can be loaded again.",
        200,
        NDJSON,
        (*_COMMON_ERRORS, 404),
        parameters=(_JUDGE,),
    ),
    Operation(
        "GET /versions/{version_id}/file",
        "exportVersion",
        "Return a version as a file, byte for byte as it was created.",
        200,
        VERSION_FILE,
        (*_COMMON_ERRORS, 404),
        parameters=(_VERSION,),
    ),
    Operation(
        "POST /judges/{judge_id}/versions",
        "importVersion",
        "Add the version in a file to a judge as a candidate without proof.",
        201,
        VersionAnswer,
        (*_COMMON_ERRORS, 404, 413, 415, 422),
        request=VERSION_FILE,
        parameters=(_JUDGE,),
        headers=("Location",),
    ),
)


def build_document(routes: Iterable[BaseRoute]) -> Json:
    """Return the OpenAPI document of those operations that an application has routes for."""
    available = {
        f"{method} {route.path}" for route in routes if isinstance(route, Route) for method in route.methods or ()
    }
    described = [operation for operation in OPERATIONS if operation.permission in available]
    contents = {content for operation in described for content in (operation.request, operation.response)}
    structs = {content for content in contents if isinstance(content, type)}
    names: list[type[msgspec.Struct]] = sorted([*structs, ErrorAnswer], key=lambda struct: struct.__name__)
    _, schemas = msgspec.json.schema_components(names, ref_template="#/components/schemas/{name}")
    paths: dict[str, Json] = {}
    for operation in described:
        paths.setdefault(operation.path, {})[operation.method] = _describe_operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Judgesmith",
            "version": version("judgesmith"),
            "description": "Turns people's feedback on automated judges into better judge versions. All other "
            "operations are available as GraphQL at /graphql.",
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
                str(status): {"description": text, "content": _describe_content(ErrorAnswer)}
                for status, text in ERRORS.items()
            },
        },
    }


def _describe_operation(operation: Operation) -> Json:
    response: Json = {"description": operation.summary, "content": _describe_content(operation.response)}
    if operation.headers:
        response["headers"] = {
            name: {"required": True, "schema": {"type": "string"}, "description": "Path of the new object."}
            for name in operation.headers
        }
    responses = {str(operation.status): response}
    responses |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(operation.errors)}
    description: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": f"Role: `{required_role(operation.permission).name}` or higher.",
        "parameters": list(operation.parameters),
        "responses": responses,
    }
    if operation.request is not None:
        description["requestBody"] = {"required": True, "content": _describe_content(operation.request)}
    return description


def _describe_content(content: Content) -> Json:
    if isinstance(content, RawContent):
        return {content.media_type: {"schema": {"type": "string", "description": content.description}}}
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{content.__name__}"}}}


def create_route(document: Json) -> Route:
    """Return the route that serves the document. It needs no key."""

    def openapi(_: Request) -> Response:
        return JSONResponse(document)

    return Route("/openapi.json", openapi)
