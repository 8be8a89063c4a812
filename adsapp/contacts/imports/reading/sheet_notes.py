"""What people should know of a sheet before they import it."""

from adsapp.contacts.imports.sheets.guard import Findings
from adsapp.core.words import plural


def notes_of(found: Findings) -> tuple[str, ...]:
    """A sentence for each thing that may surprise somebody."""
    notes = []
    if found.formulas_without_result:
        notes.append(
            f"{plural(found.formulas_without_result, 'cell')} of the sheet hold a formula whose result is not in the "
            "file; they are read as empty. Open the file in a spreadsheet program, save it, and upload it again."
        )
    if found.errors:
        notes.append(f"{plural(found.errors, 'cell')} of the sheet show an error such as #N/A; they are read as empty.")
    if found.hidden_rows:
        notes.append(
            f"{plural(found.hidden_rows, 'row')} of the sheet are hidden, by hand or by a filter; they are read too."
        )
    return tuple(notes)
