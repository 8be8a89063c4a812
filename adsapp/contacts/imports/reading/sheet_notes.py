"""What people should know of a sheet before they import it."""

from adsapp.contacts.imports.sheets.guard import Findings


def notes_of(found: Findings) -> tuple[str, ...]:
    """A sentence for each thing that may surprise somebody."""
    said = (
        (
            found.formulas_without_result,
            "Formulas whose result is not in the file: {:,}. Their cells are read as empty. "
            "Open the file in a spreadsheet program, save it, and upload it again.",
        ),
        (found.errors, "Cells that show an error such as #N/A: {:,}. They are read as empty."),
        (found.hidden_rows, "Rows that are hidden, by hand or by a filter: {:,}. They are read like any other."),
    )
    return tuple(sentence.format(count) for count, sentence in said if count)
