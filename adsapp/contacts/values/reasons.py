"""Why a row was rejected, or imported with a remark: for each code a title and advice.

Codes are stored and counted; titles and advice are shown to people and may be reworded freely.
"""

from typing import NamedTuple


class Reason(NamedTuple):
    """What is wrong, as a short sentence without its full stop, and what to do about it."""

    title: str
    advice: str


MESSAGES: dict[str, Reason] = {
    # Rows that are rejected.
    "no_phone": Reason("There is no phone number", "Fill in the phone number."),
    "says_none": Reason(
        "The cell says that this person has no phone number", "Nothing, if that is so; else write the number."
    ),
    "text_instead": Reason(
        "There is text where the phone number should be",
        "Write the number there. If this is so in most rows, another column holds the numbers.",
    ),
    "scientific_notation": Reason(
        "The spreadsheet shortened the number to scientific notation and its last digits are lost",
        "Format the column as text in the spreadsheet and enter the whole number again.",
    ),
    "two_readings": Reason(
        "It is not clear whether the number begins with its country code",
        "Write it as + and country code, or with the 0 that is dialled before it at home.",
    ),
    "two_numbers": Reason("There is more than one number in the cell", "Keep one number, or use two rows."),
    "letters": Reason("There are letters in the number", "Write the number with digits only."),
    "odd_characters": Reason(
        "There are characters that no phone number has", "Write the number as +, country code and digits."
    ),
    "too_short": Reason("The number is too short", "Look for missing digits."),
    "too_long": Reason("The number is too long", "Look for digits too many, or a second number in the cell."),
    "no_area_code": Reason("The number has no area code", "Put the area code before it."),
    "no_country": Reason(
        "The number has no country code and no country is known for it",
        "Write it as + and country code, add a country column, or choose a default country.",
    ),
    "unknown_country": Reason(
        "The country of this row is not known, and the number has no country code",
        "Write the country as a name or a two-letter code, or the number as + and country code.",
    ),
    "other_calling_code": Reason(
        "The number does not fit the calling code of its row",
        "Correct one of the two, or write the number as + and country code.",
    ),
    "bad_country_code": Reason("No country has this country code", "Check the digits after the +."),
    "not_in_use": Reason(
        "No phone number of the country looks like this",
        "Look for a wrong digit; if the number is from another country, begin it with + and country code.",
    ),
    "too_many_cells": Reason(
        "The row has more cells than the header has columns",
        "Put quotes around text that holds the separator, or take the cells too many away.",
    ),
    "cell_too_large": Reason(
        "A cell of the row is too large for a list of contacts, and is cut in the report",
        "Shorten the cell, or take its column away.",
    ),
    # Rows that are imported with a remark.
    "email_left_out": Reason("The e-mail address is not valid and was left out", "Correct the address."),
    "email_reduced": Reason("Only the address was kept of the e-mail cell", "Nothing, if the address is right."),
    "extension_kept": Reason(
        "The extension is no part of a WhatsApp number and was kept as the attribute phone_extension",
        "Check that the number reaches the person.",
    ),
    "extension_left_out": Reason(
        "The extension is no part of a WhatsApp number", "Check that the number reaches the person."
    ),
    "country_left_out": Reason("The country is not known and was left out", "Write a name or a two-letter code."),
    "calling_code_left_out": Reason(
        "The calling code is not known and was left out", "Write + and the digits, such as +44."
    ),
    "language_left_out": Reason("The language is not known and was left out", "Write a code such as en or pt_BR."),
    "opt_in_left_out": Reason("The consent is neither yes nor no and was left out", "Write yes or no."),
    "opt_in_unclear": Reason(
        "The consent is no clear yes, so the person was opted out", "Write yes or no, or opt the person in by hand."
    ),
    "opted_out_unclear": Reason(
        "It is not clear whether the person opted out, so it counts as an opt-out",
        "Write yes or no, or opt the person in by hand.",
    ),
    "refusal_unused": Reason(
        "A column that was not used refuses messages for this person, who was not opted out",
        "Import the file again with this column as consent or opted out, or opt the person out by hand.",
    ),
    "cut_short": Reason("The text was too long and its end was cut off", "Shorten the text."),
    # How an ambiguous number was interpreted.
    "country": Reason("The default country was assumed", "Check it if this person lives elsewhere."),
    "lost plus": Reason("The number was read as if it began with +", "Write it with a +."),
    "00 prefix": Reason("The 00 before the number was read as +", "Write it with a +."),
    "old form": Reason("The number was brought to the form in use today", "Nothing, if the number is right."),
}
