"""Reading contact files: pure functions from bytes to judged rows.

Nothing here knows of Flask, the database or a job; whoever calls brings a path and gets values back. The
way through: `files.inspect` -> `mapping.propose` -> `files.read_rows` -> `rows.RowJudge` ->
`report.report_lines`.
"""
