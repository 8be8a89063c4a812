"""Sending a campaign: the job, its slices, the pace, and what became of each message."""
