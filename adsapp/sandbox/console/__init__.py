"""How a person operates the sandbox: its page, and the control API under `/_sandbox/`."""
