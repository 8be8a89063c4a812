"""The accounts that send, on the command line: WhatsApp numbers and those of e-mail."""
