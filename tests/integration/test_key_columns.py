"""Key columns that a Definition names: from the file to what is told, and tried before they are in force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.cli.definition import _preview_words
from watcher.errors import ConfigError
from watcher.model.document import ExtractRules
from watcher.model.source import Definition
from watcher.pipeline import register
from watcher.pipeline.between import between
from watcher.pipeline.key_columns import missing_words
from watcher.pipeline.preview import preview_rules
from watcher.settings.sources import load_sources
from watcher.web.app import create_app

HEAD = "<tr><th>No.</th><th>Country</th><th>Vote</th></tr>"
BEFORE = (("France", "yes"), ("Kazakhstan", "abstain"), ("Norway", "yes"), ("Peru", "yes"))
AFTER = (("Chile", "yes"), ("France", "yes"), ("Kazakhstan", "yes"), ("Norway", "yes"), ("Peru", "yes"))


def _page(votes: tuple[tuple[str, str], ...]) -> str:
    rows = (
        f"<tr><td>{number}</td><td>{name}</td><td>{vote}</td></tr>"
        for number, (name, vote) in enumerate(votes, start=1)
    )
    return f"<html><body><h1>Record of votes</h1><table>{HEAD}{''.join(rows)}</table></body></html>"


def _voted(change: Any) -> dict[str, list[str]]:
    return {
        hunk.row_key: [f"{cell.column}: {cell.old} → {cell.new}" for cell in hunk.cells if cell.column == "Vote"]
        for hunk in change.diff.hunks
        if any(cell.old and cell.new for cell in hunk.cells if cell.column == "Vote")
    }


def _changed(bench: Any, key_columns: tuple[str, ...]) -> Any:
    source = bench.register("votes", bench.site.put("/votes", _page(BEFORE)))
    bench.clock.advance(seconds=1)
    definition = replace(source.definition, key_columns=key_columns)
    register.apply_plan(bench.rooms, register.plan_sources(bench.rooms, [("votes", definition, False)]), user="test")
    bench.check("votes")
    bench.site.put("/votes", _page(AFTER))
    return bench.check("votes").recorded.change


def test_the_column_that_is_found_misnames_the_rows(bench: Any) -> None:
    found = _changed(bench, ())
    assert _voted(found) == {"2": ["Vote: abstain → yes"]}
    renamed = [cell for hunk in found.diff.hunks for cell in hunk.cells if cell.column == "Country"]
    assert ("Kazakhstan", "France") in [(cell.old, cell.new) for cell in renamed]


def test_the_configured_key_column_tells_whose_vote_changed(bench: Any) -> None:
    change = _changed(bench, ("country",))
    assert _voted(change) == {"Kazakhstan": ["Vote: abstain → yes"]}
    again = between(bench.rooms, change.from_version_id, change.to_version_id)
    assert _voted(again.comparison) == {"Kazakhstan": ["Vote: abstain → yes"]}


def test_a_key_column_is_tried_on_recorded_changes_before_it_is_in_force(bench: Any) -> None:
    _changed(bench, ())
    tried = preview_rules(bench.rooms, "votes", ExtractRules(), key_columns=("Country",))
    assert len(tried.changes) == 1
    with pytest.raises(ConfigError, match="no heading of a column"):
        preview_rules(bench.rooms, "votes", ExtractRules(), key_columns=(" ",))


def test_a_file_names_key_columns_and_the_plan_shows_them(bench: Any, tmp_path: Path) -> None:
    address = bench.site.put("/votes", _page(BEFORE))
    file = tmp_path / "votes.yaml"
    file.write_text(f"sources:\n  votes:\n    url: {address}\n    key_columns: [Country]\n")
    (source,), problems = load_sources(file)
    assert problems == []
    bench.register("votes", address)
    (step,) = register.plan_sources(bench.rooms, [("votes", source.definition, False)])
    assert ("key_columns", "none", "Country") in step.differences


@pytest.mark.parametrize("headings", ['[""]', "[Country, country]", f"[{'x' * 201}]"])
def test_a_key_column_that_can_be_none_is_refused_with_its_place(tmp_path: Path, headings: str) -> None:
    file = tmp_path / "votes.yaml"
    file.write_text(f"sources:\n  votes:\n    url: https://example.org/votes\n    key_columns: {headings}\n")
    registered, (problem,) = load_sources(file)
    assert registered == []
    assert "key_columns" in problem.message


def test_a_definition_without_key_columns_has_the_digest_that_it_always_had() -> None:
    plain = Definition(url="https://example.org/votes")
    assert plain.digest_sha256 == "1d0b5a451577cd8e4cbba1e81f720c90552476639f864d123e1ad0492481f922"
    assert replace(plain, key_columns=("Country",)).digest_sha256 != plain.digest_sha256


def test_a_key_column_that_no_table_has_is_named_with_the_columns_that_there_are(bench: Any) -> None:
    _changed(bench, ())
    tried = preview_rules(bench.rooms, "votes", ExtractRules(), key_columns=("Land", "COUNTRY"))
    assert tried.key_columns is not None
    (said,) = missing_words(tried.key_columns)
    assert said == ('Key column "Land": no table of the page has it. The columns are "No.", "Country", "Vote".')


def test_a_key_column_of_a_page_without_a_table_is_said_to_be_none(bench: Any) -> None:
    bench.register("votes", bench.site.put("/votes", "<p>Kazakhstan abstained in the vote on the resolution.</p>"))
    bench.check("votes")
    tried = preview_rules(bench.rooms, "votes", ExtractRules(), key_columns=("Country",))
    assert tried.key_columns is not None
    assert missing_words(tried.key_columns) == ['Key column "Country": the page has no table.']


def test_the_preview_of_a_source_says_that_its_key_column_is_no_column(bench: Any) -> None:
    _changed(bench, ("Land",))
    found = preview_rules(bench.rooms, "votes", ExtractRules())
    assert 'Key column "Land": no table of the page has it.' in "\n".join(_preview_words(found, 60))
    page = TestClient(create_app(bench.rooms, version="test", allowed_hosts=("testserver",)))
    assert "Key column &#34;Land&#34;" in page.get("/sources/votes/preview").text
