"""`adsapp jobs …`: what runs, what waits, many at once, queues and workers."""
