"""How large a workbook may be. Absolute figures: the ratio of packed to unpacked says nothing, since an honest list may
pack a hundred times smaller (docs/adr/0018)."""

MB = 1_000_000

DIRECTORY_BYTES = 2 * MB  # of the table of contents of a ZIP, which is read into memory as a whole
ENTRIES = 5_000
UNPACKED_BYTES = 1_200 * MB  # of the parts that are read; a million rows of ten columns are 400 MB
ODS_BYTES = 400 * MB  # read as a whole, whichever sheet is wanted
ROWS = 1_048_576
COLUMNS = 1_000
CELLS = 30 * MB  # of the rectangle that holds all filled cells, for so much memory is taken
TAG_BYTES = 65_536
WRITTEN_BYTES = 2_000 * MB
SHEETS = 200

LOOK_ROWS = 1_000  # what a request reads of a sheet
LOOK_BYTES = 4 * MB
LOOK_SECONDS = 30
CONVERT_SECONDS = 600
MEMORY_BYTES = 3_000 * MB
