"""The quality gate: what a server shows in place of a document is named, and documents stay documents."""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from watcher.errors import ExtractError
from watcher.extract import extract
from watcher.extract.quality import Quality, QualityVerdict, judge_quality
from watcher.model.document import Document

EVAL = Path(__file__).resolve().parents[3] / "../shared/eval"

REPORT = (
    "<p>The commission of inquiry met on Tuesday with the governors of the border provinces. Each reported how many "
    "hectares its teams released during the season and how many families could go back to their fields.</p>"
)
LONG_TEXT = "".join(REPORT.replace("Tuesday", f"day {day}") for day in range(40))
NAVIGATION = "<nav><a href='/'>Home</a> <a href='/news'>News</a> <a href='/contact'>Contact</a></nav>"


def read(payload: bytes, media_type: str = "text/html") -> Document:
    """The Document of a payload; one without Blocks where the extractor finds no text."""
    try:
        return extract(payload, media_type=media_type, charset="utf-8")
    except ExtractError as error:
        if error.code != "no_text":
            raise
    return Document(title="", blocks=(), media_type=media_type, charset=None, extractor="html", extractor_version=1)


def judge(
    source: str,
    *,
    headers: tuple[tuple[str, str], ...] = (),
    status: int | None = 200,
    last_good: Document | None = None,
) -> QualityVerdict:
    payload = source.encode()
    return judge_quality(payload, read(payload), headers=headers, status=status, last_good=last_good)


def page(title: str, body: str, head: str = "") -> str:
    return (
        f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title>{head}</head><body>{body}</body></html>"
    )


BOT_WALLS = {
    "cloudflare managed challenge": page(
        "Just a moment...",
        "<div><noscript><span id=challenge-error-text>Enable JavaScript and cookies to continue</span>"
        "</noscript></div><script>window._cf_chl_opt={cType:'managed'};</script>",
    ),
    "cloudflare older check": page(
        "Just a moment...",
        "<h1 class=cf-browser-verification>Checking your browser before you reach the ministry</h1>"
        "<p>The check runs by itself. You will be sent on in a few seconds.</p><p>Ray ID: 7c1</p>",
    ),
    "cloudflare block": page(
        "Attention Required! | Cloudflare",
        "<h1>Sorry, you have been blocked</h1><h2>You are unable to access mod.example</h2><p>Your action triggered "
        "the protection of this site.</p>",
    ),
    "cloudflare plain text code": "error code: 1020",
    "aws waf without text": page(
        "",
        "<script>window.gokuProps = {key:'x'};</script><script src='https://a.token.awswaf.com/challenge.js'></script>",
    ),
    "aws waf captcha": page(
        "Human Verification", "<div id=captcha-container></div><p>Please solve the puzzle to go on.</p>"
    ),
    "akamai refusal": page(
        "Access Denied",
        '<h1>Access Denied</h1>You don\'t have permission to access "http://mod.example/treaty" on this server.<p>'
        "Reference #18.2f3c1702.1700000000.1a2b3c",
    ),
    "akamai behaviour check": page("", "<div id='sec-if-cpt-container'></div><p>Powered and protected by</p>"),
    "imperva frame": page(
        "",
        "<iframe src='/_Incapsula_Resource?SWUDNSAI=31&xinfo=1&incident_id=2'>Request unsuccessful. Incapsula incident "
        "ID: 2</iframe>",
    ),
    "imperva interruption": page(
        "Pardon Our Interruption",
        "<h1>Pardon Our Interruption</h1><p>Something about your browser looked odd to us.</p>",
    ),
    "datadome": page(
        "mod.example",
        "<p id=cmsg>Please enable JS and disable any ad blocker</p><script>var dd={'rt':'c','host':"
        "'geo.captcha-delivery.com'}</script>",
    ),
    "datadome json": json.dumps({"url": "https://geo.captcha-delivery.com/captcha/?initialCid=1"}),
    "perimeterx": page(
        "Access to this page has been denied",
        "<div id='px-captcha'></div><p>Press &amp; Hold to confirm you are a human (and not a bot).</p>",
    ),
    "sucuri block": page(
        "Sucuri WebSite Firewall - Access Denied", "<h1>Access Denied</h1><p>Block ID: XSS01. Your IP: 192.0.2.1</p>"
    ),
    "sucuri script": page(
        "You are being sent on", "<p>Javascript wanted.</p><script>sucuri_cloudproxy_js='';</script>"
    ),
    "fastly client challenge": page(
        "Client Challenge",
        "<p>A part of this site could not load.</p><script src='/_fs-ch-1T1/script.js'></script>",
    ),
    "anubis": page(
        "Making sure you're not a bot!",
        "<p>Loading...</p><script id='anubis_challenge' type='application/json'></script>",
    ),
    "f5 rejection": page(
        "Request Rejected",
        "The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 42",
    ),
    "ddos guard": page("DDoS-Guard", "<p>Checking your browser before you reach mfa.example</p>"),
    "generic script and cookies": page("mfa.example", "<p>Please enable JavaScript and cookies to continue.</p>"),
    "generic human": page(
        "mfa.example", "<h2>One step</h2><p>Verify you are human by completing the action below.</p>"
    ),
    "generic human, French": page("diplomatie.example", "<p>Merci de vérifier que vous êtes humain.</p>"),
    "generic human, Spanish": page("cancilleria.example", "<p>Verifique que usted es un ser humano.</p>"),
    "browser check, Russian": page("Проверка браузера", "<p>Это займёт несколько секунд.</p>"),
    "refusal, Russian": page("Доступ ограничен", "<p>Обратитесь к администратору и сообщите код 77.</p>"),
    "unusual traffic": page("Sorry...", "<p>We see unusual traffic from your computer network. Come back later.</p>"),
    "rate limit": page("429 Too Many Requests", "<center><h1>429 Too Many Requests</h1></center><hr>nginx"),
    "rate limit in words": page("mfa.example", "<p>Too many requests from your address. Slow down, then reload.</p>"),
    "apache forbidden": page(
        "403 Forbidden", "<h1>Forbidden</h1><p>You don't have permission to access this resource.</p>"
    ),
}

