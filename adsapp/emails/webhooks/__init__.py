"""What the provider reports of e-mails: taken in at the door, applied by a job."""
