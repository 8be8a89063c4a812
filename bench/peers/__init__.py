"""Other queues, and ours, behind one small protocol, so that `bench.jobs` measures them all in the same way."""
