"""The demonstration: a small local site, a mail sink, and the service between them."""
