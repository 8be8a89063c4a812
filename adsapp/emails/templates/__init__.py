"""E-mail templates: a subject and its bodies, kept to be used again."""
