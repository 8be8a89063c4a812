"""Each figure we claim, as a command: `./run bench NAME` prints a table and, as its last line, one JSON object."""
