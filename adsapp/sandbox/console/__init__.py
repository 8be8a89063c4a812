"""How a person works the sandbox: its page, and the control API under `/_sandbox/`."""
