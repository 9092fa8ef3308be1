"""A real browser for tests of the report, Chromium or Chrome, with the network off."""

import os
import shutil
from contextlib import contextmanager

# Milliseconds that a browser may take for anything on a machine that is busy with other work.
PATIENCE = 120_000
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found():
    """Path of a browser, or None; TAUTNET_BROWSER names another one."""
    named = os.environ.get("TAUTNET_BROWSER")
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def launched():
    """A running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Inside a container there is nothing that a sandbox could be made of.
        browser = playwright.chromium.launch(
            executable_path=found(), args=["--no-sandbox"], timeout=PATIENCE
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser, file, *, width=1280, height=900, scheme="light", scale=1):
    """A page of a file.

    Its ``asked`` and ``complaints`` hold what it asked for and what went wrong.
    """
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        offline=True,
        device_scale_factor=scale,
    )
    context.set_default_timeout(PATIENCE)
    try:
        page = context.new_page()
        page.asked = []
        page.complaints = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))

        def complain(dialog):
            page.complaints.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", complain)
        page.goto(file.as_uri())
        yield page
    finally:
        context.close()
