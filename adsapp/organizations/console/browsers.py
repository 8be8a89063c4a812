"""What a browser is called by people."""

from typing import Final

UNKNOWN: Final = "An unknown browser"
# By what is found in the name that it gives itself, the first that fits: most claim to be others as well.
BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
AS_IT_IS: Final = 60  # letters of one that is not known


def browser_words(user_agent: str) -> str:
    """ "Firefox on Windows"; as much of it as is known, else how it calls itself."""
    browser = next((name for part, name in BROWSERS if part in user_agent), "")
    system = next((name for part, name in SYSTEMS if part in user_agent), "")
    known = " on ".join(each for each in (browser, system) if each)
    return known or user_agent[:AS_IT_IS] or UNKNOWN
