"""WhatsApp Business Cloud API: its channel, its settings page, a client over real HTTP, and pure modules that read and
write its JSON."""