LOGINS = {
    "English": page(
        "Sign in | Ministry extranet",
        "<form><label>User name <input name=u></label><label>Password <input type=password></label>"
        "<button>Sign in</button></form><a href=/lost>Forgotten password?</a>",
    ),
    "English, sign in to continue": page(
        "Ministry extranet",
        "<p>You must sign in to continue.</p><form><input name=u><input type='password' name=p></form>",
    ),
    "English, members only without a form": page("Country report", "<p>Please log in to view this page.</p>"),
    "English with a warning to users": page(
        "Log in to SecureNet",
        "<p>This system is for authorised use only and all that is done on it may be recorded. " * 8
        + "</p><input type=password>",
    ),
    "Keycloak": page("Sign in to statements", "<form id='kc-form-login'>Name <input name=username></form>"),
    "French": page(
        "Connexion - Portail du ministère",
        "<form>Identifiant <input> Mot de passe <input type=password> <button>Se connecter</button></form>",
    ),
    "French, to go on": page(
        "Portail du ministère", "<p>Veuillez vous identifier pour accéder à ce document.</p><input type=password>"
    ),
    "Spanish": page(
        "Iniciar sesión | Cancillería",
        "<form>Usuario <input> Contraseña <input type=password> <input type=submit value=Entrar></form>",
    ),
    "Spanish, to go on": page("Cancillería", "<p>Debe iniciar sesión para ver esta página.</p><input type=password>"),
    "Russian": page("Вход в систему", "<form>Логин <input> Пароль <input type=password> <button>Войти</button></form>"),
    "Russian, to go on": page(
        "Портал министерства", "<p>Войдите или зарегистрируйтесь, чтобы продолжить.</p><input type=password>"
    ),
}

