"""Serves the page at an address of this machine, with everything it needs: no other server is asked."""

from __future__ import annotations

import logging

from bokeh.application import Application
from bokeh.application.handlers import FunctionHandler
from bokeh.document import Document
from bokeh.server.server import BaseServer
from bokeh.server.util import bind_sockets
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from spikeloom.hdl.contract.errors import PortError

from .gate import MAX_BODY_BYTES, GatedTornado
from .page import Page
from .runner import Runner

# A page that is closed while something is on its way to it is nothing to be warned of.
logging.getLogger("bokeh.server.views.ws").setLevel(logging.ERROR)

ADDRESS = "127.0.0.1"


class PageServer:
    """Serves one runner's page.  Make, run and end it on one thread; `stop` from any.

    Parameters
    ----------
    runner : started.
    where : what is watched, for the title.
    port : of HTTP; 0: any free one.

    Attributes
    ----------
    url : of the page.

    Raises
    ------
    PortError : the port is in use, or may not be used.
    """

    def __init__(self, runner: Runner, where: str, port: int = 0) -> None:
        try:
            sockets, port = bind_sockets(ADDRESS, port)
        except OSError as error:
            raise PortError(
                f"port {port} of {ADDRESS} cannot be used: {error.strerror}; "
                "choose another one, or 0 for any"
            ) from None
        self.url = f"http://{ADDRESS}:{port}/"

        def fill(document: Document) -> None:
            Page(document, runner, where)

        hosts = (f"{ADDRESS}:{port}", f"localhost:{port}")
        application = GatedTornado({"/": Application(FunctionHandler(fill))}, hosts)
        http = HTTPServer(application, max_body_size=MAX_BODY_BYTES)
        http.add_sockets(sockets)
        self._loop = IOLoop.current()
        self._server = BaseServer(self._loop, application, http)

    def run(self) -> None:
        """Serve until `stop`."""
        self._server.start()
        try:
            self._loop.start()
        finally:
            self._server.stop()

    def stop(self) -> None:
        """Let `run` return."""
        self._loop.add_callback(self._loop.stop)
