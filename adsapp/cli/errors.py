"""The error that a command ends with."""


class Told(Exception):
    """A failure told to the person at the terminal in one line."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.exit_code = exit_code
