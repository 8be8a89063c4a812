"""The fields every contact has, and the keys of the attributes that an organization adds to them."""

from adsapp.contacts.values.text import slug

TARGETS: dict[str, str] = {
    "phone": "Phone number",
    "first_name": "First name",
    "last_name": "Last name",
    "name": "Whole name",
    "email": "E-mail",
    "country": "Country",
    "tags": "Tags",
    "language": "Language",
    "opt_in": "Consent (yes or no)",
}
MAX_KEY = 40


def is_attribute_key(key: str) -> bool:
    """True for small letters, digits and _, beginning with a letter; never the name of a field."""
    return slug(key) == key and key[:1].isalpha() and len(key) <= MAX_KEY and key not in TARGETS