CONSENTS = {
    "English gate": page(
        "Before you continue to Portal",
        "<h1>Before you continue to Portal</h1><p>We use cookies and data to keep services running and to measure "
        "how they are used.</p><p>With your consent we also use cookies to show advertisements made for you.</p>"
        "<form action='https://consent.google.example/save'>"
        "<button>Reject all</button><button>Accept all</button></form>",
    ),
    "English wall": page(
        "mod.example",
        "<div id=cookie-wall><p>We and our partners store cookies on your device. Consent to read this site.</p>"
        "<button>I accept</button></div>",
    ),
    "French": page(
        "Votre vie privée",
        "<h1>Nous respectons votre vie privée</h1><p>Avec votre accord, nos partenaires et nous utilisons des cookies "
        "pour mesurer l'audience de ce portail et vous proposer des contenus adaptés.</p>"
        "<button>Tout accepter</button><button>Continuer sans accepter</button>",
    ),
    "Spanish": page(
        "Su privacidad",
        "<p>Este sitio y sus socios guardan cookies en su equipo para medir visitas. Pedimos su consentimiento.</p>"
        "<button>Aceptar todo</button><button>Rechazar</button>",
    ),
    "Russian": page(
        "Настройки cookie",
        "<p>Мы и наши партнёры храним файлы cookie на вашем устройстве. Для продолжения нужно ваше согласие на это.</p>"
        "<button>Принять все</button>",
    ),
}

MISSING_PAGES = {
    "English title": page("Page not found | Ministry", f"{NAVIGATION}<h1>Oh no</h1><p>Try the search above.</p>"),
    "English heading": page("Ministry of Defence", "<h1>Sorry, we can't find that page</h1><p>It may have moved.</p>"),
    "English number": page("404", "<h1>404</h1><p>Nothing here.</p>"),
    "English sentence": page("Ministry", "<p>The page you requested could not be found. Check the address.</p>"),
    "server's own": page("404 Not Found", "<center><h1>404 Not Found</h1></center><hr><center>nginx</center>"),
    "plain text": "404 page not found",
    "French": page("Ministère", "<h1>Page introuvable</h1><p>Revenez à l'accueil.</p>"),
    "French sentence": page("Ministère", "<p>Désolé, la page demandée n'existe pas ou plus.</p>"),
    "Spanish": page("Página no encontrada - Cancillería", "<p>Revise la dirección.</p>"),
    "Spanish sentence": page("Cancillería", "<p>Lo sentimos: la página que busca no existe.</p>"),
    "Russian": page("Министерство", "<h1>Страница не найдена</h1><p>Проверьте адрес.</p>"),
    "Russian sentence": page("Министерство", "<p>Запрашиваемая вами страница не существует.</p>"),
    "with a map of the site": page(
        "Error 404: no such page",
        "<ul>" + "".join(f"<li><a href='/{n}'>Department {n}</a></li>" for n in range(200)) + "</ul>",
    ),
}

CLOSED_PAGES = {
    "title": page("Site under maintenance", "<p>Back at noon.</p>"),
    "sentence": page("Ministry", "<p>Our website is temporarily unavailable. We apologise.</p>"),
    "nginx": page("503 Service Temporarily Unavailable", "<h1>503 Service Temporarily Unavailable</h1>"),
    "gateway": page("502 Bad Gateway", "<h1>502 Bad Gateway</h1>"),
    "database": page("Database Error", "<h1>Error establishing a database connection</h1>"),
    "iis plain": "The service is unavailable.",
    "French": page("Site en maintenance", "<p>Merci de revenir plus tard.</p>"),
    "Spanish": page("Cancillería", "<h1>Sitio web en mantenimiento</h1>"),
    "Russian": page("Министерство", "<p>На сайте проводятся технические работы.</p>"),
}

