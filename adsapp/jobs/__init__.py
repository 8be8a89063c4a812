"""The job engine: the row is the truth, the broker carries ids only. Knows nothing of contacts or campaigns."""
