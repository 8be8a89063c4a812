"""An installation with a long past: how it is made, served and looked at."""
