"""Signed notes and checkpoints read and write exactly what C2SP says, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.archive.notes import (
    Checkpoint,
    NoteError,
    PrivateKey,
    find_checkpoint_note,
    is_signed_by,
    key_name,
    parse_checkpoint,
    parse_note,
    parse_skey,
    parse_vkey,
    sign_note,
)

KEY = PrivateKey(name="example.org/log", seed=bytes(range(32)))
OTHER = PrivateKey(name="example.org/log", seed=b"\x07" * 32)
HEAD = Checkpoint(origin="example.org/log", size=42, root=b"\x11" * 32)

# The example of golang.org/x/mod/sumdb/note, which defines the text forms of keys and notes.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_keys_and_notes_are_those_of_the_reference_implementation() -> None:
    public, private = parse_vkey(GO_VKEY), parse_skey(GO_SKEY)
    assert private.public == public
    assert (public.vkey, private.skey) == (GO_VKEY, GO_SKEY)
    note = parse_note(GO_NOTE)
    assert is_signed_by(note, public)
    assert sign_note(note.text, [private]) == GO_NOTE


def test_a_note_says_who_signed_it_and_a_changed_letter_breaks_it() -> None:
    signed = sign_note(HEAD.text, [KEY, OTHER])
    note = parse_note(signed)
    assert (is_signed_by(note, KEY.public), is_signed_by(note, OTHER.public)) == (True, True)
    assert not is_signed_by(parse_note(sign_note(HEAD.text, [OTHER])), KEY.public)
    assert not is_signed_by(parse_note(signed.replace("42", "43")), KEY.public)
    assert parse_checkpoint(note.text) == HEAD


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "no signatures\n",
        "text\n\n",
        "text\n\n— name",
        "text\n\n— name \n",
        "text\n\n- name AAAAAAAAAA==\n",
        "text\n\n— na+me AAAAAAAAAA==\n",
        "text\n\n—  AAAAAAAAAA==\n",
        "text\n\n— name AAAAAAAAAB==\n",
        "text\n\n— name AAAA AAAA\n",
        "text\n\n— name AAAA\n",
        "te\rxt\n\n— name AAAAAAAAAA==\n",
        "text\x00\n\n— name AAAAAAAAAA==\n",
        "\ud800\n\n— name AAAAAAAAAA==\n",
        "text\n\n" + "— name AAAAAAAAAA==\n" * 101,
    ],
)
def test_what_is_no_note_is_refused(broken: str) -> None:
    with pytest.raises(NoteError):
        parse_note(broken)


@pytest.mark.parametrize(
    "lines",
    [
        ("", "1", "x"),
        ("a", "01", ""),
        ("a", "-1", ""),
        ("a", "1e3", ""),
        ("a", "٣", ""),
        ("a", "9" * 30, ""),
        ("a", "1", "AAAA"),
        ("a", "1", "not base64"),
        ("a", "1"),
    ],
)
def test_what_is_no_checkpoint_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint("\n".join(lines) + "\n")


def test_a_key_whose_id_is_not_its_own_is_refused_and_its_secret_is_not_repeated() -> None:
    with pytest.raises(NoteError):
        parse_vkey(KEY.public.vkey.replace(KEY.public.key_id, "00000000"))
    with pytest.raises(NoteError) as caught:
        parse_skey(KEY.skey.replace(KEY.public.key_id, "00000000"))
    assert KEY.skey[-20:] not in str(caught.value)
    assert KEY.skey[-20:] not in repr(KEY)


def test_an_origin_that_cannot_be_a_name_gets_one() -> None:
    assert key_name("our archive+1") == "our-archive-1"
    name = key_name("our archive+1")
    key = PrivateKey(name=name, seed=b"\x01" * 32)
    assert is_signed_by(parse_note(sign_note("our archive+1\n", [key])), parse_vkey(key.public.vkey))


@pytest.mark.parametrize("quote", ["", "  ", "> ", ">   > "])
def test_a_note_is_found_again_in_the_text_of_a_message(quote: str) -> None:
    signed = sign_note(HEAD.text, [KEY])
    message = "\r\n".join(["Dear all,", HEAD.origin, *(quote + line for line in signed.split("\n") if line), "", "Bye"])
    assert find_checkpoint_note(message, origin=HEAD.origin) == signed
    assert find_checkpoint_note(message.replace("\r\n", "\n\n"), origin=HEAD.origin) == signed
    assert find_checkpoint_note(message, origin="another.org/log") is None


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_hostile_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    for parse in (parse_note, parse_checkpoint, parse_vkey, parse_skey):
        for candidate in (text, f"text\n\n— name {text}\n", f"name+00000000+{text}", f"PRIVATE+KEY+{text}"):
            try:
                parse(candidate)
            except NoteError:
                continue
    find_checkpoint_note(f"a\n1\n{text}\n— {text}", origin="a")
