"""Reading spreadsheets: a workbook somebody sent becomes the CSV file that the rest of the import reads.

`kinds` says by its bytes what a file is, `archives` unpacks a ZIP of one list, `workbook` runs `child` in a process
with a limit of memory and time. In there `guard` measures what would be parsed, `excerpt` makes a small workbook of the
first rows, and `cells` writes cells as text.
"""
