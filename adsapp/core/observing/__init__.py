"""What an operator sees of a process beside its log: figures, traces, reports of errors."""
