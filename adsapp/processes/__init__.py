"""The programs an installation runs, and what keeps them running."""
