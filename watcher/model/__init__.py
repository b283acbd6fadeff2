"""Frozen values, enumerations and pure rules. Imports the standard library and `watcher.errors` only."""
