"""Writing templates: a draft, the provider's rules for it, and its way there."""
