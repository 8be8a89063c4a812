"""What became of each e-mail, from answers and from reports in any order."""
