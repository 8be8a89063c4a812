"""E-mail over Resend."""
