"""Charsets: the order of evidence, labels as on the web, and never a crash."""

from __future__ import annotations

import lzma
import tarfile
from pathlib import Path

import pytest

from watcher.extract import decode, extract

CORPUS = Path(__file__).resolve().parents[3] / "../shared/eval/documents/chardet_encoding_corpus.tar.xz"
RUSSIAN = "Республика заявила, что не производит противопехотные мины и соблюдает мораторий на их экспорт. " * 4


def test_byte_order_mark_beats_the_header() -> None:
    assert decode("é".encode("utf-8-sig"), declared="cp1251", media_type=None) == ("é", "utf-8-sig")
    assert decode("é".encode("utf-16"), declared="utf-8", media_type=None) == ("é", "utf-16")


def test_header_beats_meta() -> None:
    page = '<meta charset="koi8-r">мир'.encode("cp1251")
    assert decode(page, declared="windows-1251", media_type="text/html")[1] == "cp1251"


def test_meta_is_used_without_a_header_and_comments_are_not_meta() -> None:
    page = '<!-- <meta charset=cp866> --><meta http-equiv=x content="text/html; charset=koi8-r">мир'.encode("koi8-r")
    assert decode(page, declared=None, media_type="text/html")[0].endswith("мир")


def test_latin_1_means_windows_1252() -> None:
    assert decode(b"\x93quoted\x94 caf\xe9", declared="ISO-8859-1", media_type=None) == ("“quoted” café", "cp1252")


def test_text_that_is_utf_8_is_not_read_as_a_single_byte_charset() -> None:
    assert decode("Côte d’Ivoire".encode(), declared="iso-8859-1", media_type=None) == ("Côte d’Ivoire", "utf-8")


def test_a_header_that_cannot_decode_the_bytes_gives_way() -> None:
    text, charset = decode(RUSSIAN.encode("cp1251"), declared="utf-8", media_type="text/plain")
    assert (text, charset) == (RUSSIAN, "cp1251")


def test_one_cut_character_does_not_make_another_charset() -> None:
    payload = RUSSIAN.encode()[:-1]
    text, charset = decode(payload[:-1], declared="utf-8", media_type="text/plain")
    assert charset == "utf-8"
    assert text.startswith("Республика")


@pytest.mark.parametrize("charset", ["cp1251", "koi8-r", "cp866", "mac_cyrillic", "iso8859-5"])
def test_cyrillic_without_any_declaration_is_recognised(charset: str) -> None:
    assert decode(RUSSIAN.encode(charset), declared=None, media_type="text/plain")[0] == RUSSIAN


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_without_a_mark_is_recognised(charset: str) -> None:
    text = "Article 7 report, submitted 30 April 2004\n" * 3
    assert decode(text.encode(charset), declared=None, media_type="text/plain")[0] == text


def test_utf_7_is_refused() -> None:
    assert decode(b"+ADw-script+AD4-", declared="utf-7", media_type="text/html")[0] == "+ADw-script+AD4-"


@pytest.mark.parametrize(
    "declared", [None, "utf-8", "bogus", "undefined", "hex", "utf-16", "gb2312", "", "\x00", "idna"]
)
def test_no_bytes_and_no_label_crash(declared: str | None) -> None:
    for payload in (b"", b"\xff", bytes(range(256)), b"\x80" * 99, b"\xed\xa0\x80 lone surrogate", b"\x1b$B\xff"):
        text, charset = decode(payload, declared=declared, media_type="text/html")
        text.encode("utf-8")
        "".encode(charset)


def test_charset_corpus_is_decoded_right() -> None:
    if not CORPUS.exists():
        pytest.skip(f"{CORPUS} is absent")
    right = total = 0
    with tarfile.open(fileobj=lzma.open(CORPUS)) as archive:
        for member in archive:
            if not member.isfile() or "/tests/" not in f"/{member.name}":
                continue
            stream = archive.extractfile(member)
            raw = stream.read() if stream else b""
            truth = Path(member.name).parent.name
            try:
                wanted = raw.decode(truth)
            except (LookupError, UnicodeDecodeError):
                continue
            total += 1
            charset = extract(raw, media_type=None, charset=None, name=member.name).charset
            right += charset is not None and raw.decode(charset, "replace") == wanted
    assert total > 100
    assert right / total >= 0.95


def test_stray_zero_bytes_in_ascii_are_no_utf_16() -> None:
    text, charset = decode(b"\x00&amp;\x00w0z", declared=None, media_type="text/html")
    assert "w0z" in text
    assert charset == "utf-8"
    for codec in ("utf-16-le", "utf-16-be"):
        assert (
            decode("Kazakhstan (Қазақстан) has not joined.".encode(codec), declared=None, media_type="text/html")[1]
            == codec
        )
