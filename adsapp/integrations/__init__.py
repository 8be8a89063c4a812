"""The outside services we speak to: what a channel is (`base`), how fast it may go (`pacing`), a folder
each."""
