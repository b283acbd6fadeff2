"""Payload bytes -> Document, for whatever governments publish."""

from watcher.extract.charset import decode
from watcher.extract.quality import SCRIPT_SHELL, Quality, QualityVerdict, judge_quality
from watcher.extract.registry import current_number, extract, extractor_for

__all__ = [
    "SCRIPT_SHELL",
    "Quality",
    "QualityVerdict",
    "current_number",
    "decode",
    "extract",
    "extractor_for",
    "judge_quality",
]
