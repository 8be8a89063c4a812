"""A template tried on many people before anything is sent: what each of them would read, and who has a problem."""
