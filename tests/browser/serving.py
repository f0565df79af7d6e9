"""A served inbox and pages that are signed in to it."""

import socket
import threading

import uvicorn

from app.access import Role
from app.inbox.frame import COOKIE
from app.serving import build_app


class Desk:
    """An installation that is served, and browser pages signed in to it."""

    def __init__(self, chromium, installation, clock):
        self.home, self.clock = installation, clock
        self._chromium = chromium
        self._contexts = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            build_app(installation, events_every_s=0.2),
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        sockets = {"sockets": [self._listening]}
        self._thread = threading.Thread(target=self._server.run, kwargs=sockets, daemon=True)
        self._thread.start()
        self.base = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        with installation.store.read() as unit:
            self.ids = {(row.label, row.kind.value): row.id for row in unit.proposals.list_rows()}

    @property
    def ticket(self):
        return self.ids["Late delivery: Parcelo, North", "ticket"]

    @property
    def message(self):
        return self.ids["Late delivery: what we know", "message"]

    def page(
        self,
        path="/",
        *,
        size=(1280, 800),
        scheme="light",
        name="Jana Krol",
        role=Role.ADMIN,
        script=True,
    ):
        """A page of a person who is signed in; what its scripts complain of is in `errors`."""
        context = self._chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            java_script_enabled=script,
        )
        self._contexts.append(context)
        link = self.home.access.create_link(name, role)
        session = self.home.access.open_session(link, address="127.0.0.1")
        context.add_cookies([{"name": COOKIE, "value": session.secret, "url": self.base}])
        page = context.new_page()
        page.set_default_timeout(8000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda told: told.type == "error" and page.errors.append(told.text))
        page.goto(self.base + path)
        return page

    def close_pages(self):
        """Close what was opened; the inbox stays served."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()

    def close(self):
        """Close the pages and stop serving."""
        self.close_pages()
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._listening.close()
        self.home.close()
