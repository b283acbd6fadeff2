"""`watcher source test URL`: what an administrator reads before an address is registered."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from watcher.cli.main import main
from watcher.settings import load_sources

ROOT = Path(__file__).resolve().parents[2]
HTML = {"Content-Type": "text/html; charset=utf-8"}
Reply = tuple[int, dict[str, str], str | bytes]
Page = Callable[[int, dict[str, str]], Reply]

PROSE = "".join(
    f"<p>Paragraph {number}: Kazakhstan has not joined the Mine Ban Treaty and reports on its stockpile of "
    f"anti-personnel mines in its voluntary report, page {number}.</p>"
    for number in range(12)
)
FURNITURE = "<nav><ul>" + "".join(f"<li><a href=/{n}>Section number {n}</a></li>" for n in range(9)) + "</ul></nav>"


def document(inside: str = "", *, title: str = "Country page: Kazakhstan", prose: str = PROSE) -> str:
    """A page with navigation, a main part and what a test puts below it."""
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title></head><body>{FURNITURE}'
        f'<main id="content"><h1>Kazakhstan</h1>{prose}</main>{inside}<footer>Ministry of Tests</footer></body></html>'
    )


def always(body: str | bytes, status: int = 200, **headers: str) -> Page:
    """The same answer each time. Header names are written with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _count, _asked: (status, {**HTML, **named}, body)


