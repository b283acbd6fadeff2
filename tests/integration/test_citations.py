"""Permalinks that stay, and footnotes that name the archived copy, whatever is known of a document."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.errors import NotFoundError
from watcher.model.source import Definition, SourceKind
from watcher.model.subscription import Cadence, SubscriptionFilter
from watcher.pipeline import notify, register
from watcher.pipeline.cite import cite
from watcher.pipeline.import_history import DatedItem, import_items
from watcher.store import sources
from watcher.web.app import create_app

BASE = "http://127.0.0.1:8080"
PAGE = (
    "<html><title>Report of Kazakhstan</title><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"
)


@pytest.fixture
def client(bench: Any) -> Iterator[TestClient]:
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def change(bench: Any) -> Any:
    """A Change between Captures of 3 May 2026 and 4 May 2026."""
    named = Definition(url=bench.site.put("/kaz", PAGE), title="Country Report: Kazakhstan", publisher="UN")
    register.add_source(bench.rooms, "kaz", named, user="test")
    bench.check("kaz")
    bench.site.put("/kaz", PAGE.replace("has not joined", "has joined"))
    return bench.check("kaz", after_seconds=86400).recorded


def handed_in(**more: Any) -> DatedItem:
    given = {
        "captured_at": datetime(2007, 6, 6, tzinfo=UTC),
        "payload": PAGE.encode(),
        "media_type": "text/html",
        "charset": "utf-8",
        "url": "",
        "origin": "letter_2007-06-06.html",
    }
    return DatedItem(**{**given, **more})


def upload(bench: Any, source_id: str = "letter", **more: Any) -> Any:
    register.add_source(bench.rooms, source_id, Definition(url="", kind=SourceKind.UPLOAD, **more), user="test")
    (recorded,) = import_items(bench.rooms, source_id, [handed_in()], user="ana")
    assert recorded is not None
    return recorded.capture


def test_a_capture_is_cited_as_landmine_monitor_does(bench: Any, change: Any) -> None:
    capture = change.capture
    assert cite(bench.rooms, str(capture.sequence)).footnote == (
        f"UN, Country Report: Kazakhstan, {capture.requested_url}, accessed 4 May 2026, "
        f"archived at {BASE}/captures/{capture.sequence}, SHA-256 {capture.payload_sha256}."
    )


def test_a_change_is_cited_with_both_sides(bench: Any, change: Any) -> None:
    cited = cite(bench.rooms, change.change.change_id)
    before, now = cited.states
    assert before.payload_sha256 != now.payload_sha256
    assert cited.footnote == (
        f"UN, Country Report: Kazakhstan, {now.url}, "
        f"accessed 3 May 2026 (archived at {before.permalink}, SHA-256 {before.payload_sha256}) and "
        f"accessed 4 May 2026 (archived at {now.permalink}, SHA-256 {now.payload_sha256}), "
        f"compared at {BASE}/changes/{change.change.change_id}."
    )


def test_an_upload_is_cited_with_author_reference_date_and_who_handed_it_in(bench: Any) -> None:
    named = {
        "author": "Ministry of Defence",
        "publisher": "Permanent Mission",
        "title": "Note verbale",
        "reference": "No. 12/7",
    }
    capture = upload(bench, **named)
    assert cite(bench.rooms, str(capture.sequence)).footnote == (
        "Ministry of Defence, Permanent Mission, Note verbale, No. 12/7, 6 June 2007, "
        "handed in by ana on 3 May 2026 (letter_2007-06-06.html), "
        f"archived at {BASE}/captures/{capture.sequence}, SHA-256 {capture.payload_sha256}."
    )


def test_an_imported_state_of_a_page_says_who_brought_it_when_and_out_of_what(bench: Any) -> None:
    named = Definition(url="http://127.0.0.1:9/kaz", title="Country Report", publisher="UN")
    register.add_source(bench.rooms, "kaz", named, user="test")
    (recorded,) = import_items(bench.rooms, "kaz", [handed_in(origin="kaz.jsonl line 1")], user="ana")
    assert recorded is not None
    assert (
        "UN, Country Report, http://127.0.0.1:9/kaz, as of 6 June 2007, imported by ana on 3 May 2026 "
        "(kaz.jsonl line 1), archived at "
    ) in cite(bench.rooms, str(recorded.capture.sequence)).footnote


def test_without_a_title_the_document_gives_it_and_without_both_it_is_called_untitled(bench: Any) -> None:
    capture = upload(bench, title="letter")
    assert cite(bench.rooms, str(capture.sequence)).footnote.startswith("Report of Kazakhstan, 6 June 2007, handed in")
    bare = upload(bench, "bare", title="")
    assert cite(bench.rooms, str(bare.sequence)).footnote.startswith("Report of Kazakhstan, ")
    register.add_source(bench.rooms, "text", Definition(url="", kind=SourceKind.UPLOAD), user="test")
    item = handed_in(payload=b"<p>Kazakhstan supports the ban.</p>")
    (recorded,) = import_items(bench.rooms, "text", [item], user="")
    assert recorded is not None
    told = cite(bench.rooms, str(recorded.capture.sequence)).footnote
    assert told.startswith("untitled document, 6 June 2007, handed in on 3 May 2026 (letter_2007-06-06.html), archived")


def test_a_citation_keeps_the_title_of_its_time_and_takes_from_today_what_was_not_known(
    bench: Any, change: Any
) -> None:
    with bench.rooms.database.writing() as connection:
        named = replace(sources.get_source(connection, "kaz").definition, title="New Title", author="M. Author")
        sources.replace_definition(connection, "kaz", named, now=bench.clock())
    told = cite(bench.rooms, str(change.capture.sequence)).footnote
    assert told.startswith("M. Author, UN, Country Report: Kazakhstan, http://127.0.0.1")


def test_a_failed_attempt_cannot_be_cited_and_that_is_told(bench: Any, change: Any) -> None:
    bench.site.put("/kaz", b"", status=500)
    failed = bench.check("kaz").recorded.capture
    with pytest.raises(NotFoundError, match=r"brought no content that could be cited: .*answered 500"):
        cite(bench.rooms, str(failed.sequence))
    for name in ("absent", "99999", "v1..v2", "9" * 400):
        with pytest.raises(NotFoundError):
            cite(bench.rooms, name)


def test_csl_items_carry_what_a_reference_manager_needs(bench: Any, change: Any) -> None:
    page = cite(bench.rooms, change.version.version_id).items("watcher.test/archive")
    assert page == [
        {
            "id": f"{BASE}/captures/{change.capture.sequence}",
            "type": "webpage",
            "title": "Country Report: Kazakhstan",
            "author": [{"literal": "UN"}],
            "publisher": "UN",
            "URL": change.capture.requested_url,
            "accessed": {"date-parts": [[2026, 5, 4]]},
            "archive": "watcher.test/archive",
            "archive_location": f"{BASE}/captures/{change.capture.sequence}",
            "note": f"SHA-256: {change.capture.payload_sha256}",
        }
    ]
    capture = upload(bench, title="Note verbale", reference="No. 12/7")
    (item,) = cite(bench.rooms, str(capture.sequence)).items("watcher.test/archive")
    assert (item["type"], item["number"]) == ("document", "No. 12/7")
    assert item["issued"] == {"date-parts": [[2007, 6, 6]]}
    assert "URL" not in item
    assert "handed in by ana on 4 May 2026" in str(item["note"])


def test_capture_version_change_and_digest_show_their_permalink_and_digests(
    client: TestClient, bench: Any, change: Any
) -> None:
    register.add_subscription(
        bench.rooms,
        subscription_id="desk",
        recipient="desk@example.org",
        wanted=SubscriptionFilter(),
        cadence=Cadence.DAILY,
        user="test",
    )
    bench.clock.advance(days=2)
    (composed,) = notify.compose_due(bench.rooms)
    version = change.version
    for path, shown in (
        (f"/captures/{change.capture.sequence}", [change.capture.payload_sha256]),
        (f"/versions/{version.version_id}", [version.payload_sha256, version.text_sha256]),
        (f"/changes/{change.change.change_id}", [version.payload_sha256]),
        (f"/digests/{composed.digest.digest_id}", []),
    ):
        text = client.get(path).text
        assert f'<dt>Permalink</dt><dd><span class="address copy">{BASE}{path}</span>' in text, path
        for digest in shown:
            assert f"SHA-256 {digest}" in text, path
        if shown:
            assert '<p class="cite copy">' in text, path


def test_permalinks_outlive_a_new_definition_and_the_end_of_the_source(
    client: TestClient, bench: Any, change: Any
) -> None:
    addresses = [
        f"/captures/{change.capture.sequence}",
        f"/captures/{change.capture.sequence}/view",
        f"/versions/{change.version.version_id}",
        f"/changes/{change.change.change_id}",
        f"/payloads/{change.capture.payload_sha256}",
    ]
    before = {path: client.get(path) for path in addresses}
    cited = cite(bench.rooms, change.change.change_id).footnote
    with bench.rooms.database.writing() as connection:
        moved = replace(
            sources.get_source(connection, "kaz").definition, url=bench.site.put("/moved", PAGE), select=("p",)
        )
        sources.replace_definition(connection, "kaz", moved, now=bench.clock())
    bench.check("kaz")
    register.retire_source(bench.rooms, "kaz", user="test")
    for path, answer in before.items():
        again = client.get(path)
        assert again.status_code == answer.status_code == 200, path
        assert again.headers.get("memento-datetime") == answer.headers.get("memento-datetime")
    assert cite(bench.rooms, change.change.change_id).footnote == cited
    assert client.get("/timegate/kaz").status_code == 200
    assert client.get(addresses[1]).text == before[addresses[1]].text


def test_a_capture_that_is_no_html_is_text_or_a_download_and_never_rendered(client: TestClient, bench: Any) -> None:
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(2)</script></svg>"
    for number, (body, kind) in enumerate(
        ((svg, "image/svg+xml"), (b"%PDF-1.4\n1 0 obj", "application/pdf"), (b"\x00\x01\x02" * 50, "text/html"))
    ):
        bench.register(f"s{number}", bench.site.put(f"/{number}", body, headers={"Content-Type": kind}))
        capture = bench.check(f"s{number}").recorded.capture
        answer = client.get(f"/captures/{capture.sequence}/view")
        assert answer.status_code == 404, kind
        assert "download only" in answer.text
        shown = client.get(f"/captures/{capture.sequence}?view=rendered").text
        assert "<iframe" not in shown
        assert "<script" not in shown


def test_catalogue_133_the_record_of_a_capture_is_shown_when_its_bytes_are_damaged(
    client: TestClient, bench: Any, change: Any
) -> None:
    digest = change.capture.payload_sha256
    for stored in (bench.rooms.archive.root / "payloads").rglob("*.*"):
        stored.unlink()
    answer = client.get(f"/captures/{change.capture.sequence}")
    assert answer.status_code == 200
    assert "The bytes cannot be read: " in answer.text
    assert f"SHA-256 {digest}" in answer.text
    assert client.get(f"/captures/{change.capture.sequence}/view").status_code == 503


def test_the_command_prints_the_footnote_and_the_item(tmp_path: Path, site: Any) -> None:
    watcher = Path(sys.executable).with_name("watcher")
    environment = {
        "PATH": "/usr/bin:/bin",
        "WATCHER_CONFIG": str(Path(__file__).resolve().parents[2] / "config"),
        "WATCHER_FETCH__INTRANET": "127.0.0.0/8",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [watcher, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    address = site.put("/kaz", PAGE)
    assert run("source", "add", address, "--id", "kaz", "--title", "Report", "--publisher", "UN").returncode == 0
    checked = run("check", "kaz")
    assert checked.returncode == 0
    number = re.search(r"Recorded as Capture (\d+)", checked.stdout)[1]
    facts = json.loads(run("cite", "--json", f"http://127.0.0.1:8080/captures/{number}").stdout)
    assert facts["items"][0]["type"] == "webpage"
    assert facts["footnote"] == run("cite", number).stdout.strip()
    assert facts["footnote"].startswith(f"UN, Report, {address}, accessed ")
    missing = run("cite", "absent")
    assert missing.returncode == 1
    assert missing.stderr == "watcher: there is no Version 'absent'\n"


LOGIN = """<html><head><title>Sign in</title></head><body><form><label>User name <input name=u></label>
<label>Password <input type="password" name=p></label><button>Sign in</button></form></body></html>"""


def test_054_what_is_held_is_cited_as_held_by_every_name_and_form(bench: Any, client: TestClient) -> None:
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    page = bench.check("kaz").recorded.capture
    bench.site.put("/kaz", LOGIN)
    held = bench.check("kaz").recorded
    again = bench.check("kaz").recorded.capture
    warning = f"SHA-256 {held.capture.payload_sha256}. Held: not taken as the document: {held.version.error}."
    for name in (held.version.version_id, str(held.capture.sequence), str(again.sequence)):
        cited = cite(bench.rooms, name)
        assert cited.footnote.endswith(warning)
        assert "Held: not taken as the document" in str(cited.items("watcher.test/archive")[0]["note"])
    assert "Held" not in cite(bench.rooms, str(page.sequence)).footnote
    shown = client.get(f"/versions/{held.version.version_id}").text
    assert "Held: not taken as the document" in shown
    assert "watcher source release kaz" in shown
    bench.site.put("/kaz", PAGE)
    back = bench.check("kaz").recorded.capture
    assert "Held" not in cite(bench.rooms, str(back.sequence)).footnote
    shown = client.get(f"/versions/{held.version.version_id}").text
    assert "Held: not taken as the document" in shown
    assert "not held any more" in shown
    assert "source release" not in shown


def test_what_was_held_and_then_taken_is_cited_as_the_document(bench: Any, client: TestClient) -> None:
    said = "Kazakhstan has not joined the Mine Ban Treaty, and its position was set out in {} as well. "
    long = "".join(f"<p>{said.format(year)}</p>" for year in range(1997, 2027))
    bench.register("kaz", bench.site.put("/kaz", f"<html><body>{long}</body></html>"))
    bench.check("kaz")
    bench.site.put("/kaz", PAGE)
    held = bench.check("kaz").recorded
    assert "Held" in cite(bench.rooms, str(held.capture.sequence)).footnote
    taken = bench.check("kaz", after_seconds=600).recorded
    assert not taken.version.is_held
    for recorded in (held, taken):
        assert "Held" not in cite(bench.rooms, recorded.version.version_id).footnote
        assert "Held" not in cite(bench.rooms, str(recorded.capture.sequence)).footnote
    assert "source release" not in client.get(f"/versions/{held.version.version_id}").text
