"""The first page and the health of the installation."""
