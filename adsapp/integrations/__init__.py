"""The outside services we speak to: `base` says what a channel is, `pacing` how fast it may go."""
