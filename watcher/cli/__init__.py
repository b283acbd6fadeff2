"""The command line: one module per noun, commands of a few lines."""
