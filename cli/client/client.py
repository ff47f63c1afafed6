"""A client of the GraphQL API: queries and mutations over HTTP, subscriptions over a WebSocket."""

import ipaddress
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import orjson

from cli.client import documents
from cli.client.subscription import Endpoint, stream_results
from cli.errors import ApiError, UserError, UserErrors

Data = dict[str, Any]

DEFAULT_URL = "http://127.0.0.1:8000"
_RETRIES = 4  # when the server asks to come back later
_LONGEST_WAIT = 30.0
_STREAM = httpx.Timeout(600, connect=5)  # a bulk load may have to wait its turn


class Client:
    """Sends the documents of `frontend-queries/` to one server with one key."""

    def __init__(self, url: str = DEFAULT_URL, key: str | None = None, transport: httpx.BaseTransport | None = None):
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ApiError(f"{url!r} is not the address of a server. It looks like {DEFAULT_URL}.")
        self.key = key
        # A proxy of the environment can't reach this machine's own loopback address.
        self.is_local = _is_loopback(parts.hostname)
        self._use_proxies = not self.is_local
        self._http = httpx.Client(
            base_url=self.url,
            headers={"accept": "application/json"} | self._authorization(),
            timeout=httpx.Timeout(120, connect=5),
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
        """Let go of the connections."""
        self._http.close()

    def run(self, name: str, **variables: Any) -> Data:
        """Run an operation and return its data; a mutation's `userErrors` raise `UserErrors`."""
        data = self.execute(name, **variables)
        for payload in data.values():
            if isinstance(payload, dict) and payload.get("userErrors"):
                raise UserErrors([UserError.read(error) for error in payload["userErrors"]])
        return data

    def execute(self, name: str, **variables: Any) -> Data:
        """Run an operation and return its data as it is, `userErrors` included."""
        answer = self._post({"operationName": name, "query": documents.load(name), "variables": variables})
        try:
            body = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            body = None
        if isinstance(body, dict) and body.get("errors"):
            raise _graphql_error(body["errors"], answer.status_code)
        if answer.status_code != httpx.codes.OK or not isinstance(body, dict) or not isinstance(body.get("data"), dict):
            raise self._http_error(answer)
        data: Data = body["data"]
        return data

    def subscribe(self, name: str, **variables: Any) -> Iterator[Data]:
        """Yield each result of a subscription until the server ends it.

        A lost connection is taken up again after the last cursor, so that nothing is missed or repeated.
        """
        parts = urlsplit(self.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        address = Endpoint(f"{scheme}://{parts.netloc}{parts.path}/graphql", self._authorization("Authorization"))
        payload = {"operationName": name, "query": documents.load(name), "variables": variables}
        return stream_results(address, payload, use_proxies=self._use_proxies)

    def download(self, path: str) -> bytes:
        """The bytes of a file."""
        answer = self._request("GET", path)
        if answer.status_code != httpx.codes.OK:
            raise self.refusal(answer)
        return answer.content

    def upload(self, path: str, content: bytes) -> Data:
        """Send the bytes of a file; what the server made of them."""
        answer = self._request("POST", path, content=content, headers={"content-type": "application/zip"})
        if answer.status_code != httpx.codes.CREATED:
            raise self.refusal(answer)
        made: Data = orjson.loads(answer.content)
        return made

    def stream(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        content: Iterator[bytes] | None = None,
        *,
        packed: bool = False,
    ) -> AbstractContextManager[httpx.Response]:
        """Make a request outside GraphQL whose body, gzipped or not, and answer are read bit by bit.

        Raises:
            httpx.TransportError: when entered or read, the connection can't be made or breaks.
        """
        headers = {"accept": "application/x-ndjson"} | ({"content-encoding": "gzip"} if packed else {})
        return self._http.stream(method, path, params=params, content=content, headers=headers, timeout=_STREAM)

    def refusal(self, answer: httpx.Response) -> ApiError:
        """What an answer outside GraphQL says went wrong."""
        try:
            error = orjson.loads(answer.read())["error"]
            return ApiError(str(error["message"]), str(error["code"]))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return self._http_error(answer)

    def _authorization(self, name: str = "authorization") -> dict[str, str]:
        return {name: f"Bearer {self.key}"} if self.key else {}

    def _post(self, payload: Data) -> httpx.Response:
        content = orjson.dumps(payload)
        for _ in range(_RETRIES):
            answer = self._post_once(content)
            wait = _retry_after(answer)
            if wait is None:
                return answer
            time.sleep(wait)
        return self._post_once(content)

    def _post_once(self, content: bytes) -> httpx.Response:
        return self._request("POST", "/graphql", content=content, headers={"content-type": "application/json"})

    def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **more)
        except httpx.ConnectError as error:
            raise ApiError(f"No server answers at {self.url}. Is `judgesmith serve` running there?") from error
        except httpx.TimeoutException as error:
            raise ApiError(f"The server at {self.url} took too long to answer.") from error
        except httpx.TransportError as error:
            raise ApiError(f"The connection to {self.url} broke: {error}") from error

    def _http_error(self, answer: httpx.Response) -> ApiError:
        match answer.status_code:
            case httpx.codes.UNAUTHORIZED:
                text, code = _unauthenticated(self.key), "UNAUTHENTICATED"
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


def _retry_after(answer: httpx.Response) -> float | None:
    if answer.status_code not in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        return None
    try:
        return min(float(answer.headers["retry-after"]), _LONGEST_WAIT)
    except (KeyError, ValueError):
        return None


def _unauthenticated(key: str | None) -> str:
    if key:
        return "The server does not know this key, or it has expired. Check --key or JUDGESMITH_API_KEY."
    return "The server wants a key. Give one with --key or in JUDGESMITH_API_KEY."


def _graphql_error(errors: list[Data], status: int) -> ApiError:
    first_code = (errors[0].get("extensions") or {}).get("code", "")
    if not first_code and status == httpx.codes.BAD_REQUEST:
        first_code = "BAD_REQUEST"
    text = "\n".join(str(error.get("message", error)) for error in errors)
    if first_code == "UNAUTHENTICATED":
        text += " Check --key or JUDGESMITH_API_KEY."
    return ApiError(text, first_code)
