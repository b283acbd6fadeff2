"""The offline verifier's own arithmetic, against published vectors, and what it says of bags that are none."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from watcher.archive import offline_verifier
from watcher.archive.offline_verifier import read_vkey, read_warc, response_head, verify_ed25519

# RFC 8032, 7.1: public key, message, signature of tests 1, 2, 3 and SHA(abc)
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
            "5141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0"
            "0d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc0"
            "27beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a"
            "9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9"
            "bef1177331a704"
        ),
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_signatures_of_rfc_8032_are_valid_and_any_changed_bit_is_not(
    key: str, message: str, signature: str
) -> None:
    public, said, signed = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert verify_ed25519(public, said, signed)
    assert not verify_ed25519(public, said + b"!", signed)
    for place in (0, 31, 32, 63):
        changed = bytearray(signed)
        changed[place] ^= 1
        assert not verify_ed25519(public, said, bytes(changed))
    assert not verify_ed25519(bytes(32), said, signed)


def test_a_signature_with_a_scalar_above_the_order_is_refused() -> None:
    key, message, signature = (bytes.fromhex(part) for part in VECTORS[1])
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert not verify_ed25519(key, message, signature[:32] + scalar.to_bytes(32, "little"))


def test_a_key_that_is_no_point_of_the_curve_or_too_long_is_refused() -> None:
    _, message, signature = (bytes.fromhex(part) for part in VECTORS[1])
    for key in (b"\xff" * 32, (2).to_bytes(32, "little"), b"", b"a" * 33):
        assert not verify_ed25519(key, message, signature)
    assert not verify_ed25519(bytes.fromhex(VECTORS[1][0]), message, signature[:63])


def test_a_verifier_key_of_the_signed_note_format_is_read() -> None:
    name, key_id, public = read_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n")
    assert (name, key_id.hex(), len(public)) == ("PeterNeumann", "c74f20a3", 32)
    note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    blob = offline_verifier.base64.b64decode(signature)
    assert blob[:4] == key_id
    assert verify_ed25519(public, note.encode(), blob[4:])


@pytest.mark.parametrize("text", ["", "a+b", "name+00000000+AQ==", "PeterNeumann+c74f20a4+ARpc2QcUPDhM", "a+b+c+d"])
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"id|key"):
        read_vkey(text)


def test_it_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(offline_verifier.__file__).read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_headers_of_the_transfer_are_renamed_and_foreign_line_ends_cannot_forge_a_header() -> None:
    headers = [("Content-Encoding", "gzip"), ("Content-Length", "9"), ("Set-Cookie", "a=1\nX-Forged: 1"), ("X", "é")]
    head = response_head(200, headers, decoded=True, length=3)
    assert head == (
        b"HTTP/1.1 200 OK\r\nX-Archive-Orig-Content-Encoding: gzip\r\nX-Archive-Orig-Content-Length: 9\r\n"
        b"Set-Cookie: a=1\r\nSet-Cookie: X-Forged: 1\r\nX: \xe9\r\nContent-Length: 3\r\n\r\n"
    )
    partial = response_head(599, headers[:2], decoded=False, length=4)
    assert b"\r\nContent-Encoding: gzip\r\nX-Archive-Orig-Content-Length: 9\r\n" in partial
    assert response_head(304, headers[1:2], decoded=False, length=None).endswith(b"\r\nContent-Length: 9\r\n\r\n")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"WARC/1.1\r\nContent-Length: 5\r\n\r\nab", "ends within a record"),
        (b"WARC/1.1\r\nContent-Length: 1\r\n\r\nabc\r\n\r\n", "longer than its Content-Length"),
        (b"WARC/1.1\r\nX: y\r\n\r\n", "no Content-Length"),
        (b"WARC/1.1\r\nX: " + b"y" * (2 << 20), "does not end"),
        (b"hello\r\n", "begins with"),
        (b"\x1f\x8b\x08\x00", "is cut"),
        (b"WARC/1.1\r\nContent-Type: application/http\r\nContent-Length: 4\r\n\r\nabcd\r\n\r\n", "HTTP headers"),
    ],
)
def test_a_broken_warc_is_named(content: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        list(read_warc(io.BytesIO(content)))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", offline_verifier.__file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_what_is_no_bag_cannot_be_checked(tmp_path: Path) -> None:
    empty = _run(str(tmp_path))
    assert empty.returncode == 2
    assert "no bagit.txt" in empty.stdout
    zipped = tmp_path / "a.zip"
    with zipfile.ZipFile(zipped, "w") as packed:
        packed.writestr("a.txt", "hello")
    assert _run(str(zipped)).returncode == 2
    zipped.write_bytes(b"no zip")
    broken = _run(str(zipped))
    assert broken.returncode == 1
    assert "cannot be read" in broken.stdout
    assert _run(str(tmp_path / "absent")).returncode == 2
