"""Rules of Sources: addresses, cadences, names."""

from __future__ import annotations

import pytest

from watcher.errors import ConfigError, RefusedError
from watcher.model.source import Definition, format_cadence, parse_cadence, require_http_url, slug


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/a",
        "javascript:alert(1)",
        "data:text/html,hello",
        "gopher://example.org",
        "//example.org/a",
        "example.org/a",
        "http://",
        "http:///path",
        "http://exa mple.org/",
        "http://169.254.169.254\\@example.org/",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://example.org/\r\nX: y",
        "",
    ],
)
def test_an_address_that_is_not_http_is_refused_by_name(url: str) -> None:
    with pytest.raises(RefusedError) as caught:
        require_http_url(url)
    assert repr(url)[:20] in str(caught.value)


def test_http_and_https_addresses_are_kept_as_given() -> None:
    assert require_http_url(" https://example.org/a?b=c#d ") == "https://example.org/a?b=c#d"
    assert require_http_url("http://[::1]:8080/") == "http://[::1]:8080/"


@pytest.mark.parametrize("text", ["30m", "6h", "1d", "2w", "90m"])
def test_a_cadence_reads_back_as_written(text: str) -> None:
    assert format_cadence(parse_cadence(text)) == text


@pytest.mark.parametrize("text", ["0", "-1", "1s", "59s", "1000000000s", "5 parsecs", "", "h", "6 h 3 m"])
def test_catalogue_089_a_cadence_outside_the_bounds_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_cadence(text)


def test_the_same_rules_have_the_same_digest_and_others_another() -> None:
    one = Definition(url="https://example.org/", subjects=("KAZ",))
    assert one.digest_sha256 == Definition(url="https://example.org/", subjects=("KAZ",)).digest_sha256
    assert one.digest_sha256 != Definition(url="https://example.org/", subjects=("KGZ",)).digest_sha256


def test_rules_that_were_introduced_later_count_only_where_they_are_used() -> None:
    first = "11c3f0371f3720bb6981ca67a15f81ca68ffeacfb8c2d0fa46519d911c118dac"
    assert Definition(url="https://example.org/", subjects=("KAZ",)).digest_sha256 == first
    for later in ({"browser": True}, {"author": "M. Author"}, {"reference": "A/RES/79/1"}):
        assert Definition(url="https://example.org/", subjects=("KAZ",), **later).digest_sha256 != first


def test_a_name_is_made_of_lower_case_words() -> None:
    assert slug("UN, Country Report: Kazakhstan") == "un-country-report-kazakhstan"
    assert slug("Қазақстан") == "source"
