"""The payloads of the fuzzer: documents made by a grammar, whose words are known, and real ones that were broken."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from real_pages import SHARED, article_pages, members

# Real payloads that are broken on purpose: how many, and how large they may be.
_MOST_BASES, _LARGEST_BASE = 40, 60_000
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_INLINE = ("a", "b", "i", "em", "span", "font", "sup", "sub", "u", "tt", "big", "nobr", "label", "abbr", "code")
_BLOCK = (
    *("div", "p", "h1", "h2", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "center", "form"),
    *("table", "tr", "td", "th", "tbody", "thead", "tfoot", "caption", "section", "article", "nav", "header", "footer"),
    *("aside", "main", "address", "fieldset", "legend", "details", "summary", "figure", "figcaption", "menu", "dir"),
    *("html", "body", "hr", "br", "img", "input", "xmp", "listing", "ruby", "rt", "object", "marquee", "button"),
)
_ATTRIBUTES = (
    *(
        'id="n1"',
        "id=_ftn3",
        "class='cookie x'",
        "class=a",
        "role=navigation",
        "role=heading aria-level=9",
        "align=left",
    ),
    *("href=#n1", "href='/x?a=1&b=2'", "name=note-4", "bgcolor=#fff", "colspan=3", "rowspan=2", "colspan=99999", "x="),
    *("rowspan=0", "type=submit", "role=presentation", "lang=ru", "style='color:red'", "width=100%", "a=b=c", "/"),
)
_SIGNS = (
    "&amp;",
    "&nbsp;",
    "&#0;",
    "&#x1F600;",
    "&shy;",
    "&lt;b&gt;",
    "&bogus;",
    "\x00",
    "\u200b",
    "\u202e",
    "é",
    "地雷",
)
_LOOSE = ("< ", "<3", "</>", "<!-- c -->", "<!doctype html>", "<?x y?>", "<![CDATA[ c ]]>", "\r\n", "\t", " ", "&", ">")


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One payload. `words` are those that a reading must keep, where the payload was made by a grammar."""

    payload: bytes = field(repr=False)
    media_type: str
    words: tuple[str, ...] = field(default=(), repr=False)


class _Words:
    """Words of which none holds another, so that one can be looked for in a text without blanks."""

    def __init__(self) -> None:
        self.used: list[str] = []

    def next(self) -> str:
        self.used.append(f"w{len(self.used)}z")
        return self.used[-1]


@st.composite
def _broken_html(draw: DrawFn) -> Case:
    """Elements opened, left open and closed at random, with words between them."""
    words = _Words()
    attributes = st.lists(st.sampled_from(_ATTRIBUTES), max_size=3)
    pieces = []
    for kind in draw(st.lists(st.sampled_from("wwwbbieecsl"), max_size=60)):
        if kind == "w":
            pieces.append(draw(st.sampled_from(("{} ", "{}", " {}"))).format(words.next()))
        elif kind in "bi":
            tag = draw(st.sampled_from(_BLOCK if kind == "b" else _INLINE))
            pieces.append(f"<{' '.join([tag, *draw(attributes)])}>")
        elif kind in "ec":
            pieces.append(f"</{draw(st.sampled_from(_BLOCK + _INLINE))}>")
        else:
            pieces.append(draw(st.sampled_from(_SIGNS if kind == "s" else _LOOSE)))
    repeated = "".join(pieces) * draw(st.sampled_from((1, 1, 1, 2, 300)))
    if not words.used:
        repeated += words.next()
    return Case(payload=repeated.encode(), media_type="text/html", words=tuple(words.used))


@st.composite
def _feed(draw: DrawFn) -> Case:
    """An RSS or Atom feed with entries whose fields are there or not, in good XML."""
    words = _Words()
    atom = draw(st.booleans())
    entry = "entry" if atom else "item"
    fields = ("title", "summary", "content", "id") if atom else ("title", "description", "guid", "content:encoded")
    forms = ("{}", "<![CDATA[<p>{}</p>]]>", "&lt;b&gt;{}&lt;/b&gt;", "{} &amp; &#8212;", "<![CDATA[{} <br>]]>")
    dates = ("", "<pubDate>Mon, 32 Foo 9999</pubDate>", "<updated>-1</updated>", "<updated>2026-05-03</updated>")
    links = ("", "<link>/a</link>", "<link href='http://x.example/'/>", "<link>javascript:x</link>")
    entries = []
    for chosen in draw(st.lists(st.lists(st.sampled_from(fields[:2]), max_size=3, unique=True), max_size=12)):
        inner = "".join(f"<{name}>{draw(st.sampled_from(forms)).format(words.next())}</{name}>" for name in chosen)
        entries.append(f"<{entry}>{inner}{draw(st.sampled_from(dates))}{draw(st.sampled_from(links))}</{entry}>")
    title = f"<title>{words.next()}</title>"
    content = title + "".join(entries)
    xml = f'<feed xmlns="http://www.w3.org/2005/Atom">{content}</feed>' if atom else None
    namespace = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    xml = xml or f'<rss version="2.0" {namespace}><channel>{content}</channel></rss>'
    return Case(
        payload=f"<?xml version='1.0' encoding='utf-8'?>{xml}".encode(),
        media_type="application/atom+xml" if atom else "application/rss+xml",
        words=tuple(words.used) if entries else (),
    )


