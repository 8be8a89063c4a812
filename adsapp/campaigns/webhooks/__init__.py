"""What the provider reports: received, stored, and applied by a job."""
