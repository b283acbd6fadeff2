"""Who could cheat, and what finds it: each attack is done to a real instance and `verify` names it, or shows
that nothing inside the instance can and a checkpoint from elsewhere does."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from watcher.archive import create_archive, open_archive, open_seal
from watcher.archive.findings import EXPLAINED, FindingCode
from watcher.archive.keys import ledger_keys, rotate_key
from watcher.archive.ledger import canonical_json
from watcher.archive.merkle import leaf_hash, tree_root
from watcher.archive.notes import Checkpoint, PrivateKey, parse_skey, parse_vkey, sign_note
from watcher.archive.payloads import Payloads
from watcher.errors import ArchiveError, RefusedError
from watcher.model.source import Definition, Source, SourceState
from watcher.pipeline.recover import recover
from watcher.pipeline.verify import Level, VerifyPlan, VerifyReport, VerifyTarget, record_verification, verify
from watcher.store import sources
from watcher.store.database import open_database

PAGE = "<html><body><p>Kazakhstan has not joined the treaty, says page {0}.</p></body></html>"
ORIGIN = "watcher.test/archive"


@dataclass(kw_only=True)
class Victim:
    """An instance with a story, its folder, and a checkpoint that somebody else kept."""

    bench: Any
    folder: Path
    kept: str

    @property
    def root(self) -> Path:
        return self.folder / "snapshots"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger" / "0000000000.jsonl"

    @property
    def key_path(self) -> Path:
        return self.folder / "data" / "archive.key"

    def lines(self) -> list[bytes]:
        return self.ledger.read_bytes().splitlines()

    def write(self, lines: list[bytes]) -> None:
        self.ledger.write_bytes(b"".join(line + b"\n" for line in lines))

    def sql(self, statement: str, *values: Any) -> None:
        connection = sqlite3.connect(self.folder / "data" / "watcher.db")
        connection.execute(statement, values)
        connection.commit()
        connection.close()

    def payloads(self) -> list[Path]:
        return sorted((self.root / "payloads").rglob("*.zst"))

    def sequence_of(self, record_type: str, place: int = 0) -> int:
        found = [n for n, line in enumerate(self.lines()) if json.loads(line)["type"] == record_type]
        return found[place]

    def verify(self, **plan: Any) -> VerifyReport:
        database = open_database(f"sqlite:///{self.folder / 'data' / 'watcher.db'}")
        target = VerifyTarget(root=self.root, origin=ORIGIN, key_path=self.key_path, database=database)
        try:
            return verify(
                target,
                VerifyPlan(**{"level": Level.FULL, "seed": "s", **plan}),
                now=self.bench.clock() + timedelta(days=400),
                pause=lambda _: None,
            )
        finally:
            database.close()

    def codes(self, **plan: Any) -> dict[str, int]:
        return self.verify(**plan).counts


@pytest.fixture
def victim(bench: Any, tmp_path: Path) -> Victim:
    seal = open_seal(bench.rooms.archive, tmp_path / "data" / "archive.key", now=bench.clock())
    bench.rooms = replace(bench.rooms, seal=seal)
    for number in range(2):
        bench.register(f"page-{number}", bench.site.put(f"/{number}", PAGE.format(number)))
        bench.check(f"page-{number}")
    kept = seal.checkpoint()
    bench.site.put("/0", b"", status=500)
    bench.check("page-0")
    seal.checkpoint()
    bench.check("page-1")
    return Victim(bench=bench, folder=tmp_path, kept=kept)


def flip(path: Path) -> None:
    raw = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(raw[:20] + bytes([raw[20] ^ 1]) + raw[21:])


def cut(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-5])


def exchange(path: Path) -> None:
    other = Payloads(path.parents[4] / "elsewhere").put(b"other bytes")
    path.chmod(0o644)
    path.write_bytes(next((path.parents[4] / "elsewhere").rglob(f"{other}.zst")).read_bytes())


def test_an_instance_that_nobody_touched_is_clean_at_both_levels(victim: Victim) -> None:
    for level in Level:
        report = victim.verify(level=level, against=victim.kept)
        assert (report.counts, report.exit_code, report.complete) == ({}, 0, True)
        assert report.size == len(victim.lines())
        assert report.rows == len([1 for line in victim.lines() if json.loads(line)["type"] != "key"])
        assert report.payloads == report.payloads_named == 2
    assert any("under no checkpoint yet" in note for note in report.notes)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (flip, FindingCode.PAYLOAD_DAMAGED),
        (cut, FindingCode.PAYLOAD_DAMAGED),
        (exchange, FindingCode.PAYLOAD_DAMAGED),
        (Path.unlink, FindingCode.PAYLOAD_MISSING),
    ],
)
def test_136_a_payload_flipped_cut_exchanged_or_removed_is_named(
    victim: Victim, damage: Callable[[Path], None], code: FindingCode
) -> None:
    path = victim.payloads()[0]
    damage(path)
    report = victim.verify()
    assert report.counts == {code.value: 1}
    assert path.name.removesuffix(".zst") in report.findings[0].target
    assert "Named by record" in report.findings[0].message
    assert report.exit_code == 1


def test_133_a_payload_that_the_disk_does_not_give_back_is_told_from_a_damaged_one(victim: Victim) -> None:
    path = victim.payloads()[0]
    path.unlink()
    path.mkdir()
    assert victim.codes() == {FindingCode.PAYLOAD_UNREADABLE.value: 1}


def test_136_an_extra_file_among_the_payloads_is_named(victim: Victim) -> None:
    digest = Payloads(victim.root).put(b"planted")
    (victim.root / "payloads" / "notes.txt").write_text("hello")
    report = victim.verify()
    assert report.counts == {FindingCode.PAYLOAD_EXTRA.value: 2}
    assert any(digest in finding.target for finding in report.findings)


def test_a_payload_just_written_by_a_service_at_work_is_not_called_extra(victim: Victim) -> None:
    Payloads(victim.root).put(b"its record comes next")
    written_at = (victim.bench.clock() + timedelta(days=400, minutes=-1)).timestamp()
    newest = max(victim.payloads(), key=lambda path: path.stat().st_mtime)
    os.utime(newest, (written_at, written_at))
    assert victim.codes() == {}


ROW_ATTACKS = {
    "edited_outcome": ("UPDATE captures SET outcome = 'new' WHERE sequence = ?", "capture", "row_differs"),
    "edited_time": ("UPDATE captures SET captured_at = '2020-01-01' WHERE sequence = ?", "capture", "row_differs"),
    "edited_body": (
        "UPDATE captures SET body = replace(body, '200', '404') WHERE sequence = ?",
        "capture",
        "row_differs",
    ),
    "retyped_number": ("UPDATE captures SET outcome = 7 WHERE sequence = ?", "capture", "row_differs"),
    "retyped_blob": ("UPDATE captures SET body = x'ff00fe' WHERE sequence = ?", "capture", "row_differs"),
    "text_that_is_no_utf8": (
        "UPDATE captures SET body = CAST(x'ff00fe' AS TEXT) WHERE sequence = ?",
        "capture",
        "row_differs",
    ),
    "deep_json": (
        "UPDATE captures SET body = replace(hex(zeroblob(50000)), '0', '[') WHERE sequence = ?",
        "capture",
        "row_differs",
    ),
    "deleted": ("DELETE FROM captures WHERE sequence = ?", "capture", "row_missing"),
    "definition_edited": ("UPDATE definitions SET body = '{}' WHERE sequence = ?", "definition", "row_differs"),
    "definition_deleted": ("DELETE FROM definitions WHERE sequence = ?", "definition", "row_missing"),
    "act_edited": ("UPDATE audit SET user = 'nobody' WHERE sequence = ?", "audit", "row_differs"),
    "act_retyped": ("UPDATE audit SET after = 12.5 WHERE sequence = ?", "audit", "row_differs"),
    "act_deleted": ("DELETE FROM audit WHERE sequence = ?", "audit", "row_missing"),
}


@pytest.mark.parametrize("attack", ROW_ATTACKS)
def test_137_a_row_edited_retyped_or_deleted_is_named_by_its_record(victim: Victim, attack: str) -> None:
    statement, record_type, code = ROW_ATTACKS[attack]
    sequence = victim.sequence_of(record_type, -1)
    victim.sql(statement, sequence)
    report = victim.verify()
    assert report.counts == {code: 1}
    assert report.findings[0].target.endswith(f" {sequence}")


def test_137_rows_that_were_put_in_are_named_wherever_their_number_lies(victim: Victim) -> None:
    for sequence in (-3, victim.sequence_of("key"), 70_000):
        victim.sql(
            "INSERT INTO audit (sequence, recorded_at, user, action, target) VALUES (?, '2026-01-01', 'a', 'b', 'c')",
            sequence,
        )
    victim.sql("UPDATE definitions SET sequence = 'nine' WHERE sequence = ?", victim.sequence_of("definition"))
    counts = victim.codes()
    assert counts == {"row_without_record": 4, "row_missing": 1}


def _edited(lines: list[bytes], place: int) -> list[bytes]:
    return [line.replace(b"page-", b"pagE-") if n == place else line for n, line in enumerate(lines)]


def _retyped(lines: list[bytes], place: int) -> list[bytes]:
    return [
        line.replace(b'"type":"capture"', b'"type":"audit"') if n == place else line for n, line in enumerate(lines)
    ]


def _renumbered(lines: list[bytes]) -> list[bytes]:
    return [canonical_json({**json.loads(line), "sequence": n}) for n, line in enumerate(lines)]


def _reformatted(lines: list[bytes], place: int) -> list[bytes]:
    return [line.replace(b'"sequence":', b'"sequence": ') if n == place else line for n, line in enumerate(lines)]


RECORD_ATTACKS: dict[str, tuple[Callable[[list[bytes], int], list[bytes]], set[str]]] = {
    "edited": (_edited, {"checkpoint_root", "row_differs"}),
    "retyped": (_retyped, {"checkpoint_root", "row_without_record", "row_missing"}),
    "removed": (lambda lines, place: lines[:place] + lines[place + 1 :], {"checkpoint_root", "record_sequence"}),
    "removed_and_renumbered": (
        lambda lines, place: _renumbered(lines[:place] + lines[place + 1 :]),
        {"checkpoint_root", "row_without_record"},
    ),
    "inserted": (
        lambda lines, place: [*lines[:place], b'{"sequence":3,"type":"audit"}', *lines[place:]],
        {"checkpoint_root", "record_sequence"},
    ),
    "reformatted": (_reformatted, {"checkpoint_root", "record_form"}),
    "overwritten": (
        lambda lines, place: [b"\xff" * 40 if n == place else line for n, line in enumerate(lines)],
        {"checkpoint_root", "record_unreadable"},
    ),
    "emptied": (lambda _lines, _place: [], {"checkpoint_ahead", "checkpoint_signature", "row_without_record"}),
}


@pytest.mark.parametrize("attack", RECORD_ATTACKS)
def test_137_a_record_edited_retyped_removed_inserted_or_overwritten_is_found(victim: Victim, attack: str) -> None:
    change, codes = RECORD_ATTACKS[attack]
    victim.write(change(victim.lines(), victim.sequence_of("capture")))
    counts = victim.codes()
    assert codes <= counts.keys(), counts


def test_a_capture_record_with_other_fields_is_named(victim: Victim) -> None:
    place = victim.sequence_of("capture", -1)
    lines = victim.lines()
    lines[place] = canonical_json({**json.loads(lines[place]), "started_at": 5.5, "outcome": "invented"})
    victim.write(lines)
    assert {"record_fields", "row_differs"} <= victim.codes().keys()


def test_a_ledger_file_that_is_strange_missing_or_too_long_is_named(victim: Victim) -> None:
    (victim.root / "ledger" / "0000004096.jsonl").write_bytes(b"")
    (victim.root / "ledger" / "readme").write_text("x")
    assert victim.codes()["ledger_file"] == 2


def _cut_tail(victim: Victim) -> None:
    """The end of the ledger with its rows and its checkpoint, as if the last checks had never been."""
    size = victim.sequence_of("capture", -2)
    victim.write(victim.lines()[:size])
    victim.sql("DELETE FROM versions WHERE sequence >= ?", size)
    victim.sql("DELETE FROM captures WHERE sequence >= ?", size)
    for path in sorted((victim.root / "checkpoints").glob("*.note")):
        if int(path.stem) > size:
            path.unlink()
    named = victim.ledger.read_bytes()
    for path in victim.payloads():
        if path.name.removesuffix(".zst").encode() not in named:
            path.unlink()


def test_137_a_tail_cut_off_is_found_by_the_checkpoint_that_was_left(victim: Victim) -> None:
    size = victim.sequence_of("capture", -2)
    victim.write(victim.lines()[:size])
    counts = victim.codes()
    assert counts["checkpoint_ahead"] == 1
    assert counts["row_without_record"] == 2
    with pytest.raises(ArchiveError, match="records are gone"):
        open_seal(open_archive(victim.root), victim.key_path, now=victim.bench.clock())


def test_137_a_tail_rolled_back_with_all_its_traces_is_found_only_against_a_note_kept_elsewhere(victim: Victim) -> None:
    newest = victim.bench.rooms.seal.checkpoint()
    _cut_tail(victim)
    assert victim.codes() == {}
    assert victim.codes(against=victim.kept) == {}  # a note from before the cut cannot know
    assert victim.codes(against=newest) == {"checkpoint_ahead": 1}


def _rewrite(victim: Victim, *, key: PrivateKey) -> None:
    """History written anew: a Capture says something else, all that follows from it is recomputed and signed."""
    place = victim.sequence_of("capture")
    lines = victim.lines()
    forged = {**json.loads(lines[place]), "error": "could not be reached"}
    lines[place] = canonical_json(forged)
    for n in [n for n, line in enumerate(lines) if json.loads(line)["type"] == "key"]:
        statement = sign_note(f"watcher key\n{ORIGIN}\n{key.public.vkey}\n", [key])
        lines[n] = canonical_json({**json.loads(lines[n]), "vkey": key.public.vkey, "statement": statement})
    victim.write(lines)
    victim.sql("UPDATE captures SET body = json_set(body, '$.error', ?) WHERE sequence = ?", forged["error"], place)
    shutil.rmtree(victim.root / "keys")
    (victim.root / "keys").mkdir()
    (victim.root / "keys" / f"{key.public.key_id}.vkey").write_text(key.public.vkey + "\n")
    leaves = [leaf_hash(line) for line in lines]
    for path in (victim.root / "checkpoints").glob("*.note"):
        path.chmod(0o644)
        size = int(path.stem)
        head = Checkpoint(origin=ORIGIN, size=size, root=tree_root(leaves[:size]))
        path.write_text(sign_note(head.text, [key]))


def test_137_everything_recomputed_without_the_key_is_found_by_the_key_at_hand(victim: Victim) -> None:
    own = parse_skey(victim.key_path.read_text().strip()).public
    _rewrite(victim, key=PrivateKey(name=ORIGIN, seed=b"\x05" * 32))
    assert victim.codes() == {"key_mismatch": 1}
    victim.key_path.unlink()
    assert victim.codes() == {}  # away from the key, the key or a note from elsewhere is needed
    assert victim.codes(key=own) == {"key_mismatch": 1}
    assert victim.codes(against=victim.kept) == {"checkpoint_root": 1, "checkpoint_signature": 1}


def test_137_everything_recomputed_with_the_stolen_key_is_found_only_against_a_note_kept_elsewhere(
    victim: Victim,
) -> None:
    _rewrite(victim, key=parse_skey(victim.key_path.read_text().strip()))
    assert victim.codes() == {}
    assert victim.codes(against=victim.kept) == {"checkpoint_root": 1}


def test_a_rewrite_is_found_by_the_checkpoint_of_a_digest_while_the_database_keeps_it(victim: Victim) -> None:
    victim.sql(
        "INSERT INTO subscriptions VALUES ('s', 'a@b.example', '{}', 'daily', '2026-01-01', 0, '2026-01-01', 1, '', '')"
    )
    victim.sql(
        "INSERT INTO digests VALUES ('d', 's', '2026-01-01', '2026-01-02', '2026-01-02', 'x', 'x', 'x', ?)", victim.kept
    )
    assert victim.codes() == {}
    _rewrite(victim, key=parse_skey(victim.key_path.read_text().strip()))
    assert victim.codes() == {"checkpoint_root": 1}


def test_checkpoints_that_are_forged_damaged_or_misplaced_are_named(victim: Victim) -> None:
    paths = sorted((victim.root / "checkpoints").glob("*.note"))
    note = paths[0].read_text()
    paths[0].chmod(0o644)
    paths[0].write_text(sign_note(note.partition("\n\n")[0] + "\n", [PrivateKey(name=ORIGIN, seed=b"\x09" * 32)]))
    (victim.root / "checkpoints" / "0000000001.note").write_text(note)
    (victim.root / "checkpoints" / "0000000002.note").write_bytes(b"\xff\x00")
    assert victim.codes() == {"checkpoint_signature": 1, "checkpoint_unreadable": 2}


def test_a_rotated_key_signs_from_there_and_what_was_signed_before_stays_valid(victim: Victim) -> None:
    archive = victim.bench.rooms.archive
    before = ledger_keys(victim.root, origin=ORIGIN)[-1].public
    new = rotate_key(archive, victim.key_path, now=victim.bench.clock())
    assert new != before
    assert victim.bench.rooms.seal.checkpoint().count("— ") == 1
    victim.bench.check("page-1")
    newest = victim.bench.rooms.seal.checkpoint()
    assert victim.codes(against=newest, key=before) == {}
    assert victim.key_path.stat().st_mode & 0o777 == 0o600
    assert not victim.key_path.with_name("archive.key.next").exists()


def test_a_key_that_replaces_a_lost_one_is_a_finding_until_somebody_vouches_for_it(victim: Victim) -> None:
    victim.key_path.unlink()
    archive = open_archive(victim.root)
    with pytest.raises(ArchiveError, match="watcher key rotate --lost"):
        open_seal(archive, victim.key_path, now=victim.bench.clock())
    new = rotate_key(archive, victim.key_path, now=victim.bench.clock(), lost=True)
    open_seal(archive, victim.key_path, now=victim.bench.clock()).checkpoint()
    assert victim.codes() == {"key_record": 1}
    assert victim.codes(key=parse_vkey(new.vkey)) == {}


def test_another_archives_key_is_refused_by_name(victim: Victim, tmp_path: Path) -> None:
    other = create_archive(tmp_path / "other", origin="other.test/archive")
    with pytest.raises(ArchiveError, match="holds the key of watcher"):
        open_seal(other, victim.key_path, now=victim.bench.clock())


def test_a_rotation_that_ended_half_way_is_finished(victim: Victim) -> None:
    old = victim.key_path.read_text()
    rotate_key(victim.bench.rooms.archive, victim.key_path, now=victim.bench.clock())
    victim.key_path.rename(victim.key_path.with_name("archive.key.next"))
    victim.key_path.write_text(old)
    open_seal(open_archive(victim.root), victim.key_path, now=victim.bench.clock()).checkpoint()
    assert victim.codes() == {}


def test_a_changed_ledger_is_not_signed_again_over_the_old_checkpoint(victim: Victim) -> None:
    victim.bench.rooms.seal.checkpoint()
    victim.write(_edited(victim.lines(), victim.sequence_of("capture")))
    with pytest.raises(ArchiveError, match="records were changed"):
        open_seal(open_archive(victim.root), victim.key_path, now=victim.bench.clock()).checkpoint()


def test_162_a_clock_that_was_set_back_is_a_note_and_no_finding(victim: Victim) -> None:
    victim.bench.clock.advance(days=-2)
    victim.bench.check("page-1")
    report = victim.verify()
    assert report.counts == {}
    assert [note for note in report.notes if "the clock was set back" in note]


def test_time_that_runs_out_stops_between_payloads_and_the_rest_is_read_later(victim: Victim) -> None:
    ticks = iter(range(100))
    target = VerifyTarget(
        root=victim.root, origin=ORIGIN, key_path=victim.key_path, database=victim.bench.rooms.database
    )
    flip(victim.payloads()[0])
    plan = VerifyPlan(level=Level.FULL, seed="s", maximum_seconds=1.5)
    now = victim.bench.clock()
    first = verify(target, plan, now=now, monotonic=lambda: float(next(ticks)))
    assert (first.complete, first.payloads, first.counts) == (False, 1, {"payload_damaged": 1})
    rest = verify(target, replace(plan, after=first.after, found=first.findings, maximum_seconds=None), now=now)
    assert (rest.complete, rest.payloads, rest.counts) == (True, 1, {"payload_damaged": 1})


def test_a_sample_is_the_same_for_one_seed_and_another_for_the_next(victim: Victim) -> None:
    for number in range(60):
        digest = Payloads(victim.root).put(f"payload {number}".encode())
        record = json.loads(victim.lines()[victim.sequence_of("capture")])
        body = {key: value for key, value in record.items() if key not in ("sequence", "type")}
        victim.bench.rooms.archive.append("capture", {**body, "payload_sha256": digest})
    numbers = {seed: victim.verify(seed=seed, share=0.3).payloads for seed in ("a", "a", "b", "c", "d")}
    assert all(5 < number < 40 for number in numbers.values())
    assert len(set(numbers.values())) > 1


def test_what_ended_between_ledger_and_database_is_a_finding_until_the_next_start(victim: Victim) -> None:
    for table in ("audit", "definitions"):
        record_type = "audit" if table == "audit" else "definition"
        victim.sql(f"DELETE FROM {table} WHERE sequence = ?", victim.sequence_of(record_type, -1))
    victim.sql("DELETE FROM captures WHERE sequence = ?", victim.sequence_of("capture", -1))
    assert victim.codes() == {"row_missing": 3}
    recover(victim.bench.rooms)
    assert victim.codes() == {"row_missing": 1}  # the Definition's Source is there without one: for a person to judge


def test_a_complete_verification_is_recorded_and_clean_itself(victim: Victim) -> None:
    report = victim.verify()
    record_verification(open_archive(victim.root), report, now=victim.bench.clock())
    assert json.loads(victim.lines()[-1])["type"] == "verification"
    assert victim.codes() == {}


def test_a_note_of_another_archive_is_refused(victim: Victim) -> None:
    other = sign_note("other.test/archive\n1\n" + "A" * 43 + "=\n", [PrivateKey(name="o", seed=b"\x01" * 32)])
    with pytest.raises(RefusedError, match="holds no signed checkpoint of watcher"):
        victim.verify(against=other)


HOSTILE_LINES = [
    b"",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b'{"sequence":"0","type":"capture"}',
    b'{"sequence":true,"type":"capture"}',
    b'{"sequence":1e400,"type":"capture"}',
    b'{"sequence":99999999999999999999999,"type":"capture"}',
    b'{"sequence":2,"type":["capture"]}',
    b'{"sequence":2,"type":"key","vkey":5,"statement":{}}',
    b'{"sequence":2,"statement":"x","type":"key","vkey":"a+b+c"}',
    b'{"payload_sha256":{"a":1},"sequence":2,"type":"capture"}',
    b'{"payload_sha256":7,"sequence":2,"type":"tombstone"}',
    b'{"recorded_at":[],"sequence":2,"type":"audit"}',
    b'{"recorded_at":"0000-99","sequence":2,"type":"definition"}',
    b'{"sequence":2,"type":"capture","type":"audit"}',
    b'{"sequence":2,"text":"\\ud800","type":"audit"}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"sequence":' + b"9" * 6000 + b',"type":"capture"}',
    b"\x00\xff\xfe",
    b"NaN",
]


def test_137_hostile_lines_are_findings_and_never_crash_the_verifier(victim: Victim) -> None:
    whole = victim.lines()
    for line in HOSTILE_LINES:
        for place in (0, len(whole) // 2):
            victim.write([*whole[:place], line, *whole[place + 1 :]])
            assert victim.verify(level=Level.QUICK).exit_code == 1


def test_bytes_changed_at_random_are_always_found_and_never_crash_the_verifier(victim: Victim) -> None:
    victim.bench.rooms.seal.checkpoint()
    whole = victim.ledger.read_bytes()
    for number in range(60):
        drawn = hashlib.sha256(str(number).encode()).digest()
        place = int.from_bytes(drawn[:4]) % (len(whole) - 1)
        changed = bytearray(whole)
        changed[place] = drawn[4] if drawn[4] != whole[place] else drawn[4] ^ 1
        victim.ledger.write_bytes(bytes(changed))
        assert victim.verify(level=Level.QUICK).exit_code == 1, place


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    assert set(EXPLAINED) == set(FindingCode)
    for code, explained in EXPLAINED.items():
        assert code.value == code.name.lower()
        assert explained.meaning
        assert explained.remedy
        assert "\n" not in explained.meaning + explained.remedy


def test_an_archive_from_before_there_were_keys_gets_one_and_records_of_its_definitions(
    bench: Any, tmp_path: Path
) -> None:
    definition = Definition(url="https://example.org/", title="Older", subjects=("KAZ",))
    source = Source(
        source_id="older",
        state=SourceState.ACTIVE,
        definition=definition,
        registered_at=bench.clock(),
        next_check_at=None,
    )
    with bench.rooms.database.writing() as connection:
        sources.add_source(connection, source)
    older = Victim(bench=bench, folder=tmp_path, kept="")
    notes = older.verify().notes
    assert any("names no key" in note for note in notes)
    assert any("1 Definitions have no record yet" in note for note in notes)
    assert [recover(bench.rooms).sealed for _ in range(2)] == [1, 0]
    open_seal(bench.rooms.archive, older.key_path, now=bench.clock()).checkpoint()
    assert [known.sequence for known in ledger_keys(older.root, origin=ORIGIN)] == [1]
    report = older.verify()
    assert (report.counts, report.rows, report.covered) == ({}, 1, 2)
    older.sql("UPDATE definitions SET sequence = NULL, body = '{}'")
    assert older.codes() == {"row_missing": 1}
    assert recover(bench.rooms).sealed == 0  # a row that lost its record is never given a new one
