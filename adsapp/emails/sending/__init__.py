"""Sending an e-mail: the job, its slices, the chunks that no crash can double, and what became of each person."""
