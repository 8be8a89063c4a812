"""Making a campaign: the form, the draft, the checks before the start, the preview."""
