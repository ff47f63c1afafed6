"""Authentication, authorization and error responses of REST endpoints."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models.errors import DomainError, ErrorCode, Forbidden, RequestRejected, Unauthenticated
from resolvers.context import Context
from server.errors import error_response
from server.services import Services

Endpoint = Callable[[Request], Awaitable[Response]]
ContextEndpoint = Callable[[Request, Context], Awaitable[Response]]

_STATUS = {
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.IDEMPOTENCY_MISMATCH: 409,
}
_DETAIL_NAMES = {"usable": "usable_count", "required": "required_count"}


def requires(permission: str) -> Callable[[ContextEndpoint], Endpoint]:
    """Return a decorator that makes a function an endpoint for keys with a permission.

    The endpoint responds to expected errors with their status and code.

    Args:
        permission: method and path of the endpoint, as in ``models.permissions``.
    """

    def decorate(endpoint: ContextEndpoint) -> Endpoint:
        async def respond(request: Request) -> Response:
            services: Services = request.app.state.services
            try:
                viewer = await services.authenticator.authenticate(request.headers.get("authorization"))
                ctx = services.create_context(viewer)
                ctx.require(permission)
                return await endpoint(request, ctx)
            except Unauthenticated as error:
                return error_response(401, "UNAUTHENTICATED", str(error), headers={"www-authenticate": "Bearer"})
            except Forbidden as error:
                return error_response(403, "FORBIDDEN", str(error))
            except RequestRejected as rejection:
                return _rejection_response(rejection.errors)
            except DomainError as error:
                return _rejection_response((error,))

        return respond

    return decorate


def _rejection_response(errors: tuple[DomainError, ...]) -> JSONResponse:
    first = errors[0]
    details = [
        {"field": ".".join(error.field) or None, "message": error.message, "code": error.code.value} | _counts(error)
        for error in errors
    ]
    return error_response(_STATUS.get(first.code, 422), first.code.value, first.message, details)


def _counts(error: DomainError) -> dict[str, object]:
    return {_DETAIL_NAMES[name]: value for name, value in error.details.items() if name in _DETAIL_NAMES}
