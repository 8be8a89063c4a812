"""Addresses that get no e-mail."""
