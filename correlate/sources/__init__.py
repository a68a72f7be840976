"""One module a format that scores come in."""
