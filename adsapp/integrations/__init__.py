"""The outside services we speak to. `base` says what a channel is, `channels` lists the providers, `pacing` keeps an
account to its rate; each folder is one provider."""
