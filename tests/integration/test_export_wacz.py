"""A WACZ of a Source, as replayers read it; and the command that writes bags and WACZ files."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from watcher.archive.cdxj import surt
from watcher.pipeline.export import export_source
from watcher.pipeline.export_ledger import ExportForm, ExportRequest

ROOT = Path(__file__).resolve().parents[2]
PAGE = b"<html><title>Kazakhstan</title><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"


@pytest.fixture
def packed(bench: Any, tmp_path: Path) -> zipfile.ZipFile:
    url = bench.site.put("/kaz?b=2&a=1", PAGE)
    bench.register("kaz", url)
    bench.check("kaz")
    bench.check("kaz")
    bench.site.put("/kaz?b=2&a=1", PAGE.replace(b"has not", b"has"))
    bench.check("kaz")
    request = ExportRequest(source_id="kaz", out=tmp_path / "kaz.wacz", user="test", form=ExportForm.WACZ)
    export_source(bench.rooms, request, checkpoint=bench.rooms.archive.checkpoint(), told=lambda _: None)
    return zipfile.ZipFile(tmp_path / "kaz.wacz")


def test_the_package_lists_every_file_with_its_digest(packed: zipfile.ZipFile) -> None:
    with packed:
        package = json.loads(packed.read("datapackage.json"))
        assert (package["profile"], package["wacz_version"]) == ("data-package", "1.1.1")
        listed = {one["path"]: one for one in package["resources"]}
        assert set(listed) == {"archive/kaz-00001.warc.gz", "indexes/index.cdx", "pages/pages.jsonl"}
        for path, one in listed.items():
            content = packed.read(path)
            assert (one["bytes"], one["hash"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
        digest = json.loads(packed.read("datapackage-digest.json"))
        assert digest["hash"] == f"sha256:{hashlib.sha256(packed.read('datapackage.json')).hexdigest()}"
        assert packed.getinfo("archive/kaz-00001.warc.gz").compress_type == zipfile.ZIP_STORED


def test_each_line_of_the_index_leads_to_its_record(packed: zipfile.ZipFile) -> None:
    with packed:
        content = packed.read("archive/kaz-00001.warc.gz")
        lines = packed.read("indexes/index.cdx").decode().splitlines()
    assert lines == sorted(lines)
    kinds = []
    for line in lines:
        key, digits, text = line.split(" ", 2)
        fields = json.loads(text)
        start = int(fields["offset"])
        (record,) = ArchiveIterator(io.BytesIO(content[start : start + int(fields["length"])]))
        kinds.append(record.rec_type)
        assert record.rec_headers.get_header("WARC-Target-URI") == fields["url"]
        assert record.rec_headers.get_header("WARC-Date").translate({ord(char): None for char in "-:TZ"}) == digits
        assert record.rec_headers.get_header("WARC-Payload-Digest") == fields["digest"]
        assert key == surt(fields["url"])
    assert kinds == ["response", "revisit", "response"]


def test_the_pages_are_the_different_states(packed: zipfile.ZipFile) -> None:
    with packed:
        head, *pages = [json.loads(line) for line in packed.read("pages/pages.jsonl").splitlines()]
    assert head["format"] == "json-pages-1.0"
    assert [page["ts"] for page in pages] == ["2026-05-03T10:00:00Z", "2026-05-03T12:00:00Z"]
    assert all({"id", "url", "ts", "title"} <= page.keys() for page in pages)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.Example.org/A/B?z=1&a=2#part", "org,example)/a/b?a=2&z=1"),
        ("http://example.org:80", "org,example)/"),
        ("http://example.org:8080/a/", "org,example:8080)/a"),
        ("https://user@www2.example.org./", "org,example)/"),
        ("http://127.0.0.1/x", "1,0,0,127)/x"),
        ("http://[::1]/x", "[::1])/x"),
        ("urn:view:http://a/", "urn:view:http://a/"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_addresses_have_the_keys_of_public_indexers(url: str, key: str) -> None:
    assert surt(url) == key


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run the command in an empty folder with the project's configuration."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
    environment |= {"WATCHER_CONFIG": str(ROOT / "config"), "WATCHER_FETCH__INTRANET": "127.0.0.0/8"}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "watcher", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return call


def test_the_command_writes_a_bag_that_checks_itself_and_reads_its_warc_back(
    run: Any, site: Any, tmp_path: Path
) -> None:
    run("source", "add", site.put("/kaz", PAGE), "--id", "kaz", "--subject", "KAZ", "--title", "Kazakhstan")
    run("check", "kaz")
    made = run("export", "kaz", "evidence.zip", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["captures"] == 1
    assert told["sha256"] == hashlib.sha256((tmp_path / "evidence.zip").read_bytes()).hexdigest()
    again = run("export", "kaz", "evidence.zip")
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    wrong = run("export", "kaz", "other.zip", "--from", "yesterday")
    assert (wrong.returncode, "--from 'yesterday' is no date" in wrong.stderr) == (2, True)
    assert "0 Captures" in run("export", "kaz", "none.zip", "--to", "2001-01-01").stdout
    assert "1 Captures" in run("export", "kaz", "kaz.wacz", "--wacz").stdout
    with zipfile.ZipFile(tmp_path / "evidence.zip") as packed:
        packed.extractall(tmp_path)
    verifier = tmp_path / "evidence" / "data" / "verify_offline.py"
    checked = subprocess.run([sys.executable, "-I", verifier], capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode in (0, 2), checked.stdout
    assert "Nothing is wrong" in checked.stdout or "Everything was checked" in checked.stdout
    run("source", "add", site.url("/kaz"), "--id", "copy", "--title", "Copy")
    back = run("import", "copy", "evidence/data/warc/kaz-00001.warc.gz")
    assert "first Version" in back.stdout, back.stderr
    assert "1 item(s): 1 first Version" in back.stdout
    elsewhere = run("import", "copy", "evidence/data/warc/kaz-00001.warc.gz", "--url", "https://example.org/")
    assert (elsewhere.returncode, "no record of https://example.org/" in elsewhere.stderr) == (2, True)
    assert run("import", "copy", "evidence/data/records.jsonl", "--url", "https://example.org/").returncode == 2
