"""The job engine: the row in `jobs` is the truth, the broker carries ids only. Knows nothing of contacts or campaigns."""
