"""An exported bag: what is in it, and that every tool that should accept it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from watcher.pipeline.export import export_source
from watcher.pipeline.export_ledger import ExportForm, ExportRequest

PAGE = "<html><title>Kazakhstan</title><body><p>Kazakhstan has not joined the Mine Ban Treaty.</p></body></html>"


def test_try(bench: Any, tmp_path: Path) -> None:
    url = bench.site.put("/kaz", PAGE)
    bench.register("kaz", url)
    bench.check("kaz")
    bench.check("kaz")
    bench.site.put("/kaz", PAGE.replace("has not", "has"))
    bench.check("kaz")
    bench.site.put("/kaz", b"<h1>gone</h1>", status=500)
    bench.check("kaz")
    bench.site.put("/kaz", PAGE)
    bench.check("kaz")
    request = ExportRequest(source_id="kaz", out=Path("/tmp/xt/kaz.zip"), user="test")
    export_source(bench.rooms, request, checkpoint=bench.rooms.archive.checkpoint(), told=print)
    request = ExportRequest(source_id="kaz", out=Path("/tmp/xt/kaz.wacz"), user="test", form=ExportForm.WACZ)
    export_source(bench.rooms, request, checkpoint=bench.rooms.archive.checkpoint(), told=print)