class Host:
    """A server whose pages are functions of how often they were asked and of the request's headers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def put(self, path: str, page: Page) -> str:
        """Set a page; its address."""
        self.pages[path] = page
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def host() -> Iterator[Host]:
    """A host on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {name.lower(): value for name, value in self.headers.items()}
            count = sum(path == self.path for path, _ in described.asked)
            described.asked.append((self.path, asked))
            page = described.pages.get(self.path, always("not here", 404))
            status, headers, body = page(count, asked)
            content = body.encode() if isinstance(body, str) else body
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if status != 304:
                self.wfile.write(content)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    described = Host(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield described
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """`watcher source test …` in an empty folder, before any instance was made: (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHER_CONFIG", str(ROOT / "config"))
    monkeypatch.setenv("WATCHER_FETCH__INTRANET", "127.0.0.0/8")
    monkeypatch.setenv("WATCHER_FETCH__GAP_SECONDS", "0")
    monkeypatch.setenv("WATCHER_FETCH__DEADLINE_SECONDS", "20")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["watcher", "source", "test", "--pause", "0.05", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


@pytest.fixture
def find(ask: Any) -> Any:
    """The same as JSON: (exit code, what was found)."""

    def call(*arguments: str) -> tuple[int, dict[str, Any]]:
        code, out, err = ask("--json", *arguments)
        assert err == ""
        return code, json.loads(out)

    return call


def small_pdf(text: str) -> bytes:
    """One page with one line of text."""
    stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"%PDF-1.4\n"
    offsets = []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(body),
    )


CYRILLIC = "<p>Казахстан не присоединился к Конвенции о запрещении противопехотных мин.</p>"
UNNAMED = {"Content_Type": "text/html"}


@pytest.mark.parametrize(
    ("head", "codec", "headers", "said"),
    [
        ("<meta charset=utf-8>", "utf-8", UNNAMED, "utf-8, from the page's meta element"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
            "cp1251",
            UNNAMED,
            "cp1251, from the page's meta element (windows-1251)",
        ),
        (
            "",
            "utf-8-sig",
            UNNAMED,
            "utf-8-sig, from the byte order mark; neither the HTTP header nor the page names one",
        ),
        ("", "utf-8", UNNAMED, "utf-8, as the bytes are valid UTF-8; neither the HTTP header nor the page names one"),
        ("", "cp1251", UNNAMED, "cp1251, GUESSED from the bytes; neither the HTTP header nor the page names one"),
        (
            "<meta charset=koi8-r>",
            "cp1251",
            {"Content_Type": "text/html; charset=windows-1251"},
            "cp1251, from the HTTP header (windows-1251); the page's meta element says koi8-r",
        ),
    ],
)
def test_the_charset_is_said_with_where_it_is_from(
    ask: Any, host: Host, head: str, codec: str, headers: dict[str, str], said: str
) -> None:
    page = document(prose=CYRILLIC * 12).replace("<title>", f"{head}<title>").encode(codec)
    _, out, _ = ask(host.put("/kaz", always(page, **headers)))
    assert f"charset       {said}\n" in out


def test_where_the_charset_is_from_is_in_the_json_too(find: Any, host: Host) -> None:
    page = document().replace("<title>", "<meta charset=utf-8><title>")
    _, found = find(host.put("/kaz", always(page, **UNNAMED)))
    read = found["first_read"]
    assert (read["declared_charset"], read["charset_declared_in_document"]) == (None, "utf-8")
    assert (read["used_charset"], read["charset_from"]) == ("utf-8", "meta element")


def test_a_stable_page_can_be_watched_and_nothing_is_left_behind(ask: Any, host: Host, tmp_path: Path) -> None:
    def page(_count: int, asked: dict[str, str]) -> Reply:
        if asked.get("if-none-match") == '"one"':
            return 304, {"ETag": '"one"'}, ""
        return 200, {**HTML, "ETag": '"one"', "Last-Modified": "Fri, 01 May 2026 10:00:00 GMT"}, document()

    code, out, err = ask(host.put("/kaz", page))
    assert (code, err) == (0, "")
    for line in (
        "robots.txt    allows it: there is none (404), so all is allowed; no Crawl-delay",
        f"asked         http://127.0.0.1:{host.port}/kaz answered 200 from 127.0.0.1:{host.port}, not encrypted",
        "type          text/html as the server says, and its bytes agree",
        "charset       utf-8, from the HTTP header",
        "title         Country page: Kazakhstan",
        "language      en",
        "read twice    0.05 s apart: the same bytes",
        "if unchanged  304 Not Modified: an unchanged page costs little",
        "its server says that it changed last on 1 May 2026",
        "quality       good",
        "select        main   (100% of the text, no navigation in it)",
    ):
        assert line in out
    assert list(tmp_path.iterdir()) == []


def test_the_yaml_at_the_end_can_be_applied(ask: Any, host: Host, tmp_path: Path) -> None:
    title = 'It\'s "here": Kazakhstan #1 & more'
    url = host.put("/kaz?x=1&y=2", always(document(title=title)))
    _, out, _ = ask(url, "--select", "main > p", "--select", "h1", "--browser")
    (tmp_path / "new.yaml").write_text(out[out.index("sources:\n") :])
    registered, problems = load_sources(tmp_path / "new.yaml")
    assert problems == []
    definition = registered[0].definition
    assert registered[0].source_id == "it-s-here-kazakhstan-1-more"
    assert (definition.url, definition.title, definition.browser) == (url, title, True)
    assert definition.select == ("main > p", "h1")


def test_a_counter_is_shown_and_its_remove_rule_makes_the_page_stable(ask: Any, find: Any, host: Host) -> None:
    def page(count: int, _asked: dict[str, str]) -> Reply:
        return 200, HTML, document(f'<div class="stats"><p id="seen">Our readers so far today: {900 + count}</p></div>')

    url = host.put("/counter", page)
    code, out, _ = ask(url)
    assert code == 0
    assert "DIFFERENT in 1 Block; a monitor would be told" in out
    assert "- Our readers so far today: 900" in out
    assert "+ Our readers so far today: 901" in out
    assert "remove        #seen   (differs from read to read; 29 characters)" in out
    assert 'remove: ["#seen"]' in out
    code, found = find(url, "--remove", "#seen")
    assert code == 0
    assert (found["stability"]["same_bytes"], found["stability"]["same_text"]) == (False, True)
    assert found["suggestions"]["remove"] == []


def test_a_value_inside_a_statement_is_removed_without_the_statement(find: Any, host: Host) -> None:
    def page(count: int, _asked: dict[str, str]) -> Reply:
        statement = PROSE[3:200].partition("</p>")[0] * 2
        return 200, HTML, document(f'<p id="said">{statement} <span class="rate">{count} of ten</span></p>')

    _, found = find(host.put("/rate", page))
    assert [each["selector"] for each in found["suggestions"]["remove"]] == ["span.rate"]


def test_a_difference_without_a_lasting_name_gets_no_selector_by_number(find: Any, host: Host) -> None:
    url = host.put("/plain", lambda count, _: (200, HTML, document(f"<p>Word number {count} of the day is new</p>")))
    code, found = find(url)
    assert code == 0
    assert found["stability"]["told"]
    assert found["suggestions"]["remove"] == []
    assert any("No lasting selector was found" in remark for remark in found["remarks"])


def test_a_clock_that_is_taken_as_noise_gets_no_rule_in_the_yaml(find: Any, host: Host) -> None:
    def page(count: int, _asked: dict[str, str]) -> Reply:
        return 200, HTML, document(f'<p id="clock">Page generated on 3 May 2026 at 10:00:{10 + count}</p>')

    _, found = find(host.put("/clock", page))
    assert (found["stability"]["same_text"], found["stability"]["told"]) == (False, False)
    assert "remove" not in found["yaml"]


def test_a_login_page_would_be_held(ask: Any, host: Host) -> None:
    form = "<form><input name=user><input type=password name=word><button>Sign in</button></form>"
    code, out, _ = ask(host.put("/login", always(f"<title>Sign in</title><h1>Sign in</h1>{form}")))
    assert code == 1
    assert "It cannot be watched as it is: it would be held as login: a password field under a login title" in out
    assert "name them in `credentials`" in out
    assert "sources:" not in out


def test_a_disallowed_page_is_not_fetched_and_the_line_is_named(ask: Any, host: Host) -> None:
    robots = "# ours\nUser-agent: *\nDisallow: /a\nDisallow: /a/b\nAllow: /c\n\nUser-agent: other\nDisallow: /\n"
    host.put("/robots.txt", always(robots))
    code, out, _ = ask(host.put("/a/b/kaz", always(document())))
    assert code == 1
    assert 'disallows it by line 4, "Disallow: /a/b", which speaks to every robot. Ask the site\'s keeper' in out
    assert [path for path, _ in host.asked] == ["/robots.txt"]


def test_a_rule_for_watcher_by_name_is_told_as_such(ask: Any, host: Host) -> None:
    host.put("/robots.txt", always("User-agent: *\nDisallow: /kaz\n\nUser-agent: watcher\nDisallow: /k\n"))
    assert 'line 5, "Disallow: /k", which speaks to watcher by name' in ask(host.put("/kaz", always(document())))[1]


def test_robots_that_cannot_be_read_allow_nothing(ask: Any, host: Host) -> None:
    host.put("/robots.txt", always("busy", 503))
    code, out, _ = ask(host.put("/kaz", always(document())))
    assert code == 1
    assert "robots.txt    cannot be read, so nothing of this host may be fetched" in out
    assert "/kaz" not in [path for path, _ in host.asked]


def test_a_long_crawl_delay_is_obeyed_by_reading_once(ask: Any, host: Host) -> None:
    host.put("/robots.txt", always("User-agent: *\nCrawl-delay: 120\n"))
    code, out, _ = ask(host.put("/kaz", always(document())))
    assert code == 0
    assert [path for path, _ in host.asked] == ["/robots.txt", "/kaz"]
    assert "read twice    no: robots.txt asks for 120 s between two requests" in out
    assert "every         6h" in out


def test_each_hop_of_a_redirect_is_shown(ask: Any, find: Any, host: Host) -> None:
    url = host.put("/one", always("", 301, Location="/two"))
    host.put("/two", always("", 308, Location="/three"))
    last = host.put("/three", always(document()))
    code, out, _ = ask(url)
    assert code == 0
    assert f"asked         1. {url} answered 301 from 127.0.0.1:{host.port}, not encrypted" in out
    assert "2. http" in out
    assert f"3. {last} answered 200" in out
    assert f"It moved for good: {last} is the address to register." in out
    assert f'url: "{last}"' in out
    host.put("/three", always(document(), ETag='"one"'))
    found = find(url)[1]["conditional"]
    assert found == {"support": "not_offered", "reason": "it leads to another address, so each check reads it all"}
    host.put("/one", always("", 302, Location="/two"))
    assert f"It is redirected to {last} at each check." in find(url)[1]["remarks"]


def test_061_a_pdf_served_as_html_is_flagged_and_read(ask: Any, host: Host) -> None:
    pdf = small_pdf("Kazakhstan has not joined the Mine Ban Treaty and says why in this letter.")
    code, out, _ = ask(host.put("/letter", always(pdf)))
    assert code == 0
    assert "MISMATCH: the server says text/html, its bytes are application/pdf" in out
    assert "it is read as that" in out


def test_055_a_page_written_by_scripts_is_named_as_such(ask: Any, host: Host) -> None:
    page = "<title>App</title><div id=root></div><script src=app.js></script>"
    code, out, _ = ask(host.put("/app", always(page)))
    assert code == 1
    assert "it would be held as no text" in out
    assert "Its text seems to be written by scripts: try again with --browser." in out


def test_an_unreachable_host_is_named(ask: Any) -> None:
    code, out, _ = ask("http://127.0.0.1:9/kaz")
    assert code == 1
    assert "http://127.0.0.1:9/robots.txt could not be reached" in out


def test_an_error_page_is_not_watched(ask: Any, host: Host) -> None:
    code, out, _ = ask(host.put("/gone", always("gone", 410)))
    assert code == 1
    assert f"It cannot be watched as it is: http://127.0.0.1:{host.port}/gone answered 410" in out


def test_a_second_read_that_fails_stands_in_the_way(ask: Any, host: Host) -> None:
    url = host.put("/limit", lambda count, _: (200, HTML, document()) if count == 0 else (429, HTML, "slow down"))
    code, out, _ = ask(url)
    assert code == 1
    assert "the second read failed" in out
    assert "429" in out


def test_an_etag_that_stays_while_the_bytes_differ_is_a_lie(find: Any, host: Host) -> None:
    def page(count: int, _asked: dict[str, str]) -> Reply:
        return 200, {**HTML, "ETag": '"same"'}, document(f"<p id=x>Statement number {count}</p>")

    _, found = find(host.put("/etag", page))
    assert found["conditional"]["support"] == "lies"
    assert '"same"' in found["conditional"]["reason"]


def test_a_server_that_always_says_304_is_caught(find: Any, host: Host) -> None:
    def page(_count: int, asked: dict[str, str]) -> Reply:
        if "if-none-match" in asked:
            return 304, {}, ""
        return 200, {**HTML, "ETag": '"one"'}, document()

    _, found = find(host.put("/etag", page))
    assert found["conditional"]["support"] == "lies"


@pytest.mark.parametrize(
    ("headers", "support"), [({}, "not_offered"), ({"Last-Modified": "Fri, 01 May 2026 10:00:00 GMT"}, "ignored")]
)
def test_a_server_without_conditional_requests_is_named(
    find: Any, host: Host, headers: dict[str, str], support: str
) -> None:
    url = host.put("/plain", lambda _count, _asked: (200, {**HTML, **headers}, document()))
    assert find(url)[1]["conditional"]["support"] == support


def test_a_sitemap_dates_a_page_whose_server_does_not(find: Any, host: Host) -> None:
    url = host.put("/kaz", always(document()))
    entries = f"<url><loc>{url}</loc><lastmod>2019-03-01</lastmod></url>"
    host.put("/map.xml", always(f"<urlset>{entries}</urlset>", Content_Type="application/xml"))
    host.put("/robots.txt", always(f"User-agent: *\nAllow: /\nSitemap: http://127.0.0.1:{host.port}/map.xml\n"))
    suggestions = find(url)[1]["suggestions"]
    assert suggestions["every"] == "1d"
    assert "the sitemap says that it changed last on 1 March 2019" in suggestions["every_because"][0]


def test_caches_and_feeds_are_told(find: Any, host: Host) -> None:
    feed = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    page = document().replace("</head>", f"{feed}</head>")
    _, found = find(host.put("/kaz", always(page, Cache_Control="public, max-age=40000")))
    assert found["suggestions"]["every"] == "12h"
    assert "lets caches keep it for 11 hours" in found["suggestions"]["every_because"][-1]
    assert found["feeds"] == ["/feed.xml"]


def test_081_a_selector_that_is_not_css_is_refused(ask: Any, host: Host) -> None:
    code, out, err = ask(host.put("/kaz", always(document())), "--select", "p[")
    assert (code, out) == (2, "")
    assert "'p[' is not a CSS selector" in err


def test_080_a_selector_that_matches_nothing_stands_in_the_way(ask: Any, host: Host) -> None:
    code, out, _ = ask(host.put("/kaz", always(document())), "--select", "#nowhere")
    assert code == 1
    assert "the select rule '#nowhere' matched nothing" in out


@pytest.mark.parametrize("url", ["ftp://example.org/", "https://user:hunter2@example.org/"])
def test_an_address_that_cannot_be_registered_cannot_be_tried(ask: Any, url: str) -> None:
    code, out, err = ask(url)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "hunter2" not in err


def test_control_characters_of_a_page_are_shown_as_such(ask: Any, host: Host) -> None:
    _, out, _ = ask(host.put("/kaz", always(document(title="Kaz\x1b[31m red\x07 \u202e turned"))))
    assert "title         Kaz\\x1b[31m red\\x07 \\x202e turned" in out


VOTES = "".join(
    f"<tr><{cell}>{number}</{cell}><{cell}>{name}</{cell}></tr>"
    for cell, number, name in (("th", "No.", "Country"), ("td", "1", "Chad"), ("td", "2", "Peru"))
)


def test_a_key_column_that_the_page_does_not_have_is_said_with_those_that_it_has(ask: Any, host: Host) -> None:
    address = host.put("/votes", always(document(f"<table>{VOTES}</table>")))
    code, out, _ = ask(address, "--key-column", "Land")
    assert code == 0
    assert 'Key column "Land": no table of the page has it. The columns are "No.", "Country".' in out
    assert "Key column" not in ask(address, "--key-column", "country")[1]
