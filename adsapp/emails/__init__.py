"""E-mails to many people: composed, frozen into a ledger, sent in chunks that no crash can double, and tracked."""
