"""Contacts, their tags and consent, and their import from files."""
