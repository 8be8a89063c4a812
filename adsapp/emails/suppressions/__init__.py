"""Who gets no e-mail, and why: known here and at the provider."""
