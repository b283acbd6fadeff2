"""Made pairs of documents for the gallery: one sort of difference each, as a person would meet it."""

from __future__ import annotations

HTML, TEXT, CSV = "text/html", "text/plain", "text/csv"

_STATEMENT = (
    "Mr President, my delegation thanks the secretariat for its work.",
    "Anderland is not a party to the Mine Ban Treaty, but shares its humanitarian aims.",
    "Anderland abstained in the vote on resolution 61/84.",
    "We have destroyed 1,200 anti-personnel mines since 1999 and will report on the remainder.",
    "Our deminers cleared 48 hectares along the northern border last year.",
    "We remain ready to work with all States.",
)
_LONG = " ".join(
    f"In the year {year} the commission met in the capital and heard the reports of the provinces."
    for year in range(1990, 2024)
)


def _page(*paragraphs: str, head: str = "Statement of Anderland", foot: str = "") -> str:
    body = "".join(f"<p>{one}</p>" for one in paragraphs)
    return f"<html><head><title>{head}</title></head><body><main><h1>{head}</h1>{body}</main>{foot}</body></html>"


def _with(place: int, text: str) -> str:
    changed = list(_STATEMENT)
    changed[place] = text
    return _page(*changed)


def _without(place: int) -> str:
    return _page(*(one for number, one in enumerate(_STATEMENT) if number != place))


