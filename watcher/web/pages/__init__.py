"""One module per noun; each function answers one route."""
