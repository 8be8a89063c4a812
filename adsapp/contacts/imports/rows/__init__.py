"""Rows of an import that somebody should look at: as a page, as JSON, and as a file to mend."""
