"""The page: without scripts, on loopback; nothing can be changed but that documents are handed in."""
