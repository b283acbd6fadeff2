from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import hashlib, random
from watcher.diff import compare, kind_of
from watcher.model.document import Block, BlockKind, Document

source = random.Random(4)
def text():
    return " ".join(f"w{int(300 * source.random() ** 2)}" for _ in range(source.randrange(1, 40)))
def document(texts):
    blocks = tuple(Block(kind=BlockKind.PARAGRAPH, text=each) for each in texts)
    return Document(title="", blocks=blocks, media_type="text/plain", charset=None, extractor="x", extractor_version=1)
old = [text() for _ in range(120)]
new = [text() if source.random() < 0.3 else each + " end" if source.random() < 0.5 else each for each in old]
source.shuffle(new[20:60])
words = " ".join(text() for _ in range(20)).split()
old += ["Wrapped."] + [" ".join(words[at : at + 9]) for at in range(0, len(words), 9)]
new += ["Wrapped."] + [" ".join(words[at : at + 7]) for at in range(0, len(words), 7)]
common = [" ".join(f"c{int(90 * source.random() ** 2)}" for _ in range(60)) for _ in range(300)]
old += ["Common."] + common
new += ["Common."] + [" ".join("x" if source.random() < 0.2 else word for word in each.split()) for each in common]
first, second = document(old), document(new)
diff = compare(first, second)
print(hashlib.sha256(repr((diff, kind_of(first, second, diff))).encode()).hexdigest())
"""


def test_a_diff_is_the_same_in_every_process() -> None:
    root = Path(__file__).resolve().parents[3]
    answers = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(answers) == 1
