"""Phone numbers, countries, e-mail addresses and names: how one value is read."""
