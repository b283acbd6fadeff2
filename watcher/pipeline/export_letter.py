"""README.txt of an exported bag: what it is, how to check it, what it proves and what not, for a reader in law."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime

from watcher.model.source import Source
from watcher.render import said_time
from watcher.render.words import folded

WIDTH = 78


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What an export holds. `earlier` Captures lie before the period and are there because later ones refer to them.

    `reached` is the number of Captures that showed the document, `held` of those that showed something else.
    `unsealed` says that the checkpoint has no signature. `deleted` are digests of bytes that were deleted on purpose.
    """

    source: Source
    made_at: datetime
    made_by: str
    origin: str
    captured_from: datetime | None
    captured_to: datetime | None
    first_at: datetime | None
    last_at: datetime | None
    captures: int
    reached: int
    held: int
    earlier: int
    snapshots: int
    versions: int
    changes: int
    tree_size: int
    root_hex: str
    unsealed: bool
    deleted: tuple[str, ...]
    citation: str
    verifier_sha256: str
    software: str


_TEXT = """\
EXPORT OF “{title}”

This folder holds what the archive {c.origin} recorded of the document “{title}”{address}. It was made on
{made_at} by {c.made_by} with {c.software}. All times are in UTC.

{period}

It holds {c.captures} captures (attempts to read the document, failed ones too). In {c.reached} of them the
document was reached. {held} They brought {c.snapshots} different contents, from which {c.versions} versions of the text
were read; {c.changes} differences were recorded.

{earlier}

{deleted}

HOW TO CHECK IT

You need a computer with Python 3.9 or newer and no network. In this folder, run:

    python3 -I data/verify_offline.py
    sha256sum -c --quiet manifest-sha256.txt

The first command checks every file, every record, every proof and the signature, says in words what it found,
and ends with exit code 0 when all of it was checked and is right, 1 when something is wrong, 2 when something
could not be checked. The second compares the files with their digests alone.

Whoever can change this folder can change the program in it. Take verify_offline.py from a source that you trust,
or compare its SHA-256, {c.verifier_sha256}, with what the operator of the archive told you by another way. In the
same way ask the operator for the public key, and give it with --key FILE.

WHAT IT PROVES

Each record was in the ledger of the archive when its checkpoint over {c.tree_size} records was made. The ledger
is an append-only list: its checkpoint is one number that would be another had any record been changed, removed,
inserted or put elsewhere. That number is

    {c.root_hex}

Each content here has the SHA-256 that its record names: not a byte of it was changed since it was recorded.

Whoever received a checkpoint of this archive at the time, for instance in a digest by mail, can show that the
ledger already held the records up to that point, and that none of them was changed later: give the
checkpoint, or the saved mail, with --note FILE. data/earlier.jsonl holds the proofs for the checkpoints since the
first record here.

WHAT IT DOES NOT PROVE

{unsealed}

It does not prove that the server really sent what was recorded: the archive attests what it received. Its
operator could have recorded something false at the moment of the capture. The recorded network address and
certificate can be compared with other sources, and so can the copies of other archives.

It does not prove that the clock of the archive was right. Captures with the trigger “import” or “upload” carry the
date that the person who handed them in claimed for them.

It does not prove that nothing else was captured outside the period that was asked for.

Texts, differences and their judgements were worked out by software and are here for convenience. The evidence are
the captured bytes and the records. Secrets in request headers are shown as ***. Lengths and codings of the
transfer, which no longer fit the kept bytes, are renamed X-Archive-Orig-… in the WARC files; the records hold
them as they were sent.

WHAT IS WHERE

    data/warc/             the captures in WARC 1.1 (ISO 28500): what was asked, what
                           was answered, screenshots, texts. Any web-archive tool opens it
    data/records.jsonl     the records of the ledger, one a line, exactly as they were written
    data/proofs/           for each record, the proof that it is in the ledger
    data/checkpoint.note   the signed head of the ledger
    data/earlier.jsonl     earlier signed heads, each with the proof that the ledger only grew
    data/keys/             the public keys that the signature is checked with
    data/texts/            the text as it was read out of each version; one that was
                           held when it was read has -held in its name
    data/changes/          the differences between versions, for people (.txt) and programs (.json)
    data/custody.csv       who did what to this source and its captures, and when
    data/citations.txt     a ready footnote for each version
    data/verify_offline.py the program that checks all this
    manifest-sha256.txt    the SHA-256 of every file (BagIt 1.0, RFC 8493)

HOW TO CITE IT

{citation}
"""


def letter(contents: Contents) -> str:
    """The text of README.txt."""
    definition = contents.source.definition
    told = {
        "title": folded(definition.title) or contents.source.source_id,
        "address": f" at {definition.url}" if definition.url else ", which a person handed in and has no address",
        "made_at": said_time(contents.made_at),
        "period": _period(contents),
        "held": _held(contents.held),
        "earlier": _earlier(contents.earlier),
        "deleted": _deleted(contents.deleted),
        "unsealed": _UNSEALED if contents.unsealed else "",
        "citation": contents.citation or "No content was captured in this period.",
    }
    paragraphs = [paragraph.format(c=contents, **told) for paragraph in _TEXT.split("\n\n")]
    return "\n\n".join(_wrapped(one) for one in paragraphs if one.strip()) + "\n"


_UNSEALED = """\
This checkpoint has NO SIGNATURE. It shows that the parts of this folder fit together, and not who made them."""


def _wrapped(paragraph: str) -> str:
    if paragraph.startswith("    "):
        return paragraph.rstrip()
    return textwrap.fill(" ".join(paragraph.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


def _period(contents: Contents) -> str:
    asked = " and ".join(
        f"{word} {said_time(moment)}"
        for word, moment in (("from", contents.captured_from), ("before", contents.captured_to))
        if moment is not None
    )
    held = "It holds no captures."
    if contents.first_at is not None and contents.last_at is not None:
        held = f"The first capture is of {said_time(contents.first_at)}, the last of {said_time(contents.last_at)}."
    return f"Asked for: captures {asked}. {held}" if asked else f"Asked for: everything. {held}"


def _held(number: int) -> str:
    if not number:
        return ""
    return (
        f"In {number} more something came that is held: it was not taken as the document, for instance because it is a "
        "login page. It is kept here too, and its citations say so."
    )


def _earlier(number: int) -> str:
    if not number:
        return ""
    return f"{number} of the captures lie outside the period: others found the same content and refer to them."


def _deleted(digests: tuple[str, ...]) -> str:
    if not digests:
        return ""
    return (
        f"{len(digests)} contents were deleted from the archive on purpose and are not here; the records of their "
        f"deletion are, in data/records.jsonl and data/custody.csv: {', '.join(digests)}"
    )