def _table(*rows: tuple[str, ...]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    head = "<tr><th>Participant</th><th>Signature</th><th>Ratification, Accession (a)</th></tr>"
    return f"<html><body><h1>Status of the Convention</h1><table>{head}{lines}</table></body></html>"


def _list(*items: str) -> str:
    return "<html><body><h1>Priorities</h1><ul>" + "".join(f"<li>{one}</li>" for one in items) + "</ul></body></html>"


_BASE = _page(*_STATEMENT)
_ROWS = (
    ("Anderland", "3 Dec 1997", "12 May 1999"),
    ("Borduria", "", ""),
    ("Costaguana", "4 Dec 1997", "1 Mar 2001"),
    ("Drinia", "3 Dec 1997", ""),
)

# (title, media type, old, new)
MADE: tuple[tuple[str, str, str, str], ...] = (
    ("A vote changes", HTML, _BASE, _with(2, "Anderland voted in favour of resolution 62/41.")),
    (
        "One word that turns the meaning",
        HTML,
        _BASE,
        _with(1, "Anderland is now a party to the Mine Ban Treaty, and shares its humanitarian aims."),
    ),
    (
        "A number changes",
        HTML,
        _BASE,
        _with(3, "We have destroyed 1,350 anti-personnel mines since 1999 and will report on the remainder."),
    ),
    (
        "A number and its unit change",
        HTML,
        _BASE,
        _with(4, "Our deminers cleared 480 square kilometres along the northern border last year."),
    ),
    (
        "A hedge comes in",
        HTML,
        _BASE,
        _with(3, "We have destroyed some 1,200 anti-personnel mines since 1999 and may report on the remainder."),
    ),
    ("A paragraph is removed", HTML, _BASE, _without(2)),
    ("A paragraph is added", HTML, _without(4), _BASE),
    ("A paragraph moves", HTML, _BASE, _page(*_STATEMENT[:2], *_STATEMENT[3:5], _STATEMENT[2], _STATEMENT[5])),
    (
        "A paragraph moves and one word of it changes",
        HTML,
        _BASE,
        _page(
            *_STATEMENT[:2], *_STATEMENT[3:5], _STATEMENT[2].replace("abstained in", "refrained from"), _STATEMENT[5]
        ),
    ),
    (
        "A paragraph is split",
        HTML,
        _page(" ".join(_STATEMENT[3:5]), *_STATEMENT[:2]),
        _page(_STATEMENT[3], _STATEMENT[4], *_STATEMENT[:2]),
    ),
    (
        "A sentence is rewritten whole",
        HTML,
        _BASE,
        _with(
            4, "Clearance in the north went on throughout the season, with forty-eight hectares handed back to farmers."
        ),
    ),
    (
        "The heading changes, the text does not",
        HTML,
        _BASE,
        _page(*_STATEMENT, head="Statement of Anderland (as delivered)"),
    ),
    (
        "An accession appears in a table",
        HTML,
        _table(*_ROWS),
        _table(_ROWS[0], ("Borduria", "", "9 Jul 2009 a"), *_ROWS[2:]),
    ),
    ("A State joins a table", HTML, _table(*_ROWS[:3]), _table(*_ROWS)),
    ("A table is sorted anew", HTML, _table(*_ROWS), _table(*reversed(_ROWS))),
    (
        "A cell is corrected",
        HTML,
        _table(*_ROWS),
        _table(*_ROWS[:2], ("Costaguana", "4 Dec 1997", "1 Mar 2002"), _ROWS[3]),
    ),
    (
        "List items come and go",
        HTML,
        _list("Survey", "Clearance", "Risk education"),
        _list("Survey", "Risk education", "Victim assistance", "Stockpile destruction"),
    ),
    (
        "Quotation marks and dashes",
        HTML,
        _page('The so-called "dual use" items - see annex - are excluded.'),
        _page("The so-called “dual use” items — see annex — are excluded."),
    ),
    (
        "White space and line breaks only",
        TEXT,
        "One line that is broken\nhere.\n\nAnother paragraph.",
        "One line that is broken here.\n\nAnother   paragraph.",
    ),
    (
        "Characters repaired",
        HTML,
        _page("La République d’Anderland a adhéré à la Convention.".encode().decode("cp1252", "replace")),
        _page("La République d’Anderland a adhéré à la Convention."),
    ),
    (
        "A hidden character comes in",
        HTML,
        _BASE,
        _with(2, "Anderland ab\u200bstained in the \u202evote\u202c on resolution 61/84, it says."),
    ),
    (
        "Letters that only look alike",
        HTML,
        _BASE,
        _with(2, "Аnderlаnd abstained in the vote on resolution 61/84 again."),
    ),
    (
        "A link points elsewhere",
        HTML,
        _page('See the <a href="https://records.example/report-2006.pdf">full report</a> of the ministry.'),
        _page('See the <a href="https://records.example/report-2007.pdf">full report</a> of the ministry.'),
    ),
    (
        "Only the menu changed",
        HTML,
        _page(*_STATEMENT, foot="<nav><a href='/a'>Home</a> <a href='/b'>News</a></nav>"),
        _page(*_STATEMENT, foot="<nav><a href='/a'>Home</a> <a href='/b'>Press</a> <a href='/c'>Jobs</a></nav>"),
    ),
    (
        "A date of printing changed",
        HTML,
        _page(*_STATEMENT, "Page generated on 3 May 2026 at 14:05:11"),
        _page(*_STATEMENT, "Page generated on 4 May 2026 at 09:31:40"),
    ),
    (
        "One edit in a very long paragraph",
        TEXT,
        _LONG,
        _LONG.replace("In the year 2007 the commission met", "In the year 2007 the commission did not meet"),
    ),
    (
        "Two edits far apart in a long paragraph",
        TEXT,
        _LONG,
        _LONG.replace("year 1993 the", "year 1993 a small").replace("year 2019 the", "year 2019 a large"),
    ),
    (
        "Arabic text",
        HTML,
        _page("امتنعت أندرلاند عن التصويت على القرار 61/84."),
        _page("صوتت أندرلاند لصالح القرار 62/41."),
    ),
    (
        "Russian text",
        HTML,
        _page("Андерландия воздержалась при голосовании по резолюции 61/84."),
        _page("Андерландия проголосовала за резолюцию 62/41."),
    ),
    (
        "Chinese text",
        HTML,
        _page("安德兰尚未加入《渥太华公约》。我们支持其宗旨。"),
        _page("安德兰已加入《渥太华公约》。我们支持其宗旨。"),
    ),
    (
        "Text that looks like markup",
        HTML,
        _page("The form asks for &lt;b&gt;name&lt;/b&gt; and [-x-] {+y+}."),
        _page("The form asks for &lt;b&gt;title&lt;/b&gt; and [-x-] {+z+}."),
    ),
    (
        "An address with no blank in it",
        HTML,
        _page("See https://records.example/" + "a" * 90 + "/2006."),
        _page("See https://records.example/" + "a" * 90 + "/2007."),
    ),
    (
        "A spreadsheet row changes",
        CSV,
        "State,Year,Mines destroyed\nAnderland,2005,400\nBorduria,2005,0\n",
        "State,Year,Mines destroyed\nAnderland,2005,450\nBorduria,2005,0\nBorduria,2006,12\n",
    ),
)
