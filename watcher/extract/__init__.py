"""Payload bytes -> Document, for whatever governments publish."""

from watcher.extract.charset import decode
from watcher.extract.registry import extract, extractor_for

__all__ = ["decode", "extract", "extractor_for"]
