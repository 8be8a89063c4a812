"""`python -m adsapp …` is the `adsapp` command."""

from adsapp.cli import main

main()
