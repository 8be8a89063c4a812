"""Message templates as the provider approved them: their variables, where the values come from, how they read."""
