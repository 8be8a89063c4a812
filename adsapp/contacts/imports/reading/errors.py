"""The error for a file that cannot be read."""


class UnreadableFile(Exception):
    """A file that cannot be imported as it is: what is wrong, where, and what the person can do about it."""

    def __init__(self, message: str, place: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.advice = advice

    def __str__(self) -> str:
        if not any(character.isdigit() for character in self.place):  # the file as a whole
            return f"{self.message} {self.advice}"
        return f"{self.message.rstrip('.')} ({self.place}). {self.advice}"


class TooFarDown(UnreadableFile):
    """Nothing of use in the part of a file that a request looks at."""


SAVE_AS_CSV = (
    "In Excel or Google Sheets, save or download it as a workbook (XLSX) or as CSV UTF-8, and upload that file."
)
