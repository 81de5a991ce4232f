"""The page in a browser, watched for what it must never do."""

import re
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=30_000)

CHROMIUM = "/usr/bin/chromium"

# Chromium reports each request that is refused or broken off; where a test refuses or breaks, it says so.
NETWORK = re.compile(r"Failed to load resource|net::ERR_")


class Visit:
    """A browser with nothing remembered, and one page in it."""

    def __init__(self, context, service):
        self.context, self.service = context, service
        self.complaints, self.may_lose_requests = [], False
        self.patches = []
        # CSP violations are told by the document, even where nothing else shows them.
        context.expose_binding("complain", lambda _, text: self.complaints.append(f"CSP: {text}"))
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " event => complain(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))")
        context.on("request", self._look_at)
        self.page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _look_at(self, request):
        address = urlsplit(request.url)
        if address.scheme not in ("blob", "data") and f"{address.scheme}://{address.netloc}" != self.service.address:
            self.complaints.append(f"a request of {request.url}")
        if "upload-offset" in request.headers:
            self.patches.append(int(request.headers["upload-offset"]))

    def _hear(self, message):
        if message.type not in ("error", "warning") or (self.may_lose_requests and NETWORK.search(message.text)):
            return
        self.complaints.append(f"console: {message.text}")

    # What people do

    def open(self, part=""):
        self.page.goto(f"{self.service.address}/#/{part}")

    def log_in(self, email, password, labels=("Email", "Password")):
        self.page.get_by_label(labels[0]).fill(email)
        self.page.get_by_label(labels[1]).fill(password)
        self.page.keyboard.press("Enter")

    def enter(self, email, password, part="", labels=("Email", "Password")):
        self.open(part)
        self.log_in(email, password, labels)
        expect(self.page.locator("#login")).to_have_count(0)
        expect(self.page.locator(".note [data-t=loading]")).to_have_count(0)

    def choose(self, *paths):
        self.page.set_input_files("#files", list(paths))

    def job(self, name, state=None):
        rows = self.page.locator(f".job{f'[data-state={state}]' if state else ''}")
        return rows.filter(has=self.page.get_by_role("heading", name=name, exact=True))

    def upload(self, name):
        return self.page.locator(".upload").filter(has=self.page.get_by_text(name, exact=True))

    def client(self):
        """Another client with the page's login: a function of method, path and body."""
        token = self.page.evaluate("localStorage.getItem('mp3spool.token')")
        return lambda method, path, body=None: self.service.request(method, path, body, Authorization=f"Bearer {token}")

    def slow_down(self, bytes_per_second):
        """Uploads no faster than that; 0: as fast as may be."""
        session = self.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", {
            "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second or -1})


@contextmanager
def visits(service, **wishes):
    """Makes visits; at the end none may have given cause for complaint."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"])
        made = []

        def visit(**more):
            settings = dict(viewport=dict(width=1280, height=800), locale="en-GB", timezone_id="UTC",
                            permissions=["clipboard-read", "clipboard-write"])
            made.append(Visit(browser.new_context(**{**settings, **wishes, **more}), service))
            return made[-1]

        yield visit
        complaints = [complaint for one in made for complaint in one.complaints]
        assert not complaints, "\n".join(complaints)
        browser.close()
