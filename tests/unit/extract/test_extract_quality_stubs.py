"""The quality gate on pages that only send on, hold frames, wait for scripts, or broke; and on very short documents."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from watcher.errors import ExtractError
from watcher.extract import SCRIPT_SHELL, Quality, QualityVerdict, extract, judge_quality
from watcher.model.document import Document

URL = "https://mfa.example/documents/treaty"
SENTENCE = "The Government has destroyed the stock of mines that it declared in {}. "
SOME = "".join(f"<p>{SENTENCE.format(year)}</p>" for year in range(2005, 2026))
LONG = "".join(f"<p>{SENTENCE.format(year)}</p>" for year in range(1960, 2026))


def read(payload: bytes, media_type: str = "text/html") -> Document:
    """The Document of a payload; one without Blocks where there is no text."""
    try:
        return extract(payload, media_type=media_type, charset="utf-8")
    except ExtractError as error:
        if error.code != "no_text":
            raise
    return Document(title="", blocks=(), media_type=media_type, charset=None, extractor="html", extractor_version=1)


def judge(
    source: str, *, last_good: Document | None = None, framed: bool = True, media_type: str = "text/html"
) -> QualityVerdict:
    payload = source.encode()
    return judge_quality(payload, read(payload, media_type), url=URL, framed=framed, last_good=last_good)


def page(body: str, head: str = "", title: str = "Ministry") -> str:
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


def refresh(content: str) -> str:
    return f'<meta http-equiv="Refresh" content="{content}">'


OTHER = "https://mfa.example/en/treaty"
REDIRECTS = {
    "refresh": page("<p>Please wait.</p>", refresh("0; url=/en/treaty")),
    "refresh, quoted": page("<p>One moment</p>", refresh("3;URL='https://mfa.example/en/treaty'")),
    "refresh, bare": page("<p>One moment</p>", "<META CONTENT=0;URL=../en/treaty HTTP-EQUIV=REFRESH>"),
    "refresh without any text": page("", refresh("0; url=/en/treaty")),
    "refresh with an escaped address": page("<p>.</p>", refresh("0; url=/en&#x2F;treaty")),
    "script": page("<p>Ministry</p><script>window.location.href = '/en/treaty';</script>"),
    "script without any text": page("<script>location.replace('/en/treaty')</script>"),
    "script after a while": page(
        "<p>Please go to our new pages.</p>"
        "<script>setTimeout(function() { window.location = '/en/treaty'; }, 3000);</script>"
    ),
    "script in words": page("<script>setTimeout(\"location.href='/en/treaty'\", 500)</script><p>Wait</p>"),
    "script on load": page(
        "<script>window.onload = function () { top.location.assign('/en/treaty') }</script><p>.</p>"
    ),
    "body on load": f"<html><body onload=\"document.location='{OTHER}'\"><p>Portal</p></body></html>",
    "words with a link": page(
        "<h1>Redirecting...</h1><p>You should be redirected automatically to the target URL: "
        f"<a href='{OTHER}'>{OTHER}</a>. If not, click the link.</p>"
    ),
    "words of a server": page(f"<h1>Object Moved</h1>This document may be found <a href='{OTHER}'>here</a>"),
    "words of a framework": f"<p>Found. Redirecting to <a href='{OTHER}'>{OTHER}</a></p>",
    "words in French": page(
        f"<p>Vous allez être redirigé vers le nouveau site. <a href='{OTHER}'>Continuer</a></p>", title="Ministère"
    ),
    "words in Spanish": page(f"<p>Será redirigido a la nueva página: <a href='{OTHER}'>seguir</a></p>"),
    "words in Russian": page(f"<p>Если перенаправление не сработало, нажмите <a href='{OTHER}'>сюда</a></p>"),
    "words in Arabic": page(f"<p>جاري تحويلك إلى الموقع <a href='{OTHER}'>الجديد</a></p>"),
}

STAYS = {
    "reload of the same address": page("<p>Threat level: substantial</p>", refresh(f"0; url={URL}")),
    "reload without an address": page("<p>Threat level: substantial</p>", refresh("300")),
    "reload at a mark": page("<p>Threat level: substantial</p>", refresh("5; url=#top")),
    "display board": page("<p>Threat level: substantial</p>", refresh("60; url=/board/2")),
    "refresh for readers without scripts": page(
        "<p>Threat level: substantial</p>", f"<noscript>{refresh('0; url=/plain')}</noscript>"
    ),
    "refresh in a comment": page("<p>Threat level: substantial</p>", f"<!-- {refresh('0; url=/old')} -->"),
    "refresh in a script": page(
        "<p>Threat level: substantial</p>", f"<script>var x = '{refresh('0; url=/mobile')}'</script>"
    ),
    "refresh on a page with much text": page(LONG, refresh("0; url=/en/treaty")),
    "refresh on a page with some text": page(SOME, refresh("0; url=/en/treaty")),
    "script on a click": page(
        "<p>Threat level: substantial</p><script>function go() { location.href = '/search'; }</script>"
    ),
    "script under a condition": page(
        "<p>Threat level: substantial</p><script>if (screen.width < 600) location.href = 'https://m.mfa.example/';</script>"
    ),
    "script under a short condition": page(
        "<p>Threat level: substantial</p><script>top == self || (location.href = '/frame');</script>"
    ),
    "script at the end of a session": page(
        "<p>Threat level: substantial</p><script>setTimeout(\"location.href='/out'\", 900000)</script>"
    ),
    "script that goes to a mark": page("<p>Threat level: substantial</p><script>location.hash = '/p2';</script>"),
    "script on a page with some text": page(f"{SOME}<script>location.href = '/en/treaty';</script>"),
    "words on a page with some text": page(f"{SOME}<p>You are being redirected.</p>"),
    "variable of that name": page("<p>Threat level: substantial</p><script>var location = 'Geneva';</script>"),
    "script on a page with much text": page(f"{LONG}<script>location.href = '/en/treaty';</script>"),
    "document on a moved office": page("<p>The embassy has moved to 5 Lake Street. The telephone stays.</p>"),
    "document on funds": page("<h1>Redirection of funds</h1><p>Money was redirected to victim assistance in 2024.</p>"),
}

FRAMESET = (
    "<html><head><title>Ministry</title></head><frameset cols='20%,80%'><frame src='menu.html'>"
    "<frame src='/texts/main.html' name=main>{}</frameset></html>"
)

SHELLS = {
    "application": page("<div id=root></div><script src=/app.js></script>"),
    "application with a request in noscript": page(
        "<noscript>You need to enable JavaScript to run this app.</noscript><div id='root'></div>"
        "<script src=a.js></script>"
    ),
    "scripts only": page("<script>document.write(x)</script>"),
    "loading": page("<p>Loading...</p><script src=/app.js></script>"),
    "header above an empty element": page('<p>Ministry</p><div id="__next"><!-- --></div><script src=/a.js></script>'),
    "component": page("<p>Ministry</p><app-root></app-root><script src=/main.js type=module></script>"),
}

BROKEN = {
    "PHP": page(
        "<br><b>Fatal error</b>: Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in "
        "/var/www/html/db.php:12 Stack trace: #0 {main} thrown in <b>/var/www/html/db.php</b> on line <b>12</b>"
    ),
    "PHP after the opening of the page": page(
        f"<h1>Treaty</h1>{LONG[:1200]}<p>Fatal error: Call to undefined function get_text() in /srv/page.php "
        "on line 7</p>"
    ),
    "PHP memory": page("Fatal error: Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)"),
    "database": page("<p>Database connection failed: Access refused for user 'web'@'localhost'</p>"),
    "database, bare": "Could not connect to database",
    "ASP.NET": page(
        "<h1>Server Error in '/' Application.</h1><h2><i>Runtime Error</i></h2><p>Description: An application error "
        "occurred on the server. The details cannot be viewed remotely.</p>",
        title="Runtime Error",
    ),
    "ASP.NET trace": page(
        "<h2>Object reference not set to an instance of an object.</h2><pre>   at Treaty.Page_Load(Object sender)\n"
        "   at System.Web.UI.Control.LoadRecursive()</pre>"
    ),
    "IIS": page(
        "<h1>HTTP Error 500.19 - Internal Server Error</h1><p>The requested page cannot be accessed because the "
        "related configuration data for the page is invalid.</p>",
        title="IIS 10.0 Detailed Error - 500.19 - Internal Server Error",
    ),
    "ADO": page("<p>Microsoft OLE DB Provider for SQL Server error '80004005' Timeout expired /treaty.asp, line 8</p>"),
    "Tomcat": page(
        "<h1>HTTP Status 500 – Internal Server Error</h1><p>Type Exception Report</p>", title="HTTP Status 500"
    ),
    "Java": page("<pre>java.lang.NullPointerException\n\tat org.portal.View.render(View.java:42)</pre>"),
    "Python": page(
        "<pre>Traceback (most recent call last):\n  File &quot;/srv/app.py&quot;, line 3\nKeyError: 'id'</pre>"
    ),
    "WordPress": page("<p>There has been a critical error on this website.</p>"),
    "Drupal": "The website encountered an unexpected error. Please try again later.",
    "Rails": page("<h1>We're sorry, but something went wrong.</h1><p>The logs say more.</p>"),
    "French": page("<p>Erreur de connexion à la base de données</p>"),
    "Spanish": page("<p>Ha ocurrido un error inesperado. Intente de nuevo.</p>"),
    "Russian": page("<p>Внутренняя ошибка сервера</p>"),
}

SHORT_DOCUMENTS = {
    "decree": page(
        "<h1>Decree No. 14</h1><p>1. The moratorium on the export of anti-personnel mines is extended until "
        "31 December 2027.</p>"
    ),
    "decree with a menu and scripts": page(
        "<nav><a href=/>Home</a><a href=/decrees>Decrees</a></nav><p>Decree No. 14: the moratorium on the export of "
        "mines is extended until 31 December 2027. The Minister of Defence reports each year.</p>"
        "<script>var menu = {open: false}; function go() { location.href = '/search'; }</script>"
        "<script src=/a.js></script>"
    ),
    "decree beside an empty element": page(
        "<p>Decree No. 14: the moratorium on the export of mines is extended until 31 December 2027, and it binds all "
        "agencies.</p><div id=app></div><script src=/chat.js></script>"
    ),
    "treaty table": page(
        "<table><tr><th>Participant</th><th>Signature</th><th>Ratification</th></tr>"
        "<tr><td>Kazakhstan</td><td></td><td></td></tr><tr><td>Norway</td><td>3 Dec 1997</td><td>9 Jul 1998</td></tr>"
        "<tr><td>Peru</td><td>3 Dec 1997</td><td>17 Jun 1998</td></tr></table>"
    ),
    "Arabic": page(
        "<h1>بيان</h1><p>تؤكد وزارة الخارجية التزامها بالاتفاقية، وتدعو إلى نزع الألغام.</p>", title="وزارة"
    ),
    "Chinese": page("<h1>声明</h1><p>外交部重申支持该公约的宗旨和目标。</p>", title="外交部"),
    "Chinese, one line": page("<p>第十四号法令自公布之日起施行。</p>", title=""),
    "note on a failure of state": page(
        "<p>The working group could not connect the two databases of victims in 2024.</p>"
    ),
    "note on software": page("<p>The supplier reports each fatal error of the detection software within a day.</p>"),
    "news of an exception": page("<h1>Exception for training</h1><p>Article 3 permits the retention of mines.</p>"),
    "embedded map beside a text": page("<p>Cleared areas in 2024</p><iframe src='https://maps.example/x'></iframe>"),
}


@pytest.mark.parametrize("name", REDIRECTS)
def test_027_a_page_that_only_sends_on_is_named_with_its_target(name: str) -> None:
    verdict = judge(REDIRECTS[name])
    assert verdict.quality is Quality.REDIRECT_STUB, verdict
    assert f"looks like a redirect page to {OTHER}" in verdict.reason


@pytest.mark.parametrize("name", STAYS)
def test_a_page_that_reloads_itself_or_sends_on_by_choice_stays_good(name: str) -> None:
    verdict = judge(STAYS[name])
    assert verdict.quality is Quality.GOOD, verdict


def test_027_a_redirect_page_without_a_single_target_is_quoted() -> None:
    verdict = judge(page("<p>You will be redirected in 5 seconds.</p>"))
    assert verdict.quality is Quality.REDIRECT_STUB
    assert "'you will be redirected in 5 seconds'" in verdict.reason


def test_a_script_that_sends_on_beside_many_others_decides_nothing() -> None:
    scripts = f"<script>var data = '{'x' * 3000}';</script><script>location.href = '/en/treaty';</script>"
    assert judge(page(f"<p>Threat level: substantial</p>{scripts}")).quality is Quality.GOOD


def test_a_page_of_frames_names_their_addresses() -> None:
    verdict = judge(FRAMESET.format(""))
    assert verdict.quality is Quality.NO_TEXT
    assert "watch https://mfa.example/documents/menu.html or https://mfa.example/texts/main.html" in verdict.reason


def test_a_page_of_frames_that_asks_for_another_browser_is_without_text() -> None:
    verdict = judge(FRAMESET.format("<noframes><body>Your browser shows no frames.</body></noframes>"))
    assert verdict.quality is Quality.NO_TEXT
    assert "texts/main.html" in verdict.reason


@pytest.mark.parametrize("text", [SOME, LONG])
def test_a_page_of_frames_that_says_all_without_them_is_good(text: str) -> None:
    assert judge(FRAMESET.format(f"<noframes><body>{text}</body></noframes>")).quality is Quality.GOOD


def test_a_page_that_only_embeds_another_names_it_and_no_counting_frame() -> None:
    hidden = "<iframe src=/count width=1 height=1></iframe><iframe src=/tags style='display:none'></iframe>"
    verdict = judge(page(f"<iframe src='https://docs.example/text'></iframe>{hidden}<script>x()</script>"))
    assert verdict.quality is Quality.NO_TEXT
    assert "the page only holds frames: watch https://docs.example/text instead" in verdict.reason


@pytest.mark.parametrize("name", SHELLS)
def test_055_a_page_that_waits_for_scripts_is_told_from_a_blank_one(name: str) -> None:
    verdict = judge(SHELLS[name])
    assert (verdict.quality, verdict.rule) == (Quality.NO_TEXT, SCRIPT_SHELL)


@pytest.mark.parametrize("source", [page(""), page("<p> </p>"), page("<div id=root></div>"), "   "])
def test_055_a_blank_page_is_without_text_and_not_blamed_on_scripts(source: str) -> None:
    verdict = judge(source)
    assert verdict.quality is Quality.NO_TEXT
    assert verdict.rule != SCRIPT_SHELL


@pytest.mark.parametrize("name", BROKEN)
def test_the_error_page_of_an_application_is_named_with_status_200(name: str) -> None:
    verdict = judge(BROKEN[name])
    assert verdict.quality in (Quality.SERVER_ERROR, Quality.MAINTENANCE), verdict


@pytest.mark.parametrize("name", SHORT_DOCUMENTS)
def test_a_short_document_is_good_at_the_first_check(name: str) -> None:
    verdict = judge(SHORT_DOCUMENTS[name])
    assert verdict.quality is Quality.GOOD, verdict


def test_the_title_of_a_wall_without_text_is_read() -> None:
    source = page("<script src=/check.js></script>", title="Just a moment...")
    assert read(source.encode()).blocks == ()
    assert judge(source).quality is Quality.BOT_WALL


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_040_a_text_that_lost_its_end_is_cut_short_unless_its_length_was_known(cut: float) -> None:
    whole = page(f"{LONG}<footer>Ministry of Defence</footer>")
    part = whole[: int(len(whole) * cut)]
    last_good = read(whole.encode())
    assert judge(part, last_good=last_good, framed=False).quality is Quality.CUT_SHORT
    assert judge(part, last_good=last_good, framed=True).quality is Quality.GOOD


def test_040_a_text_that_grew_and_lost_its_end_is_cut_short() -> None:
    last_good = read(page(LONG).encode())
    longer = page(LONG.replace("The Government", "The Government of the Republic"))
    kept = LONG[: LONG.index("<p>", 4000)]
    cut = f"<html><title>Ministry</title><p>{'New. ' * 400}</p>{kept}"
    assert len(read(cut.encode()).text) > len(last_good.text)
    assert judge(cut, last_good=last_good, framed=False).quality is Quality.CUT_SHORT
    assert judge(longer, last_good=last_good, framed=False).quality is Quality.GOOD


@pytest.mark.parametrize(
    "new",
    [
        LONG.replace("1980", "1981"),
        LONG[: LONG.index("<p>", 2000)] + LONG[LONG.index("<p>", 3000) :],
        LONG + "<p>The last stock went in 2026.</p>",
    ],
    ids=["edited", "shorter inside", "longer"],
)
def test_040_a_text_whose_end_is_there_is_good_without_a_known_length(new: str) -> None:
    assert judge(page(new), last_good=read(page(LONG).encode()), framed=False).quality is Quality.GOOD


def test_a_first_text_without_a_known_length_is_good() -> None:
    assert judge(page("<p>Threat level: substantial</p>"), framed=False).quality is Quality.GOOD


def test_040_a_table_file_that_lost_its_end_is_cut_short() -> None:
    rows = "".join(f"State {number},signed\n" for number in range(50))
    last_good = read(rows.encode(), "text/csv")
    assert judge(rows[:400], last_good=last_good, framed=False, media_type="text/csv").quality is Quality.CUT_SHORT


def test_words_of_the_last_good_document_are_no_sign_of_an_error_page() -> None:
    old = page("<h1>Codes</h1><p>Internal server error: call the desk.</p><p>Sheet 1</p>")
    new = old.replace("Sheet 1", "Sheet 2")
    assert judge(new).quality is not Quality.GOOD
    assert judge(new, last_good=read(old.encode())).quality is Quality.GOOD


@pytest.mark.parametrize(
    "hostile",
    [
        "<input " * 60_000 + "page " * 100_000,
        "<meta http-equiv=refresh content='" + "9" * 50_000 + "'>",
        "<meta http-equiv=refresh content='0;url=http://[" + "x" * 50_000 + "'>",
        "<!--" * 15_000 + refresh("0;url=/x"),
        "<script>" + "location" * 6_000,
        "<script>location.href='" + "(" * 50_000,
        "<script>" + "settimeout(function(){" * 80 + "location='/x'</script>",
        "<meta " + "a-" * 25_000 + "refresh",
        "<div id=root" * 5_000,
        "<app-root>" + " " * 50_000,
        "<frame src=" * 5_000,
        json.dumps({"location": "x" * 1000, "refresh": "<meta http-equiv=refresh"}),
    ],
    ids=range(12),
)
def test_hostile_markup_gives_a_verdict(hostile: str) -> None:
    document = replace(read(b"<p>x</p>"), title="")
    for framed in (True, False):
        assert judge_quality(hostile.encode(), document, url=URL, framed=framed).reason
        assert judge_quality(hostile.encode(), replace(document, blocks=()), url="http://[", framed=framed).reason