EMPTY_PAGES = {
    "nothing": page("Ministry", ""),
    "scripts only": page("Ministry", "<div id=root></div><script src=/app.js></script>"),
    "marks only": page("", "<p>...</p><p>|</p>"),
    "shell of an application": page(
        "Ministry", "<div id=root></div><noscript>You need to enable JavaScript here.</noscript>"
    ),
    "loading": page("Ministry", "<p>Loading...</p>"),
}

SMALL_STATEMENT = (
    "<h1>Statement on the Convention</h1><p>The Ministry welcomes the report of the working group and will answer it "
    "before the end of the year.</p>"
)
LOGIN_BOX = (
    "<aside><h3>Login Form</h3><form>User <input> Password <input type=password><button>Log in</button></form></aside>"
)
COOKIE_BANNER = (
    "<div id=cookie-banner><p>This site uses cookies to count visits.</p><button>Accept all cookies</button></div>"
)

DOCUMENTS = {
    "short statement": page("Statement", SMALL_STATEMENT),
    "short statement with a login box": page("Statement", LOGIN_BOX + SMALL_STATEMENT),
    "short statement with a login box in plain divisions": page(
        "Ministry", f"{SMALL_STATEMENT}<div><h3>Login</h3><input type=password><button>Log in</button></div>"
    ),
    "short statement with a cookie banner": page("Statement", SMALL_STATEMENT + COOKIE_BANNER),
    "short statement with an unmarked cookie banner": page(
        "Statement", SMALL_STATEMENT + "<p>We use cookies to count visits.</p><button>Accept all</button>"
    ),
    "short statement behind bot protection": page(
        "Statement",
        SMALL_STATEMENT,
        "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script><script src='https://js.datadome.co/tags.js'>"
        "</script><script src='/_Incapsula_Resource?SWJIYLWA=1'></script><script src='https://x.token.awswaf.com/challenge.js'>"
        "</script><script>window._pxAppId='PX1'</script>",
    ),
    "cookie policy": page(
        "Cookie policy | Ministry",
        "<h1>Cookie policy</h1>" + "<p>This page says which cookies the site stores, for how long, and why.</p>" * 12,
    ),
    "advice on signing in": page(
        "Sign in to the tax service", "<h1>Sign in to the tax service</h1>" + REPORT * 4 + "<a href=/x>Sign in</a>"
    ),
    "denied access in the field": page(
        "Access denied to observers at the border post",
        "<p>The mission was denied access to the depot on 3 May. The Ministry answers that access was not refused.</p>",
    ),
    "captchas in a procurement notice": page(
        "Tender 14: protection of public websites",
        "<p>The supplier shall provide a captcha that lets visitors verify you are human messages be shown in four "
        f"languages, and protection from bots.</p>{REPORT}{REPORT}",
    ),
    "maintenance of a road": page(
        "Road notices", "<p>Route 5 is under maintenance until June. The ferry service is temporarily unavailable.</p>"
    ),
    "planned outage among the news": page(
        "News", f"{REPORT}<p>Our website will be under maintenance on Saturday night.</p>{REPORT}"
    ),
    "number 404": page("404 hectares released in spring", "<p>Teams released 404 hectares and found 12 mines.</p>"),
    "mines not found": page("Survey of the north", "<p>Mines were not found in the three villages that asked.</p>"),
    "contact form with a captcha": page(
        "Contact",
        "<form>Name <input> Message <textarea></textarea> Verify you are human <div class=g-recaptcha></div></form>",
    ),
    "list of documents": page(
        "Press releases",
        "<ul>"
        + "".join(f"<li><a href='/{n}'>Release {n}: consent of partners to the plan</a></li>" for n in range(60))
        + "</ul>",
    ),
    "request for scripts above a text": page("Report", f"<p>Please enable JavaScript for maps.</p>{REPORT}{REPORT}"),
    "long text with every word that walls use": page(
        "Report on attacks on public websites",
        LONG_TEXT + "<p>Just a moment. You have been blocked. Access denied. Page not found. Sign in to continue.</p>"
        "<input type=password><div id=px-captcha></div>",
    ),
    "very short": page("Threat level", "<p>Substantial</p>"),
}


