"""What an e-mail says: its placeholders, one person's e-mail, its plain text and its preview. Pure."""
