"""Ways by which alerts leave: one module a kind, each with one function that sends a message or raises NotTold."""
