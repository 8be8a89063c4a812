"""Reading contact files: pure functions from bytes to judged rows.

Nothing here knows Flask, the database or jobs: callers pass a path and get values back. The steps are
`files.inspect` -> `mapping.propose` -> `files.read_rows` -> `rows.RowJudge` -> `report.report_lines`.
"""