@pytest.mark.parametrize("name", BOT_WALLS)
def test_a_bot_wall_is_named_with_status_200(name: str) -> None:
    assert judge(BOT_WALLS[name]).quality is Quality.BOT_WALL


@pytest.mark.parametrize("name", LOGINS)
def test_a_login_page_is_named(name: str) -> None:
    assert judge(LOGINS[name]).quality is Quality.LOGIN


@pytest.mark.parametrize("name", CONSENTS)
def test_a_consent_page_is_named(name: str) -> None:
    assert judge(CONSENTS[name]).quality is Quality.CONSENT


@pytest.mark.parametrize("name", MISSING_PAGES)
def test_a_missing_page_is_named_with_status_200(name: str) -> None:
    assert judge(MISSING_PAGES[name]).quality is Quality.SOFT_404


@pytest.mark.parametrize("name", CLOSED_PAGES)
def test_a_page_out_of_service_is_named(name: str) -> None:
    assert judge(CLOSED_PAGES[name]).quality is Quality.MAINTENANCE


@pytest.mark.parametrize("name", EMPTY_PAGES)
def test_a_page_without_text_is_named(name: str) -> None:
    assert judge(EMPTY_PAGES[name]).quality is Quality.NO_TEXT


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_stays_good(name: str) -> None:
    verdict = judge(DOCUMENTS[name])
    assert verdict.quality is Quality.GOOD, verdict


@pytest.mark.parametrize("name", [*BOT_WALLS, *LOGINS, *CONSENTS, *MISSING_PAGES, *CLOSED_PAGES])
def test_a_page_shown_in_place_of_a_long_document_is_never_good(name: str) -> None:
    everything = BOT_WALLS | LOGINS | CONSENTS | MISSING_PAGES | CLOSED_PAGES
    assert judge(everything[name], last_good=read(page("Report", LONG_TEXT).encode())).quality is not Quality.GOOD


def test_a_challenge_header_decides_for_a_page_without_other_signs() -> None:
    source = page("mod.example", "<p>One more check is running.</p>")
    assert judge(source).quality is Quality.GOOD
    assert judge(source, headers=(("Cf-Mitigated", "challenge"),)).quality is Quality.BOT_WALL
    assert judge(source, headers=(("x-amzn-waf-action", "captcha"),)).quality is Quality.BOT_WALL


@pytest.mark.parametrize(
    ("title", "opening"), [("mod.example", "<p>Your request was blocked.</p>"), ("Access denied", "<p>Code 7.</p>")]
)
def test_the_words_of_a_wall_count_on_a_longer_page_where_a_guard_answered(title: str, opening: str) -> None:
    source = page(title, opening + "<p>Write to the helpdesk, and name the hour.</p>" * 20)
    assert judge(source).quality is Quality.GOOD
    assert judge(source, headers=(("Server", "cloudflare"),)).quality is Quality.BOT_WALL
    assert judge(source, headers=(("Server", "nginx"),)).quality is Quality.GOOD


def test_headers_that_guards_put_on_every_page_decide_nothing() -> None:
    headers = (("Server", "cloudflare"), ("X-DataDome", "protected"), ("X-Iinfo", "1-2-3"), ("X-Sucuri-ID", "4"))
    assert judge(DOCUMENTS["short statement"], headers=headers).quality is Quality.GOOD


