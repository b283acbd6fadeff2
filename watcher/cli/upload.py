"""watcher upload."""

from __future__ import annotations

from pathlib import Path

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, safe, user_name
from watcher.cli.words import change_words
from watcher.errors import ConfigError
from watcher.model.permalinks import source_url
from watcher.pipeline.upload import HandedIn, hand_in, handed_in_facts, too_large
from watcher.pipeline.upload_fields import describe


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--title", default="", help="What a citation calls it; of an e-mail its subject when left out.")
@click.option("--author", default="", help="Who wrote it.")
@click.option("--addressee", "--to", default="", help="To whom it was written.")
@click.option("--date", "day", default="", help="The document's own date, such as 2000-04-19.")
@click.option("--reference", default="", help='Its number or symbol, such as "Letter No. 20/178".')
@click.option("--subject", "subjects", multiple=True, help="State it speaks of (KAZ or Kazakhstan); repeatable.")
@click.option("--instrument", "instruments", multiple=True, help="Treaty it concerns (MBT, CCW); repeatable.")
@click.option("--language", default="", help="Its language: en, fr, ru, pt-BR.")
@click.option("--publisher", default="", help="Who published it.")
@click.option("--provenance", default="", help="How it came to you, and through whose hands.")
@click.option("--source", "source_id", default="", help="The Upload of which this is a further version.")
@json_option
@pass_context
def upload(
    context: Context,
    files: tuple[Path, ...],
    title: str,
    author: str,
    addressee: str,
    day: str,
    reference: str,
    subjects: tuple[str, ...],
    instruments: tuple[str, ...],
    language: str,
    publisher: str,
    provenance: str,
    source_id: str,
    as_json: bool,
) -> None:
    """Hand in letters, decrees, scans and e-mails: each FILE becomes an Upload of its own.

    With --source one FILE becomes the further version of an Upload, and is compared with the version before it.
    What cannot be read as text is archived all the same.

    \b
    Example:
      watcher upload letter.pdf --reference "Letter No. 20/178" --author "Ministry of Defence" \\
        --addressee "the ICBL" --date 2000-04-19 --subject KAZ --language en \\
        --provenance "received by e-mail from the embassy"
    """
    if source_id and len(files) > 1:
        raise ConfigError("--source takes one FILE: the next version of that Upload", key="source")
    once = {
        "author": author,
        "addressee": addressee,
        "date": day,
        "reference": reference,
        "language": language,
        "publisher": publisher,
        "provenance": provenance,
        "source": source_id,
        "handed_in_by": user_name(),
    }
    given = {name: [value] for name, value in once.items()}
    given |= {"subject": list(subjects), "instrument": list(instruments)}
    described = [
        (file, describe({**given, "title": [f"{title} ({file.name})" if title and len(files) > 1 else title]}))
        for file in files
    ]
    done = []
    with context.instance(create=True) as instance:
        rooms = instance.rooms
        for file, one in described:
            payload = _content(file, rooms.upload_maximum_bytes)
            handed_in = hand_in(rooms, payload, file_name=file.name, described=one, checked_name=True)
            done.append(handed_in_facts(handed_in, rooms.base_url))
            if not as_json:
                for line in _words(handed_in, rooms.base_url):
                    click.echo(safe(line))
    if as_json:
        print_json(done)


def _content(file: Path, limit: int) -> bytes:
    """A file's bytes, read no further than the limit allows."""
    try:
        if not file.is_file():
            what = "is a folder" if file.is_dir() else "is not there, or is no plain file"
            raise ConfigError(f"{file} {what}: nothing was kept", key="file")
        with file.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", key="file") from error
    if len(content) > limit:
        raise ConfigError(too_large(str(file), limit), key="file")
    return content


def _words(handed_in: HandedIn, base_url: str) -> list[str]:
    recorded = handed_in.recorded
    capture, version = recorded.capture, recorded.version
    kind = "a further version of " if handed_in.is_further else ""
    lines = [f"handed in as {kind}{capture.source_id}: Capture {capture.sequence}, SHA-256 {capture.payload_sha256}"]
    if handed_in.not_extracted:
        lines.append(f"  text not extracted: {handed_in.not_extracted}. The bytes are archived.")
    elif version is None or version.document is None:
        lines.append("  its text is the one that is known already")
    else:
        words = len(version.document.text.split())
        lines.append(f"  text: {len(version.document.blocks)} blocks, {words} words, read as {version.extractor}")
    if recorded.change is not None:
        lines += [f"  {line}" for line in change_words(recorded.change)]
    lines += [line for one in handed_in.attached for line in _words(one, base_url)]
    lines += [f"  attachment left out: {one}" for one in handed_in.left_out]
    return [*lines, f"  page: {source_url(base_url, capture.source_id)}   to cite: watcher cite {capture.sequence}"]


COMMANDS = {"upload": upload}
