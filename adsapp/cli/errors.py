"""How a command fails: one clear line, and the command to type next."""

from adsapp.core.errors import Problem


class CommandFailed(Exception):
    """A failure told to the person at the terminal in one line."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def line_of(error: Problem) -> str:
    """An expected error in one line; the text of a field begins with "should", so the field is named first."""
    field = error.fields[0] if error.fields else None
    return f"{field.field} {error.detail}" if field and error.detail.startswith("should ") else error.detail


def typed(words: str) -> str:
    """What a person types here to run this command of ours: `./run db upgrade`, or `adsapp db upgrade`."""
    from adsapp.config import Settings

    return f"{Settings.load().command} {words}"
