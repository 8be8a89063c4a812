"""Pages of alerts: what is open, what was, the rules, the channels, what was told."""
