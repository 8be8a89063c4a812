"""Undoing an import: everybody as they were before it, as far as nobody has changed them since."""
