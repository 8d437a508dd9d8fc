"""One person with a browser. What the pages ask of the network and complain about is kept and judged."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final, Literal
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Page, Request, Response

Lang = Literal["zh", "en"]
LOCALES: Final[dict[Lang, str]] = {"zh": "zh-CN", "en": "en-GB"}
PHONE: Final = (390, 664)
"""An ordinary phone with the bars of its browser."""
DESK: Final = (1280, 800)
NARROW: Final = (320, 568)
"""The narrowest phone in use; also 1280 px at 400 % (WCAG 1.4.10)."""

_COMPLAINTS: Final = frozenset({"error", "warning"})

_GLYPHS: Final = """async () => {
  await document.fonts.ready;
  const faces = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("script, style")) continue;
    const family = getComputedStyle(node.parentElement).fontFamily;
    for (const character of node.data)
      if (character.trim()) faces.set(character + family, [character, family]);
  }
  const canvas = Object.assign(document.createElement("canvas"), {width: 32, height: 32});
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  const draw = (character, family) => {
    pen.clearRect(0, 0, 32, 32);
    pen.font = "22px " + family;
    pen.fillText(character, 4, 24);
    return pen.getImageData(0, 0, 32, 32).data.join();
  };
  const blank = draw(" ", "serif");
  // Nobody has a glyph for this one, so it is drawn as the box that a missing glyph leaves.
  const boxes = new Map();
  const box = family => {
    if (!boxes.has(family)) boxes.set(family, draw("\\u{10FFFD}", family));
    return boxes.get(family);
  };
  const bad = [];
  for (const [character, family] of faces.values()) {
    const drawn = draw(character, family);
    if (drawn === blank || drawn === box(family)) bad.push(character);
  }
  return {bad: bad, drawn: [...faces.values()].map(pair => pair[0])};
}"""


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@dataclass(kw_only=True)
class Visitor:
    """One window of one person."""

    context: BrowserContext
    url: str
    lang: Lang
    page: Page = field(init=False)
    _tools: CDPSession = field(init=False)
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """What the console said, scripts threw and parts failed to load."""

    def __post_init__(self) -> None:
        """Open the window and listen."""
        self.page = self.context.new_page()
        # Kept open: what was set through it would be taken back with its end.
        self._tools = self.context.new_cdp_session(self.page)
        self.page.on("request", self._note_request)
        self.page.on("response", self._note_response)
        self.page.on("requestfailed", self._note_failure)
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, path: str, **query: str) -> int:
        """Open an address in the person's language by Accept-Language; returns the HTTP status."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        answer = self.page.goto(f"{self.url}{path}" + (f"?{asked}" if asked else ""))
        assert answer is not None
        return answer.status

    def upload(self, file: bytes, name: str = "证书.pdf", kind: str = "application/pdf") -> None:
        """Choose *file* on the verify page and send it."""
        self.page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": file})
        self.send("#file")

    def send(self, one: str) -> None:
        """Press the button of the form that has the field *one*."""
        with self.page.expect_navigation():
            self.page.click(f"form:has({one}) button")

    def resize(self, size: tuple[int, int]) -> None:
        """Take another screen."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    @property
    def opened(self) -> list[str]:
        """The pages asked for so far, by path."""
        pages = [request for request in self.requests if request.is_navigation_request()]
        return [urlsplit(request.url).path for request in pages]

    @property
    def words(self) -> str:
        """Everything the page says."""
        return self.page.inner_text("body")

    @property
    def verdict(self) -> str:
        """The one heading."""
        return self.page.inner_text("h1")

    @property
    def overflow(self) -> int:
        """How many pixels the page can be pushed sideways."""
        return int(
            self.page.evaluate(
                "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
            )
        )

    def boxes(self) -> tuple[list[str], int]:
        """Return the characters of the page that are drawn as boxes or not at all, and how many there are."""
        seen = self.page.evaluate(_GLYPHS)
        return list(seen["bad"]), len(seen["drawn"])

    def strange_fonts(self) -> set[str]:
        """Return the fonts not ours that any text of the page is set in."""
        browser = self._tools
        browser.send("DOM.enable")
        browser.send("CSS.enable")
        nodes = browser.send("DOM.getFlattenedDocument", {"depth": -1})["nodes"]
        texts = {node["parentId"] for node in nodes if node["nodeType"] == 3 and node["nodeValue"].strip()}
        used = [
            font
            for node in texts
            for font in browser.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        ]
        browser.send("CSS.disable")
        assert used, "no text was set at all"
        return {font["familyName"] for font in used if not font["isCustomFont"]}

    def enlarge_letters(self, factor: int) -> None:
        """Set the letters larger, as a person does in the settings of the browser."""
        sizes = {"standard": 16 * factor, "fixed": 13 * factor}
        self._tools.send("Page.setFontSizes", {"fontSizes": sizes})
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        size = self.page.evaluate("getComputedStyle(document.documentElement).fontSize")
        assert size == f"{16 * factor}px"

    def ask_axe(self, *, without: tuple[str, ...] = ()) -> list[str]:
        """Return what axe finds against the page, one line for each rule."""
        # Evaluated from outside, as a developer's console does: the page's own policy forbids scripts.
        self.page.evaluate(_axe())
        options = {"preload": False, "rules": {"target-size": {"enabled": True}}}
        scope = {"exclude": [[one] for one in without]}
        found = self.page.evaluate(f"axe.run({json.dumps(scope)}, {json.dumps(options)})")
        assert found["passes"], "axe looked at nothing"
        return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]

    def check_peace(self) -> None:
        """Demand that nothing but this server was asked and that nothing complained."""
        asked = [request.url for request in self.requests]
        assert asked
        strangers = [one for one in asked if not one.startswith((f"{self.url}/", "data:"))]
        assert strangers == []
        assert self.complaints == []

    def _note_request(self, request: Request) -> None:
        self.requests.append(request)

    def _note_failure(self, request: Request) -> None:
        # Whoever leaves a page before its icon is there has not been refused anything.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.failure}: {request.url[:80]}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.complaints.append(f"{response.status}: {response.url}")

    def _note_console(self, message: ConsoleMessage) -> None:
        # The console repeats that a page is a 404, 422 or 503; parts of a page are noted by themselves.
        if message.type in _COMPLAINTS and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)
