"""Where the tests find files of the project."""

from adsapp.config import ROOT

CASES = ROOT / "tests" / "cases"
