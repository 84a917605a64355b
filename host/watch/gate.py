"""Who may talk to the live view: pages that it served itself, to the browser of this machine.

A page of another site runs in the same browser and can send requests here; with DNS rebinding it can
even read the answers, as its own name then leads to this machine.  So every request has to name a
host that was bound, and to come from a page of that host (CWE-346, CWE-350).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from bokeh.server.tornado import BokehTornado
from bokeh.util.token import check_token_signature
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform, RequestHandler

MAX_MESSAGE_BYTES = 1 << 20
"""Of one WebSocket message from the page, whose patches are small."""
MAX_BODY_BYTES = 1 << 12
"""Of one request: the page sends none with a body."""

_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PATHS = ("/", "/ws", "/favicon.ico")
_FOLDER = "/static/"
"""What the page needs.  Bokeh has more, such as /autoload.js, which hands out a session's token."""


class GatedTornado(BokehTornado):
    """Bokeh's application for pages of these hosts only; everything else is answered with 403.

    Parameters
    ----------
    applications : as for `BokehTornado`.
    hosts : "address:port" of each name under which the page may be opened.
    """

    def __init__(self, applications: Any, hosts: Iterable[str]) -> None:
        self._hosts = frozenset(hosts)
        self._secret = secrets.token_bytes(32)
        super().__init__(
            applications,
            extra_websocket_origins=sorted(self._hosts),
            websocket_max_message_size_bytes=MAX_MESSAGE_BYTES,
            secret_key=self._secret,
            sign_sessions=True,
        )
        self.transforms.append(_SameOriginOnly)

    def find_handler(self, request: HTTPServerRequest, **options: Any) -> Any:
        """The handler of a request, or one that refuses it with the reason."""
        reason = self.refusal(request)
        if reason:
            return self.get_handler_delegate(request, _Refused, {"reason": reason})
        return super().find_handler(request, **options)

    def refusal(self, request: HTTPServerRequest) -> str:
        """Why a request is refused; "" when it is not."""
        headers = request.headers
        if request.method not in ("GET", "HEAD"):
            return "only GET is answered"
        if headers.get_list("Host") != [request.host] or request.host not in self._hosts:
            return f"this page is only served as {' or '.join(sorted(self._hosts))}"
        if request.path not in _PATHS and not request.path.startswith(_FOLDER):
            return "there is only one page here"
        origins = headers.get_list("Origin")
        if any(origin != f"http://{request.host}" for origin in origins) or len(origins) > 1:
            return "pages of other sites may not use this one"
        if "Upgrade" in headers and not origins:
            return "a WebSocket has to say which page opens it"
        if request.path == "/ws" and not self._is_ours(headers.get("Sec-WebSocket-Protocol", "")):
            return "open the page first: this WebSocket has no token of it"
        if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return "pages of other sites may not use this one"
        return ""

    def _is_ours(self, protocols: str) -> bool:
        """Whether the token beside the protocol's name is one that this server has signed."""
        token = protocols.partition(",")[2].strip()
        try:
            return bool(check_token_signature(token, self._secret, signed=True))
        except Exception:  # whatever Bokeh's decoders raise for what is no token
            return False


class _Refused(RequestHandler):
    """Answers 403, with the reason."""

    def initialize(self, reason: str) -> None:
        self._refusal = reason

    def prepare(self) -> None:
        self.set_status(403)
        self.finish(self._refusal + "\n")


class _SameOriginOnly(OutputTransform):
    """Lets no other site frame, read or keep an answer."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        headers.pop("Access-Control-Allow-Origin", None)
        for name, value in _HEADERS.items():
            headers[name] = value
        return status_code, headers, chunk
