"""Campaigns: audience, the ledger of recipients, sending, webhooks, counts."""
