"""The tests mirror adsapp/; journeys/, chaos/ and browser/ run the real processes."""