def test_a_long_text_stays_good_under_a_challenge_header() -> None:
    assert judge(page("Report", LONG_TEXT), headers=(("cf-mitigated", "challenge"),)).quality is Quality.GOOD


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        (401, Quality.LOGIN),
        (403, Quality.BOT_WALL),
        (404, Quality.SOFT_404),
        (410, Quality.SOFT_404),
        (429, Quality.BOT_WALL),
        (500, Quality.MAINTENANCE),
        (503, Quality.MAINTENANCE),
        (203, Quality.GOOD),
        (None, Quality.GOOD),
    ],
)
def test_the_status_decides_for_a_short_page_without_other_signs(status: int | None, quality: Quality) -> None:
    assert judge(DOCUMENTS["short statement"], status=status).quality is quality


def test_what_the_last_good_document_said_too_is_no_sign() -> None:
    words = "<p>Members must sign in to view the annexes.</p><p>The page you asked for last year does not exist.</p>"
    old = page("Login | Annexes", f"<h1>Annexes</h1>{words}<input type=password><p>Volume 1</p>")
    new = page("Login | Annexes", f"<h1>Annexes</h1>{words}<input type=password><p>Volume 2</p>")
    assert judge(new).quality is not Quality.GOOD
    assert judge(new, last_good=read(old.encode())).quality is Quality.GOOD


def test_a_login_heading_is_a_sign_although_the_menu_had_a_link_of_that_name() -> None:
    old = read(page("Ministry", f"<nav><a href=/in>Sign in</a></nav>{SMALL_STATEMENT}").encode())
    form = "<nav><a href=/in>Sign in</a></nav><h1>Sign in</h1><form>Name <input> Password <input type=password></form>"
    assert judge(page("Ministry", form), last_good=old).quality is Quality.LOGIN


def test_a_title_without_end_is_read_in_part() -> None:
    document = replace(read(page("Report", "<p>x</p>").encode()), title="page " * 200_000)
    assert judge_quality(b"<p>x</p>", document).quality is Quality.GOOD


def test_the_same_text_as_the_last_good_document_is_good() -> None:
    source = page("Consultation", "<p>Please sign in to view the drafts.</p><input type=password>")
    assert judge(source).quality is Quality.LOGIN
    assert judge(source, last_good=read(source.encode())).quality is Quality.GOOD


def test_the_loss_of_most_of_the_text_is_named_with_both_lengths() -> None:
    last_good = read(page("Report", LONG_TEXT).encode())
    verdict = judge(page("Report", REPORT * 2), last_good=last_good)
    assert verdict.quality is Quality.SHRUNK
    assert str(len(last_good.text) - len(last_good.blocks) + 1) in verdict.reason


