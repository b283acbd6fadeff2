"""Like with like: a newer Definition or extractor reads the newest good Snapshot again, and nobody is told of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from watcher.extract import registry
from watcher.model.capture import Outcome, Version
from watcher.model.change import Change, ChangeKind
from watcher.model.source import SourceKind
from watcher.pipeline import notify, register
from watcher.pipeline.import_history import DatedItem, import_items
from watcher.pipeline.upgrade import UpgradeEnd, outdated_sources, upgrade_source
from watcher.store import changes, sources, versions

PAGE = """<html><head><title>Kazakhstan</title></head><body><div class=date>Visitors: {count}</div>
<main><h1>Kazakhstan and the Mine Ban Treaty</h1>
<p>Kazakhstan {vote} resolution 61/84 on the Mine Ban Treaty in the General Assembly.</p>
<p>This page is kept by the secretariat for the information of the public and of other States.</p></main>
<section class=annex><h2>Annex</h2><p>Kazakhstan has stockpiles of antipersonnel mines.</p></section></body></html>"""


def _page(count: int = 1, vote: str = "abstained in the vote on") -> str:
    return PAGE.format(count=count, vote=vote)


def _edit(bench: Any, **rules: Any) -> None:
    with bench.rooms.database.reading() as connection:
        definition = sources.get_source(connection, "kaz").definition
    bench.clock.advance(seconds=1)
    steps = register.plan_sources(bench.rooms, [("kaz", replace(definition, **rules), False)])
    register.apply_plan(bench.rooms, steps, user="test")


def _baseline(bench: Any) -> Version:
    with bench.rooms.database.reading() as connection:
        baseline_id = sources.get_baseline_id(connection, "kaz")
        assert baseline_id is not None
        return versions.get_version(connection, baseline_id)


def _made(bench: Any) -> list[Change]:
    with bench.rooms.database.reading() as connection:
        return changes.list_changes(connection, source_id="kaz")


def _start(bench: Any, body: str = "", **rules: Any) -> Version:
    bench.register("kaz", bench.site.put("/kaz", body or _page()), **rules)
    version: Version = bench.check("kaz").recorded.version
    return version


def test_the_same_bytes_are_read_again_under_a_new_definition(bench: Any) -> None:
    first = _start(bench)
    _edit(bench, remove=(".date",))
    recorded = bench.check("kaz").recorded
    assert recorded.capture.outcome is Outcome.SAME
    assert recorded.change is None
    assert recorded.technical.kind is ChangeKind.TECHNICAL
    assert not recorded.technical.alert
    new = _baseline(bench)
    assert new.version_id != first.version_id
    assert (new.payload_sha256, new.superseded_by) == (first.payload_sha256, "")
    assert new.document is not None
    assert "Visitors" not in new.document.text
    with bench.rooms.database.reading() as connection:
        assert versions.get_version(connection, first.version_id).superseded_by == new.version_id
    assert bench.check("kaz").recorded.technical is None


def test_a_change_after_new_rules_tells_only_what_the_source_changed(bench: Any) -> None:
    _start(bench)
    _edit(bench, remove_text=("Visitors: [0-9]+",), select=("main", ".date"))
    bench.site.put("/kaz", _page(count=2, vote="voted in favour of"))
    recorded = bench.check("kaz").recorded
    assert recorded.change.kind is ChangeKind.CONTENT
    assert [hunk.old for hunk in recorded.change.diff.hunks if "Annex" in hunk.old or "Visitors" in hunk.old] == []
    assert len(recorded.change.diff.hunks) == 1
    assert {moved.indicator for moved in recorded.change.judgement.position_changes} >= {"vote"}
    assert "stockpile" not in {moved.indicator for moved in recorded.change.judgement.position_changes}


def test_narrower_rules_are_no_shrunken_text(bench: Any) -> None:
    long = _page().replace("<section", "<p>" + "A sentence of the annex of some length. " * 200 + "</p><section")
    _start(bench, long)
    _edit(bench, select=("h1",))
    bench.site.put("/kaz", long.replace("</h1>", " of 1997</h1>"))
    recorded = bench.check("kaz").recorded
    assert not recorded.version.is_held
    assert recorded.change.kind is ChangeKind.CONTENT


def test_the_newest_snapshot_that_read_the_same_is_the_one_that_is_read_again(bench: Any) -> None:
    _start(bench, remove=(".date",))
    bench.site.put("/kaz", _page(count=2))
    assert bench.check("kaz").recorded.version is None
    _edit(bench, remove=())
    bench.check("kaz")
    assert "Visitors: 2" in _baseline(bench).document.text  # type: ignore[union-attr]
    assert not any(change.alert for change in _made(bench))


def test_a_newer_extractor_reads_the_known_bytes_again(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _start(bench)
    newer = {kind: replace(one, version=one.version + 1) for kind, one in registry.EXTRACTORS.items()}
    monkeypatch.setattr(registry, "EXTRACTORS", newer)
    recorded = bench.check("kaz").recorded
    assert recorded.capture.outcome is Outcome.SAME
    new = _baseline(bench)
    assert new.extractor_version == first.extractor_version + 1
    said = f"by html {new.extractor_version} in place of html {first.extractor_version}: they read the same"
    assert said in recorded.technical.reason
    assert bench.check("kaz").recorded.technical is None


def test_a_title_alone_reads_nothing_again(bench: Any) -> None:
    first = _start(bench)
    _edit(bench, title="Another title")
    assert bench.check("kaz").recorded.technical is None
    assert _baseline(bench).version_id == first.version_id


def test_a_technical_upgrade_is_in_no_digest_and_moves_no_position(bench: Any) -> None:
    bench.subscribe()
    _start(bench)
    _edit(bench, select=("main",))
    bench.check("kaz")
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    assert composed.digest.entries == ()
    assert composed.digest.noise_count == 0
    (technical,) = _made(bench)
    assert technical.judgement.position_changes == ()


def test_the_board_shows_the_positions_of_the_new_reading_alone(bench: Any) -> None:
    _start(bench)
    with bench.rooms.database.reading() as connection:
        before = {position.indicator for _, _, _, position in versions.positions_of_subject(connection, "KAZ")}
    assert {"vote", "stockpile"} <= before
    _edit(bench, select=("main",))
    bench.check("kaz")
    with bench.rooms.database.reading() as connection:
        stated = versions.positions_of_subject(connection, "KAZ")
    assert {version_id for _, version_id, _, _ in stated} == {_baseline(bench).version_id}
    assert "stockpile" not in {position.indicator for _, _, _, position in stated}


def test_rules_that_come_back_bring_their_version_back(bench: Any) -> None:
    first = _start(bench)
    _edit(bench, select=("main",))
    bench.check("kaz")
    _edit(bench, select=())
    bench.check("kaz")
    back = _baseline(bench)
    assert back.document.blocks == first.document.blocks  # type: ignore[union-attr]
    with bench.rooms.database.reading() as connection:
        stated = versions.positions_of_subject(connection, "KAZ")
        assert versions.newest_version(connection, "kaz").version_id == back.version_id  # type: ignore[union-attr]
    assert {version_id for _, version_id, _, _ in stated} == {back.version_id}


def test_new_rules_that_match_nothing_keep_the_baseline_and_say_so_once(bench: Any) -> None:
    first = _start(bench)
    _edit(bench, select=("#nowhere",))
    recorded = bench.check("kaz").recorded
    assert recorded.version.error_code == "held_structure_changed"
    assert recorded.version.error.startswith("the select rule '#nowhere' matched nothing")
    assert "watcher source preview kaz" in recorded.version.error
    assert (recorded.change, recorded.technical) == (None, None)
    assert _baseline(bench).version_id == first.version_id
    assert bench.check("kaz").recorded.version is None
    _edit(bench, select=("main",))
    recorded = bench.check("kaz").recorded
    assert recorded.technical is not None or recorded.version is not None
    assert not any(change.alert for change in _made(bench))
    assert "Annex" not in _baseline(bench).document.text  # type: ignore[union-attr]


def test_rules_for_a_new_shape_tell_that_the_old_one_was_read_otherwise(bench: Any) -> None:
    _start(bench, select=("main",))
    shape = _page(vote="voted in favour of").replace("<main>", "<div id=text>").replace("</main>", "</div>")
    bench.site.put("/kaz", shape)
    assert bench.check("kaz").recorded.version.is_held
    _edit(bench, select=("#text",))
    change = bench.check("kaz").recorded.change
    assert change.alert
    assert "not read alike" in change.reason
    assert "the select rule '#text' matched nothing" in change.reason
    assert len(change.diff.hunks) == 1


def test_an_upgrade_at_once_is_audited_and_done_once(bench: Any) -> None:
    first = _start(bench)
    _edit(bench, remove=(".date",))
    assert outdated_sources(bench.rooms) == ["kaz"]
    done = upgrade_source(bench.rooms, "kaz", user="auditor")
    assert done.end is UpgradeEnd.UPGRADED
    assert _baseline(bench).version_id == done.version_id != first.version_id
    assert outdated_sources(bench.rooms) == []
    assert upgrade_source(bench.rooms, "kaz", user="auditor").end is UpgradeEnd.CURRENT
    acts = [record.body for record in bench.rooms.archive.records() if record.type == "audit"]
    assert (acts[-1]["action"], acts[-1]["user"], acts[-1]["target"]) == ("version.upgrade", "auditor", "kaz")
    bench.site.put("/kaz", _page(count=2))
    assert bench.check("kaz").recorded.change is None


def test_an_upgrade_at_once_that_fails_keeps_the_old_reading_and_says_why(bench: Any) -> None:
    first = _start(bench)
    _edit(bench, keep_blocks=("zebra",))
    failed = upgrade_source(bench.rooms, "kaz", user="auditor")
    assert failed.end is UpgradeEnd.FAILED
    assert "the old reading stays: the keep_blocks rule 'zebra' matched nothing" in failed.reason
    assert _baseline(bench).version_id == first.version_id
    assert outdated_sources(bench.rooms) == ["kaz"]


@pytest.mark.parametrize(
    "rules",
    [{"select": ("main",)}, {"select": ("//main",)}, {"keep_blocks": ("Mine Ban",)}],
    ids=["css", "xpath", "pattern"],
)
def test_080_a_rule_that_stops_matching_is_a_changed_structure_for_every_kind(bench: Any, rules: Any) -> None:
    bench.subscribe()
    first = _start(bench, **rules)
    other = _page().replace("main>", "article>").replace("Mine Ban", "Ottawa")
    bench.site.put("/kaz", other)
    recorded = bench.check("kaz").recorded
    assert recorded.change is None
    assert recorded.version.error_code == "held_structure_changed"
    assert recorded.version.error.startswith("structure changed: the ")
    assert _baseline(bench).version_id == first.version_id
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    text = " ".join(composed.message.text.split())
    assert "structure changed: the " in text
    assert "watcher source preview kaz" in text
    assert "watcher source preview kaz" in composed.message.html


def test_080_one_of_two_selectors_that_stops_matching_tells_no_removal(bench: Any) -> None:
    bench.subscribe()
    _start(bench, select=("main", ".annex"))
    bench.site.put("/kaz", _page().replace("class=annex", "class=appendix"))
    recorded = bench.check("kaz").recorded
    assert recorded.change.kind is ChangeKind.STATUS
    assert recorded.change.diff.hunks == ()
    assert recorded.change.judgement.position_changes == ()
    assert "the select rule '.annex' matched nothing any more" in recorded.change.reason
    assert "the select rule '.annex' matched nothing" in recorded.version.document.notes
    assert bench.check("kaz").recorded.change is None
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    text = " ".join(composed.message.text.split())
    assert "structure changed" in text
    assert "watcher source preview kaz" in text


def test_080_what_the_other_selector_keeps_is_still_compared(bench: Any) -> None:
    _start(bench, select=("main", ".annex"))
    moved = _page(vote="voted in favour of").replace("class=annex", "class=appendix")
    bench.site.put("/kaz", moved)
    change = bench.check("kaz").recorded.change
    assert change.kind is ChangeKind.CONTENT
    assert len(change.diff.hunks) == 1
    assert "stockpile" not in {step.indicator for step in change.judgement.position_changes}
    assert "'.annex' matched nothing any more" in change.reason


def test_selectors_that_are_ways_to_the_same_text_are_compared_in_full(bench: Any) -> None:
    _start(bench, select=("main", "#text"))
    shape = _page(vote="voted in favour of").replace("<main>", "<div id=text>").replace("</main>", "</div>")
    bench.site.put("/kaz", shape)
    change = bench.check("kaz").recorded.change
    assert change.kind is ChangeKind.CONTENT
    assert len(change.diff.hunks) == 1
    assert "structure changed" not in change.reason


def test_an_import_between_two_versions_is_compared_alike_with_both(bench: Any) -> None:
    bench.register("kaz", "", kind=SourceKind.UPLOAD)

    def bring(day: int, body: str) -> None:
        moment = datetime(2026, 4, day, tzinfo=UTC)
        item = DatedItem(
            captured_at=moment,
            payload=body.encode(),
            media_type="text/html",
            charset="utf-8",
            url="",
            origin=f"{day}.html",
        )
        list(import_items(bench.rooms, "kaz", [item], user="test"))

    bring(1, _page(1))
    bring(20, _page(20, vote="voted in favour of"))
    _edit(bench, remove_text=("Visitors: [0-9]+",))
    bring(10, _page(10, vote="voted in favour of"))
    with bench.rooms.database.reading() as connection:
        standing = [one for one in versions.list_versions(connection, "kaz") if not one.superseded_by]
    assert len({one.definition_sha256 for one in standing}) == 1
    ids = {one.version_id for one in standing}
    steps = [change for change in _made(bench) if {change.from_version_id, change.to_version_id} <= ids]
    words = " ".join(hunk.old + hunk.new for change in steps for hunk in change.diff.hunks)
    assert words.count("abstained") == 1
    assert "Visitors" not in words
    assert not outdated_sources(bench.rooms)
