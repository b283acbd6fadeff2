"""Faults and attacks of the catalogue on the rules that a person writes: selectors and patterns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from watcher.errors import ConfigError, ExtractError
from watcher.extract import extract
from watcher.extract.patterns import require_pattern
from watcher.extract.selectors import require_selector
from watcher.isolation import ChildPool
from watcher.model.document import ExtractRules
from watcher.pipeline import register
from watcher.settings import load_sources
from watcher.store import sources

READS = ["document", "doc", "collection", "unparsed-text", "unparsed-text-lines", "json-doc", "uri-collection"]
ASKS = ["system-property", "environment-variable", "available-environment-variables"]


def test_079_a_pattern_that_hangs_others_is_linear_here() -> None:
    text = "a" * 1_000_000 + "b"
    rules = ExtractRules(remove_text=("(a+)+$", "((a*)*)*c", "(x+x+)+y"))
    with ChildPool(size=1, seconds=20) as children:
        document = children.run(extract, text.encode(), media_type="text/plain", charset="utf-8", rules=rules)
    assert document.text == text


def test_079_matches_that_read_to_the_end_each_time_are_stopped_by_their_count() -> None:
    text = "a" * 1_000_000
    with ChildPool(size=1, seconds=60) as children, pytest.raises(ExtractError, match="too large") as caught:
        children.run(
            extract,
            text.encode(),
            media_type="text/plain",
            charset="utf-8",
            rules=ExtractRules(remove_text=("a.*z|a",)),
        )
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("((a{100}){100}){100}", "at most 1000 times"),
        (r"(a)\1", "back-references and look-around are not allowed"),
        ("(?=a)b", "back-references and look-around are not allowed"),
        ("(?<!a)b", "not allowed"),
    ],
)
def test_079_a_pattern_too_large_or_that_looks_back_is_refused_at_save(bench: Any, pattern: str, told: str) -> None:
    source = bench.register("kaz", bench.site.put("/kaz", "<p>x</p>"))
    wanted = replace(source.definition, remove_text=(pattern,))
    steps = register.plan_sources(bench.rooms, [("kaz", wanted, False)])
    with pytest.raises(ConfigError) as caught:
        register.apply_plan(bench.rooms, steps, user="test")
    assert told in str(caught.value)
    assert "remove_text" in str(caught.value)
    with bench.rooms.database.reading() as connection:
        assert len(sources.list_definitions(connection, "kaz")) == 1


def test_081_a_selector_that_cannot_be_read_is_refused_at_registration_with_its_place(bench: Any) -> None:
    with pytest.raises(ConfigError, match=r"select: 'div > p\[' .* from character 8 on"):
        bench.register("kaz", bench.site.put("/kaz", "<p>x</p>"), select=("div > p[",))
    with pytest.raises(ConfigError, match="remove: the XPath '//p\\[', character 5"):
        bench.register("kaz", bench.site.put("/kaz", "<p>x</p>"), remove=("//p[",))
    with bench.rooms.database.reading() as connection:
        assert sources.list_sources(connection) == []


def test_081_a_bad_rule_in_a_file_names_file_line_and_place(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(
        "sources:\n  good:\n    url: https://example.org/\n    remove_text: ['Visitors: [0-9]+']\n"
        "  bad:\n    url: https://example.org/x\n    keep_blocks: ['(abc']\n"
    )
    registered, problems = load_sources(file)
    assert [one.source_id for one in registered] == ["good"]
    assert registered[0].definition.remove_text == ("Visitors: [0-9]+",)
    assert f"{file}:6" in problems[0].message or f"{file}:5" in problems[0].message
    assert "keep_blocks: the pattern '(abc', character 1" in problems[0].message


@pytest.mark.parametrize("name", [*READS, *ASKS])
@pytest.mark.parametrize("prefix", ["", "fn:"])
def test_15_a_function_that_reads_files_or_the_machine_is_refused_by_name(name: str, prefix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        require_selector(f"//p[contains(., {prefix}{name}('file:///etc/passwd'))]", rule="select")
    assert f"the function {name}() is not allowed: a selector reads nothing" in str(caught.value)
    assert "character" in str(caught.value)


def test_15_an_unknown_function_is_refused_with_those_that_are_allowed() -> None:
    with pytest.raises(ConfigError, match=r"the function evaluate\(\) is not allowed: allowed are contains\(\), count"):
        require_selector("//p[evaluate('x')]", rule="select")
    with pytest.raises(ConfigError, match="use contains"):
        require_selector("//p[matches(., 'x')]", rule="select")


def test_15_a_pattern_reads_no_file() -> None:
    require_pattern("file:///etc/passwd", rule="keep_blocks")
    with pytest.raises(ExtractError, match="matched nothing"):
        extract(
            b"root",
            media_type="text/plain",
            charset="utf-8",
            rules=ExtractRules(keep_blocks=("file:///etc/passwd",)),
        )


def test_an_endless_search_of_a_hostile_page_ends_in_its_child() -> None:
    page = ("<div>" * 1500 + "<p>x</p>" * 20_000).encode()
    rules = ExtractRules(select=("//*[.//*[.//*[contains(., 'y')]]]",))
    with ChildPool(size=1, seconds=30) as children, pytest.raises(ExtractError) as caught:
        children.run(extract, page, media_type="text/html", charset="utf-8", rules=rules)
    assert caught.value.code in ("too_large", "timed_out")
