"""Work that starts by the clock: schedules, their times in words, and each fire exactly once."""
