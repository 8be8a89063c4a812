"""First and last name out of a whole one, if its parts are known; companies and couples have none."""

import re

# How companies call their form, in the languages of our users.
_FORMS = """
    ltd limited inc incorporated corp corporation company llc llp plc pllc gmbh mbh kgaa ohg stiftung sarl eurl
    sasu srl srls ltda eireli stichting oyj aps asa spzoo zoo kft zrt pty pte pvt sdn bhd tbk fzco fzc wll şti
    ооо зао пао
"""
# The same, but in small letters or with an accent these are people's names: Sá, Ag, As.
_SHORT_FORMS = """
    SA AG KG SL BV NV AB OY AS SC EV UG SAS SPA SNC COOP CO LP PT CV UD IP ИП АО
"""
_BEFORE_NAMES = """
    mr mrs ms miss mx dr prof sir dame herr frau sr sra srta don doña mme mlle sig sigra dott mevr bapak ibu
"""
_BEHIND_NAMES = """
    jr sr ii iii iv phd md mba dds esq
"""
_COMPANY, _IN_CAPITALS = frozenset(_FORMS.split()), frozenset(_SHORT_FORMS.split())
_TITLES, _AFTER = frozenset(_BEFORE_NAMES.split()), frozenset(_BEHIND_NAMES.split())
_NO_PERSON = re.compile(r"[\d&@/+|]")


def split_name(whole: str) -> tuple[str, str]:
    """'Ana Maria Silva' is Ana, Maria Silva, and so are 'Maria Silva, Ana' and 'Dr. Ana Maria Silva'; of 'Harbour
    Bakery, Ltd' and 'Ann & Bob Smith' both parts are ''."""
    if _NO_PERSON.search(whole) or _is_company(whole) or whole.count(",") > 1:
        return "", ""
    before, comma, after = (part.strip() for part in whole.partition(","))
    if comma and before and after and after.rstrip(".").casefold() not in _AFTER:
        return _untitled(after), before
    first, _, last = _untitled(before).partition(" ")
    return first, last.strip()


def _is_company(whole: str) -> bool:
    words = whole.replace(",", " ").split()
    ends = {words[0], words[-1]} if len(words) > 1 else set()
    shouts = whole.isupper()
    bare = {end.replace(".", "") for end in ends}
    return any(end.casefold() in _COMPANY or (not shouts and end in _IN_CAPITALS) for end in bare)


def _untitled(name: str) -> str:
    """Without the titles before it, if a first and a last name remain."""
    words = name.split()
    while len(words) > 2 and words[0].rstrip(".").casefold() in _TITLES:
        words = words[1:]
    return " ".join(words)
