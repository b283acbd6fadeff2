"""What a person sees of a document that was read: the note that "Ibid." means, and what was odd while reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from watcher.pipeline.answer import extract_item
from watcher.web.app import create_app

REPORT = "The State has not signed.[1] It said so again.[2]\n\n[1] Letter of the Ministry, 3 May 2000.\n[2] Ibid.\n"


def test_the_version_page_says_which_note_ibid_means(bench: Any) -> None:
    bench.register("report", bench.site.put("/r.txt", REPORT, headers={"Content-Type": "text/plain"}))
    version = bench.check("report").recorded.version
    app = create_app(bench.rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080") as client:
        page = client.get(f"/versions/{version.version_id}").text
    assert '[2] Ibid. <span class="quiet">(means note 1)</span>' in page
    assert page.count("means note") == 1


def test_extract_answers_with_marks_meanings_and_notes(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text(REPORT + "SÃ£o secrÃ©taire gÃ©nÃ©ral.\n")
    answer = extract_item({"id": "r", "path": str(tmp_path / "r.txt")}, "")
    (tmp_path / "r.txt").write_text(REPORT)
    plain = extract_item({"id": "r", "path": str(tmp_path / "r.txt")}, "")
    assert plain["blocks"][-1] == {"kind": "footnote", "text": "[2] Ibid.", "anchor": "2", "means": "1"}
    assert plain["notes"] == []
    assert any("looks wrongly encoded" in note for note in answer["notes"])
