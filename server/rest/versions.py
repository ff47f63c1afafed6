"""Export and import of version files: `GET /versions/{id}/file` and `POST /judges/{id}/versions`."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from resolvers import versions
from resolvers.context import Context
from runner.versions.importer import MAX_BYTES
from server.errors import error_response
from server.rest.authorization import requires
from server.rest.responses import VersionAnswer

MEDIA_TYPE = "application/zip"
_ACCEPTED_TYPES = (MEDIA_TYPE, "application/octet-stream")


@requires("GET /versions/{version_id}/file")
async def get_file(request: Request, ctx: Context) -> Response:
    """Respond with a version's file, byte for byte as it was created."""
    version_id = request.path_params["version_id"]
    found = await versions.export_version(ctx, version_id)
    if found is None:
        return error_response(404, "NOT_FOUND", f"There is no judge version {version_id!r}.")
    name = f"{found.version.id}.npz"
    return Response(found.content, 200, {"content-disposition": f'attachment; filename="{name}"'}, MEDIA_TYPE)


@requires("POST /judges/{judge_id}/versions")
async def import_version(request: Request, ctx: Context) -> Response:
    """Add the version in the body to a judge and respond with 201 and its location."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _ACCEPTED_TYPES:
        return error_response(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the file as {MEDIA_TYPE}.")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BYTES:
            return error_response(413, "LIMIT_EXCEEDED", f"A version file may have at most {MAX_BYTES:,} bytes.")
    judge_id = request.path_params["judge_id"]
    version = await versions.import_version(ctx, judge_id, bytes(content))
    body = VersionAnswer(
        version_id=version.id,
        judge_id=judge_id,
        number=version.number,
        status="candidate",
        file_digest=version.lineage.value.file_digest or "",
        created_at=version.created_at.isoformat(),
    )
    headers = {"location": f"/versions/{version.id}/file"}
    return Response(msgspec.json.encode(body), 201, headers, "application/json")
