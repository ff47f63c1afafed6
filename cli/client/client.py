"""Client of the API: queries and mutations over HTTP, subscriptions over a WebSocket, files over REST."""

import ipaddress
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlsplit

import httpx
import orjson

from cli.client import documents
from cli.client.address import DEFAULT_URL
from cli.client.responses import JsonObject, UploadedVersion
from cli.client.subscription import Endpoint, stream_results
from cli.errors import CHECK_KEY_HINT, ApiError, InputRejected, UserError

_MAX_RETRIES = 4  # of a request that the server asks to repeat later
_MAX_RETRY_WAIT_SECONDS = 30.0
_REQUEST_TIMEOUT = httpx.Timeout(120, connect=5)  # seconds
_STREAM_TIMEOUT = httpx.Timeout(600, connect=5)  # seconds; a bulk load may have to wait for others


class Client:
    """A connection to one server with one API key.

    Attributes:
        url: the server's address without a slash at its end.
        key: the API key, if any.
        is_local: the address is a loopback address. A proxy of the environment cannot reach it.
    """

    def __init__(self, url: str = DEFAULT_URL, key: str | None = None, transport: httpx.BaseTransport | None = None):
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ApiError(f"{url!r} is not the address of a server. It looks like {DEFAULT_URL}.")
        self.key = key
        self.is_local = _is_loopback(parts.hostname)
        self._use_proxies = not self.is_local
        self._http = httpx.Client(
            base_url=self.url,
            headers={"accept": "application/json"} | self._authorization(),
            timeout=_REQUEST_TIMEOUT,
            trust_env=self._use_proxies,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def run(self, name: str, **variables: object) -> Any:
        """Run a document of `frontend-queries/` and return the value of its only root field.

        Raises:
            InputRejected: a mutation returned `userErrors`.
            ApiError: the operation failed.
        """
        (result,) = self.execute(name, **variables).values()
        if isinstance(result, dict) and result.get("userErrors"):
            raise InputRejected([UserError.from_payload(error) for error in result["userErrors"]])
        return result

    def execute(self, name: str, **variables: object) -> JsonObject:
        """Run a document of `frontend-queries/` and return its data as the server sent it.

        Raises:
            ApiError: the operation failed.
        """
        response = self._post({"operationName": name, "query": documents.load(name), "variables": variables})
        try:
            body = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            body = None
        if isinstance(body, dict) and body.get("errors"):
            raise _graphql_error(body["errors"], response.status_code)
        data = body.get("data") if isinstance(body, dict) else None
        if response.status_code != httpx.codes.OK or not isinstance(data, dict):
            raise self._http_error(response)
        return data

    def subscribe(self, name: str, **variables: object) -> Iterator[Any]:
        """Yield the value of the only root field of each result until the server ends the subscription.

        A lost connection resumes after the last cursor, so that no result is missed or repeated.
        """
        parts = urlsplit(self.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        endpoint = Endpoint(f"{scheme}://{parts.netloc}{parts.path}/graphql", self._authorization("Authorization"))
        payload = {"operationName": name, "query": documents.load(name), "variables": variables}
        for data in stream_results(endpoint, payload, use_proxies=self._use_proxies):
            yield from data.values()

    def download(self, path: str) -> bytes:
        """Return the content of a file of the server.

        Raises:
            ApiError: the server rejected the request.
        """
        response = self._request("GET", path)
        if response.status_code != httpx.codes.OK:
            raise self.read_error(response)
        return response.content

    def upload_version(self, judge_id: str, content: bytes) -> UploadedVersion:
        """Add a version file to a judge and return the new version.

        Raises:
            ApiError: the server rejected the file.
        """
        headers = {"content-type": "application/zip"}
        response = self._request("POST", f"/judges/{judge_id}/versions", content=content, headers=headers)
        if response.status_code != httpx.codes.CREATED:
            raise self.read_error(response)
        return cast("UploadedVersion", orjson.loads(response.content))

    def stream(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        content: Iterator[bytes] | None = None,
        *,
        gzipped: bool = False,
    ) -> AbstractContextManager[httpx.Response]:
        """Make a request outside GraphQL whose body and response are streamed.

        Args:
            method: the HTTP method.
            path: the path of the endpoint.
            params: the query parameters.
            content: the body, block by block.
            gzipped: `content` is gzipped.

        Raises:
            httpx.TransportError: when entered or read, the connection cannot be made or breaks.
        """
        headers = {"accept": "application/x-ndjson"} | ({"content-encoding": "gzip"} if gzipped else {})
        return self._http.stream(method, path, params=params, content=content, headers=headers, timeout=_STREAM_TIMEOUT)

    def read_error(self, response: httpx.Response) -> ApiError:
        """Return the error that a response outside GraphQL describes."""
        try:
            error = orjson.loads(response.read())["error"]
            return ApiError(str(error["message"]), str(error["code"]))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return self._http_error(response)

    def _authorization(self, name: str = "authorization") -> dict[str, str]:
        return {name: f"Bearer {self.key}"} if self.key else {}

    def _post(self, payload: JsonObject) -> httpx.Response:
        content = orjson.dumps(payload)
        for _ in range(_MAX_RETRIES):
            response = self._post_once(content)
            wait = _retry_after_seconds(response)
            if wait is None:
                return response
            time.sleep(wait)
        return self._post_once(content)

    def _post_once(self, content: bytes) -> httpx.Response:
        return self._request("POST", "/graphql", content=content, headers={"content-type": "application/json"})

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.ConnectError as error:
            raise ApiError(f"No server answers at {self.url}. Is `judgesmith serve` running there?") from error
        except httpx.TimeoutException as error:
            raise ApiError(f"The server at {self.url} took too long to answer.") from error
        except httpx.TransportError as error:
            raise ApiError(f"The connection to {self.url} broke: {error}") from error

    def _http_error(self, response: httpx.Response) -> ApiError:
        match response.status_code:
            case httpx.codes.UNAUTHORIZED:
                text, code = _describe_missing_key(self.key), "UNAUTHENTICATED"
            case httpx.codes.REQUEST_ENTITY_TOO_LARGE:
                text, code = "The request is larger than the server accepts. Send less at once.", "TOO_LARGE"
            case httpx.codes.TOO_MANY_REQUESTS:
                text, code = "The server is asked too often. Wait a little and try again.", "TOO_MANY_REQUESTS"
            case httpx.codes.NOT_FOUND:
                text, code = f"There is no GraphQL API at {self.url}/graphql. Is the address right?", "NOT_FOUND"
            case status:
                text, code = f"The server at {self.url} answered with status {status} instead of data.", ""
        return ApiError(text, code)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _retry_after_seconds(response: httpx.Response) -> float | None:
    if response.status_code not in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        return None
    try:
        return min(float(response.headers["retry-after"]), _MAX_RETRY_WAIT_SECONDS)
    except (KeyError, ValueError):
        return None


def _describe_missing_key(key: str | None) -> str:
    if key:
        return f"The server does not know this key, or it has expired. {CHECK_KEY_HINT}"
    return "The server requires a key. Give one with --key or in JUDGESMITH_API_KEY."


def _graphql_error(errors: list[JsonObject], status: int) -> ApiError:
    error = ApiError.from_graphql(errors)
    if not error.code and status == httpx.codes.BAD_REQUEST:
        error.code = "BAD_REQUEST"
    return ApiError(f"{error} {CHECK_KEY_HINT}", error.code) if error.code == "UNAUTHENTICATED" else error
