"""What the pages of campaigns and of e-mails have in common: their questions, doing what was confirmed, their lists."""
