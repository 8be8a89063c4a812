"""What campaigns and e-mails share: who it goes to, and how requests go out at the pace of their account."""
