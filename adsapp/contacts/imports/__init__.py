"""Importing contacts from files and lists."""
