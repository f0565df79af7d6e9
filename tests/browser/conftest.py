"""A served inbox and a browser; without Chromium one loud line."""

import os
import shutil
import socket
import threading

import pytest
import uvicorn

from app.access import Role
from app.serving import build_app
from tests.shop import open_home, worked_home

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--disable-default-apps",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        message = "NO CHROMIUM: the browser tests did not run. Install chromium to run them."
        if os.environ.get("UNDERTONE_REQUIRE_CHROMIUM"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def inbox(tmp_path, shops):
    """Address and installation of an inbox that is served."""
    installation = open_home(worked_home(tmp_path, shops))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    config = uvicorn.Config(build_app(installation), log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", installation
    server.should_exit = True
    thread.join(timeout=10)
    listening.close()
    installation.close()


@pytest.fixture
def signed_in(chromium, inbox):
    """Opens signed-in pages of a size and colour scheme; fails on any error of a script."""
    address, installation = inbox
    contexts = []

    def page(width=1280, height=800, scheme="light"):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(8000)
        errors = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("console", lambda told: told.type == "error" and errors.append(told.text))
        opened.errors = errors
        link = installation.access.create_link("Mara Lind", Role.ADMIN)
        opened.goto(f"{address}/sign-in?link={link}")
        opened.get_by_role("button", name="Sign in").click()
        opened.wait_for_selector(".row")
        return opened

    yield page
    for context in contexts:
        context.close()
