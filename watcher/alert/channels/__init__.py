"""Ways out of the service, one module each."""