@st.composite
def _csv(draw: DrawFn) -> Case:
    """Rows of any width under any separator, cells quoted where they must be."""
    words = _Words()
    extra = st.sampled_from(("", " ", '"', "\n", ",", ";", "é", "\u00a0", "=1+1", "2026-05-03", "-1,5", "|", "\t"))
    rows = [
        [f"{draw(extra)}{words.next()}{draw(extra)}" if filled else "" for filled in filled_cells]
        for filled_cells in draw(st.lists(st.lists(st.booleans(), min_size=1, max_size=7), min_size=1, max_size=20))
    ]
    out = io.StringIO()
    form = {"delimiter": draw(st.sampled_from(",;\t|")), "lineterminator": draw(st.sampled_from(("\n", "\r\n")))}
    csv.writer(out, **form).writerows(rows)
    if not words.used:
        out.write(words.next())
    encoding = draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16")))
    return Case(payload=out.getvalue().encode(encoding), media_type="text/csv", words=tuple(words.used))


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RUNS = (
    "<w:r><w:t>{}</w:t></w:r>",
    "<w:ins w:id='1'><w:r><w:t xml:space='preserve'> {} </w:t></w:r></w:ins>",
    "<w:del w:id='2'><w:r><w:delText>{}</w:delText></w:r></w:del>",
    "<w:hyperlink w:anchor='x'><w:r><w:t>{}</w:t></w:r></w:hyperlink>",
    "<w:sdt><w:sdtContent><w:r><w:t>{}</w:t></w:r></w:sdtContent></w:sdt>",
    "<w:r><w:tab/><w:t>{}</w:t><w:br/></w:r>",
    "<w:smartTag><w:r><w:t>{}</w:t></w:r></w:smartTag>",
)
_STYLES = ("", "<w:pPr><w:pStyle w:val='Heading1'/></w:pPr>", "<w:pPr><w:numPr><w:ilvl w:val='99'/></w:numPr></w:pPr>")


@st.composite
def _docx(draw: DrawFn) -> Case:
    """A Word document of paragraphs and tables, one inside the other, with tracked changes."""
    words = _Words()

    def paragraph() -> str:
        runs = "".join(run.format(words.next()) for run in draw(st.lists(st.sampled_from(_RUNS), max_size=3)))
        return f"<w:p>{draw(st.sampled_from(_STYLES))}{runs}</w:p>"

    def table(depth: int) -> str:
        rows = []
        for width in draw(st.lists(st.integers(0, 3), max_size=3)):
            cells = [part(depth + 1) for _ in range(width)]
            merge = draw(
                st.sampled_from(("", "<w:tcPr><w:gridSpan w:val='9'/></w:tcPr>", "<w:tcPr><w:vMerge/></w:tcPr>"))
            )
            rows.append(f"<w:tr>{''.join(f'<w:tc>{merge}{cell}</w:tc>' for cell in cells)}</w:tr>")
        return f"<w:tbl>{''.join(rows)}</w:tbl>"

    def part(depth: int) -> str:
        return table(depth) if depth < 3 and draw(st.integers(0, 3)) == 0 else paragraph()

    body = "".join(part(0) for _ in range(draw(st.integers(1, 5)))) + f"<w:p><w:r><w:t>{words.next()}</w:t></w:r></w:p>"
    document = f"<?xml version='1.0' encoding='UTF-8'?><w:document {_W}><w:body>{body}</w:body></w:document>"
    return Case(payload=_zipped({"word/document.xml": document.encode()}), media_type=_DOCX, words=tuple(words.used))


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()


@st.composite
def _broken(draw: DrawFn, bases: SearchStrategy[bytes], hostile: tuple[bytes, ...]) -> bytes:
    """Bytes with pieces cut out, doubled, moved, overwritten, or with something hostile put in."""
    data = draw(bases)
    for _ in range(draw(st.integers(1, 8))):
        first = draw(st.integers(0, max(0, len(data) - 1)))
        last = min(len(data), first + draw(st.sampled_from((1, 2, 7, 40, 900))))
        piece = data[first:last]
        put = draw(
            st.one_of(
                st.just(b""),
                st.just(piece * draw(st.sampled_from((2, 30)))),
                st.sampled_from(hostile),
                st.binary(max_size=4),
            )
        )
        data = data[:first] + put + data[last:]
        if draw(st.integers(0, 9)) == 0:
            data = data[: draw(st.integers(0, len(data)))]
    return data


