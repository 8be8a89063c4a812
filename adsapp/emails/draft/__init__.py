"""An e-mail as it is asked for, before it exists, and what is wrong with it."""
