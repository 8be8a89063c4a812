"""WhatsApp Business Cloud API: a client over real HTTP and pure modules that read and write its JSON."""
