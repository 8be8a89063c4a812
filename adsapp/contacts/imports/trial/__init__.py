"""What an import would do, found out by doing it and taking it back."""
