"""The page: read-only, without scripts, on loopback."""