def test_the_loss_of_half_of_the_text_is_good() -> None:
    half = LONG_TEXT[: len(LONG_TEXT) // 2]
    assert judge(page("Report", half), last_good=read(page("Report", LONG_TEXT).encode())).quality is Quality.GOOD


def test_the_loss_of_a_few_lines_is_good_however_few_stay() -> None:
    old = page("Notices", "<p>Notice 1 of the Ministry is open.</p><p>Notice 2 is open.</p><p>Notice 3 is open.</p>")
    assert judge(page("Notices", "<p>None.</p>"), last_good=read(old.encode())).quality is Quality.GOOD


def test_navigation_that_is_left_alone_does_not_hide_the_loss_of_the_text() -> None:
    menu = (
        "<nav>"
        + "".join(f"<a href='/{n}'>Department of public works number {n}</a><br><br>" for n in range(60))
        + "</nav>"
    )
    old = read(page("Report", menu + REPORT * 5).encode())
    assert judge(page("Report", menu), last_good=old).quality is Quality.SHRUNK


def test_text_that_moves_into_page_furniture_is_not_lost() -> None:
    old = read(page("Report", f"<p>Report</p>{LONG_TEXT}").encode())
    assert judge(page("Report", f"<p>Report</p><aside>{LONG_TEXT}</aside>"), last_good=old).quality is Quality.GOOD


def test_another_media_type_is_named() -> None:
    old = read(page("Report", REPORT).encode())
    text = extract(b"The commission met on Tuesday.", media_type="text/plain", charset=None)
    verdict = judge_quality(b"The commission met on Tuesday.", text, last_good=old)
    assert verdict.quality is Quality.MEDIA_TYPE_CHANGED
    assert "text/html" in verdict.reason
    assert "text/plain" in verdict.reason


def test_another_extractor_is_named_even_for_the_same_text() -> None:
    document = read(page("Report", REPORT).encode())
    verdict = judge_quality(b"", document, last_good=replace(document, extractor="text"))
    assert verdict.quality is Quality.MEDIA_TYPE_CHANGED


def test_a_wall_in_place_of_a_pdf_is_a_wall() -> None:
    old = replace(read(page("Report", LONG_TEXT).encode()), media_type="application/pdf", extractor="pdf")
    assert judge(BOT_WALLS["akamai refusal"], last_good=old).quality is Quality.BOT_WALL


def test_a_short_table_or_office_document_is_never_a_wall() -> None:
    document = extract(b"field,value\npage,404\nstatus,access denied\n", media_type="text/csv", charset=None)
    assert judge_quality(b"", document).quality is Quality.GOOD


def test_the_reason_names_the_marker_and_the_length() -> None:
    verdict = judge(BOT_WALLS["perimeterx"])
    assert verdict.rule == "bot_wall"
    assert "px-captcha" in verdict.reason
    assert "characters" in verdict.reason
    assert "\n" not in verdict.reason


def test_a_wall_in_utf_16_is_read() -> None:
    payload = page("", "<div id=px-captcha></div><p>One check</p>").encode("utf-16")
    document = extract(payload, media_type="text/html", charset=None)
    assert judge_quality(payload, document).quality is Quality.BOT_WALL


def real_snapshots(path: Path) -> dict[str, bytes]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return {each["snapshot"]: each["html"].encode() for each in map(json.loads, lines)}


def real_articles() -> Iterator[tuple[str, bytes]]:
    with tarfile.open(EVAL / "documents/article_extraction.tar.xz") as archive:
        for member in archive:
            opened = archive.extractfile(member) if member.name.endswith(".html.gz") else None
            if opened is not None:
                yield member.name, gzip.decompress(opened.read())


def test_real_pages_and_their_successors_are_good() -> None:
    if not (EVAL / "html_pairs").is_dir():
        pytest.skip("the html_pairs set is not here")
    with (EVAL / "html_pairs/pairs.csv").open(newline="") as table:
        pairs = list(csv.DictReader(table))
    verdicts = {}
    for name in sorted({pair["file"] for pair in pairs}):
        payloads = real_snapshots(EVAL / "html_pairs" / name)
        for pair in [each for each in pairs if each["file"] == name][::8]:
            old, new = read(payloads[pair["old_snapshot"]]), read(payloads[pair["new_snapshot"]])
            alone = judge_quality(payloads[pair["old_snapshot"]], old)
            after = judge_quality(payloads[pair["new_snapshot"]], new, last_good=old)
            verdicts[pair["old_snapshot"]], verdicts[pair["new_snapshot"]] = alone, after
    assert len(verdicts) > 100
    # A few of these sources answered with a redirect page in place of their text for a while.
    lost = [verdict for verdict in verdicts.values() if verdict.quality is not Quality.GOOD]
    assert {verdict.quality for verdict in lost} == {Quality.REDIRECT_STUB}
    assert all("https://opentermsarchive.org/en/" in verdict.reason for verdict in lost)
    assert len(lost) <= 5


def test_real_news_pages_are_good() -> None:
    if not (EVAL / "documents/article_extraction.tar.xz").exists():
        pytest.skip("the article_extraction set is not here")
    verdicts = {name: judge_quality(payload, read(payload)) for name, payload in real_articles()}
    assert len(verdicts) > 50
    assert {key: verdict for key, verdict in verdicts.items() if verdict.quality is not Quality.GOOD} == {}
