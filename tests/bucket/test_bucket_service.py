"""An instance whose archive lies in a bucket, by its commands alone: from the first page to the restored copy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from watcher.archive.bucket import BucketPlace, BucketStorage
from watcher.archive.places import payload_place

ROOT = Path(__file__).resolve().parents[2]
PAGE = "<html><title>Treaty</title><body><p>Kazakhstan {0} the treaty, says this page.</p>{1}</body></html>"
FILLING = "".join(f"<p>Paragraph {n} speaks of the budget and of roads.</p>" for n in range(30))


@pytest.fixture
def watcher(tmp_path: Path, bucket: BucketPlace) -> Any:
    """Runs a command of an instance whose settings name the bucket; gives its exit code and what it said."""
    (tmp_path / "secret.txt").write_text(f"{bucket.secret_access_key}\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
    environment = {
        **kept,
        "PYTHONPATH": str(ROOT),
        "WATCHER_CONFIG": str(ROOT / "config"),
        "WATCHER_FETCH__INTRANET": "127.0.0.0/8",
        "WATCHER_FETCH__GAP_SECONDS": "0",
        "WATCHER_ARCHIVE__PATH": f"s3://{bucket.bucket}/{bucket.prefix}",
        "WATCHER_ARCHIVE__S3_ENDPOINT": bucket.endpoint,
        "WATCHER_ARCHIVE__S3_ACCESS_KEY": bucket.access_key_id,
        "WATCHER_ARCHIVE__S3_SECRET_KEY_FILE": str(tmp_path / "secret.txt"),
    }

    def run(*arguments: str, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "watcher", *arguments],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_bucket_serves_an_instance_from_the_first_page_to_the_restored_copy(
    watcher: Any, tmp_path: Path, bucket: BucketPlace, site: Any
) -> None:
    port = str(site.port)
    url = site.put("/page", PAGE.format("has not joined", FILLING))
    ports = {"WATCHER_FETCH__PORTS": port}
    code, said = watcher("init")
    assert (code, f"s3://{bucket.bucket}/{bucket.prefix}" in said) == (0, True), said
    assert watcher("source", "add", url, "--id", "page", "--subject", "KAZ", **ports)[0] == 0
    assert "first Version" in watcher("check", "page", **ports)[1]
    site.put("/page", PAGE.format("joined", FILLING))
    assert "Change" in watcher("check", "page", **ports)[1]
    code, said = watcher("verify")
    assert (code, "nothing is wrong" in said) == (0, True), said
    assert not (tmp_path / "snapshots").exists()
    assert [one.name for one in BucketStorage(bucket).files("payloads/") if not one.name.endswith(".zst")] == []

    code, said = watcher("export", "page", "out.zip")
    assert code == 0, said
    with zipfile.ZipFile(tmp_path / "out.zip") as bag:
        bag.extractall(tmp_path / "bag")
    (verifier,) = (tmp_path / "bag").rglob("verify_offline.py")
    checked = subprocess.run(
        [sys.executable, "-I", str(verifier)], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr

    (tmp_path / "data" / "watcher.db").rename(tmp_path / "lost.db")
    for path in (tmp_path / "data").glob("watcher.db-*"):
        path.unlink()
    assert "watcher rebuild" in watcher("status")[1]
    code, said = watcher("rebuild")
    assert (code, "2 captures" in said, "1 changes" in said) == (0, True, True), said

    assert watcher("key", "rotate")[0] == 0
    first = json.loads(watcher("verify", "--json")[1])
    assert (first["exit_code"], first["payloads"]) == (0, 2)
    digest = next(one.name for one in BucketStorage(bucket).files("payloads/")).rpartition("/")[2].removesuffix(".zst")
    code, said = watcher("payload", "delete", digest, "--reason", "a court order", "--yes")
    assert code == 0, said
    assert not BucketStorage(bucket).exists(payload_place(digest))
    for level in ("quick", "full"):
        code, said = watcher("verify", "--level", level)
        assert code == 0, said

    code, said = watcher("backup", "copy.tar.zst")
    assert code == 0, said
    assert watcher("restore", "copy.tar.zst", "--to", "restored")[0] == 0
    own = {
        "WATCHER_ARCHIVE__PATH": "restored/snapshots",
        "WATCHER_STORE__URL": f"sqlite:///{tmp_path}/restored/data/watcher.db",
    }
    code, said = watcher("verify", **own)
    assert (code, "nothing is wrong" in said) == (0, True), said


def test_a_damaged_object_is_found_and_named_by_verify(watcher: Any, bucket: BucketPlace, site: Any) -> None:
    url = site.put("/page", PAGE.format("has not joined", FILLING))
    ports = {"WATCHER_FETCH__PORTS": str(site.port)}
    watcher("init")
    watcher("source", "add", url, "--id", "page", "--subject", "KAZ", **ports)
    watcher("check", "page", **ports)
    storage = BucketStorage(bucket)
    (stored,) = list(storage.files("payloads/"))
    content = storage.read(stored.name)
    storage.remove(stored.name)
    storage.put_once(stored.name, content[:-3] + b"abc")
    code, said = watcher("verify")
    assert code == 1
    assert "payload_damaged (1)" in said
    assert f"s3://{bucket.bucket}/{bucket.prefix}/{stored.name}" in said


def test_without_its_keys_a_bucket_is_not_touched_and_the_message_says_which_to_set(watcher: Any) -> None:
    code, said = watcher("init", WATCHER_ARCHIVE__S3_ACCESS_KEY="", WATCHER_ARCHIVE__S3_SECRET_KEY_FILE=os.devnull)
    assert (code, "WATCHER_ARCHIVE__S3_ACCESS_KEY" in said) == (2, True), said


def test_a_database_without_its_bucket_is_refused(watcher: Any, bucket: BucketPlace) -> None:
    assert watcher("init")[0] == 0
    code, said = watcher("status", WATCHER_ARCHIVE__PATH=f"s3://{bucket.bucket}/elsewhere")
    assert (code, f"archive s3://{bucket.bucket}/elsewhere is missing" in said) == (3, True), said