@st.composite
def _broken_docx(draw: DrawFn, bases: SearchStrategy[bytes]) -> bytes:
    """A package of which one part is broken, missing or doubled under another name."""
    with zipfile.ZipFile(io.BytesIO(draw(bases))) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    name = draw(st.sampled_from(sorted(parts)))
    action = draw(st.sampled_from(("break", "break", "break", "drop", "swap")))
    if action == "break":
        parts[name] = draw(_broken(st.just(parts[name]), _HOSTILE_XML))
    elif action == "drop":
        del parts[name]
    else:
        other = draw(st.sampled_from(sorted(parts)))
        parts[name], parts[other] = parts[other], parts[name]
    return _zipped(parts)


_HOSTILE_HTML = (
    *(b"<table>", b"</table>", b"<!--", b"-->", b"<script>", b"</script>", b"<noscript>", b"<title>", b"<textarea>"),
    *(b"<select>", b"<frameset>", b"<svg>", b"<math><mi>", b"<template>", b"<plaintext>", b"<div hidden>", b"\x00"),
    *(b"<iframe>", b"<td rowspan=65534 colspan=1000>", b"<meta charset=utf-16>", b"<a href=", b'"', b"'", b"&#xd800;"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"<div>" * 5000, b"<b>" * 300, b"<style>", b"<br><br>", b"</body></html>"),
)
_HOSTILE_XML = (
    *(b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"<![CDATA[", b"]]>", b"<?x", b"</", b"<a>" * 500, b"\x00", b"\xff"),
    *(b"<w:tbl><w:tr><w:tc>", b"<w:p>", b"w:val='-1'", b"w:val='99999999999'", b"&#xd800;", b"&#0;", b"<w:t/>"),
    *(b"<item>", b"</item>", b"<title>", b"xmlns=''", b"encoding='x'", b"<entry><link href='//'/>", b"9" * 5000),
)
_HOSTILE_CSV = (b'"', b'""', b",", b";", b"\t", b"\n", b"\r", b"\x00", b"\xff\xfe", b"'", b"|", b'"' * 999, b"," * 9999)


@cache
def _real(kind: str) -> tuple[bytes, ...]:
    """Real payloads of a kind, in a fixed order; none where the folder beside the project is absent."""
    documents = SHARED / "documents"
    found: dict[str, Callable[[], list[bytes]]] = {
        "html": lambda: [payload for _, payload in article_pages()],
        "feed": lambda: _named(documents / "feedparser_feeds_corpus.tar.xz", (".xml",)),
        "docx": lambda: _named(documents / "markitdown_office_and_pdf_samples.tar.xz", (".docx",)),
        "csv": lambda: [
            *_named(documents / "markitdown_office_and_pdf_samples.tar.xz", (".csv",)),
            *(path.read_bytes() for path in sorted((SHARED / "treaty_status").glob("*.csv"))),
        ],
    }
    small = [payload for payload in found[kind]() if 0 < len(payload) <= _LARGEST_BASE]
    return tuple(small[:: max(1, len(small) // _MOST_BASES)])


def _named(path: Path, endings: tuple[str, ...]) -> list[bytes]:
    return [payload for name, payload in members(path) if name.endswith(endings)]


def _with_broken(
    kind: str, made: SearchStrategy[Case], media_type: str, hostile: tuple[bytes, ...]
) -> SearchStrategy[Case]:
    """Made documents, made ones broken, and real ones broken."""
    real = _real(kind)
    bases = made.map(lambda case: case.payload)
    bases = st.one_of(bases, st.sampled_from(real)) if real else bases
    mutated = [_broken(bases, hostile)]
    if kind == "docx":
        mutated.append(_broken_docx(bases))
    return st.one_of(made, *(each.map(lambda data: Case(payload=data, media_type=media_type)) for each in mutated))


TARGETS: dict[str, Callable[[], SearchStrategy[Case]]] = {
    "html": lambda: _with_broken("html", _broken_html(), "text/html", _HOSTILE_HTML),
    "docx": lambda: _with_broken("docx", _docx(), _DOCX, _HOSTILE_XML),
    "feed": lambda: _with_broken("feed", _feed(), "application/rss+xml", _HOSTILE_XML),
    "csv": lambda: _with_broken("csv", _csv(), "text/csv", _HOSTILE_CSV),
}
