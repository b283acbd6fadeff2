"""Payload bytes -> Document, for whatever governments publish."""

from watcher.extract.charset import decode
from watcher.extract.quality import Quality, QualityVerdict, judge_quality
from watcher.extract.registry import extract, extractor_for

__all__ = ["Quality", "QualityVerdict", "decode", "extract", "extractor_for", "judge_quality"]
