"""Payload bytes -> Document, for whatever governments publish."""

from watcher.extract.charset import Charset, CharsetFrom, charset_of, decode
from watcher.extract.quality import SCRIPT_SHELL, Quality, QualityVerdict, judge_quality
from watcher.extract.registry import current_number, extract, extractor_for

__all__ = [
    "SCRIPT_SHELL",
    "Charset",
    "CharsetFrom",
    "Quality",
    "QualityVerdict",
    "charset_of",
    "current_number",
    "decode",
    "extract",
    "extractor_for",
    "judge_quality",
]
