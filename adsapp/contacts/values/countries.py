"""Countries as people write them in a column: ISO codes of two or three letters, names, or a calling code.

ISO 3166-1 codes and short English names; names in other languages for the countries that lists most often come from.
"""

import re
from functools import lru_cache

import phonenumbers

from adsapp.contacts.values.text import folded, plain

_ISO = """
AF AFG Afghanistan|AX ALA Aland Islands|AL ALB Albania|DZ DZA Algeria|AS ASM American Samoa|AD AND Andorra
AO AGO Angola|AI AIA Anguilla|AG ATG Antigua and Barbuda|AR ARG Argentina|AM ARM Armenia|AW ABW Aruba
AU AUS Australia|AT AUT Austria|AZ AZE Azerbaijan|BS BHS Bahamas|BH BHR Bahrain|BD BGD Bangladesh
BB BRB Barbados|BY BLR Belarus|BE BEL Belgium|BZ BLZ Belize|BJ BEN Benin|BM BMU Bermuda|BT BTN Bhutan
BO BOL Bolivia|BQ BES Caribbean Netherlands|BA BIH Bosnia and Herzegovina|BW BWA Botswana|BR BRA Brazil
IO IOT British Indian Ocean Territory|VG VGB British Virgin Islands|BN BRN Brunei|BG BGR Bulgaria
BF BFA Burkina Faso|BI BDI Burundi|KH KHM Cambodia|CM CMR Cameroon|CA CAN Canada|CV CPV Cape Verde
KY CYM Cayman Islands|CF CAF Central African Republic|TD TCD Chad|CL CHL Chile|CN CHN China
CX CXR Christmas Island|CC CCK Cocos Islands|CO COL Colombia|KM COM Comoros|CG COG Congo
CD COD Democratic Republic of the Congo|CK COK Cook Islands|CR CRI Costa Rica|CI CIV Cote d'Ivoire
HR HRV Croatia|CU CUB Cuba|CW CUW Curacao|CY CYP Cyprus|CZ CZE Czechia|DK DNK Denmark|DJ DJI Djibouti
DM DMA Dominica|DO DOM Dominican Republic|EC ECU Ecuador|EG EGY Egypt|SV SLV El Salvador
GQ GNQ Equatorial Guinea|ER ERI Eritrea|EE EST Estonia|SZ SWZ Eswatini|ET ETH Ethiopia
FK FLK Falkland Islands|FO FRO Faroe Islands|FJ FJI Fiji|FI FIN Finland|FR FRA France|GF GUF French Guiana
PF PYF French Polynesia|GA GAB Gabon|GM GMB Gambia|GE GEO Georgia|DE DEU Germany|GH GHA Ghana
GI GIB Gibraltar|GR GRC Greece|GL GRL Greenland|GD GRD Grenada|GP GLP Guadeloupe|GU GUM Guam
GT GTM Guatemala|GG GGY Guernsey|GN GIN Guinea|GW GNB Guinea-Bissau|GY GUY Guyana|HT HTI Haiti
HN HND Honduras|HK HKG Hong Kong|HU HUN Hungary|IS ISL Iceland|IN IND India|ID IDN Indonesia|IR IRN Iran
IQ IRQ Iraq|IE IRL Ireland|IM IMN Isle of Man|IL ISR Israel|IT ITA Italy|JM JAM Jamaica|JP JPN Japan
JE JEY Jersey|JO JOR Jordan|KZ KAZ Kazakhstan|KE KEN Kenya|KI KIR Kiribati|XK XKX Kosovo|KW KWT Kuwait
KG KGZ Kyrgyzstan|LA LAO Laos|LV LVA Latvia|LB LBN Lebanon|LS LSO Lesotho|LR LBR Liberia|LY LBY Libya
LI LIE Liechtenstein|LT LTU Lithuania|LU LUX Luxembourg|MO MAC Macao|MG MDG Madagascar|MW MWI Malawi
MY MYS Malaysia|MV MDV Maldives|ML MLI Mali|MT MLT Malta|MH MHL Marshall Islands|MQ MTQ Martinique
MR MRT Mauritania|MU MUS Mauritius|YT MYT Mayotte|MX MEX Mexico|FM FSM Micronesia|MD MDA Moldova
MC MCO Monaco|MN MNG Mongolia|ME MNE Montenegro|MS MSR Montserrat|MA MAR Morocco|MZ MOZ Mozambique
MM MMR Myanmar|NA NAM Namibia|NR NRU Nauru|NP NPL Nepal|NL NLD Netherlands|NC NCL New Caledonia
NZ NZL New Zealand|NI NIC Nicaragua|NE NER Niger|NG NGA Nigeria|NU NIU Niue|NF NFK Norfolk Island
KP PRK North Korea|MK MKD North Macedonia|MP MNP Northern Mariana Islands|NO NOR Norway|OM OMN Oman
PK PAK Pakistan|PW PLW Palau|PS PSE Palestine|PA PAN Panama|PG PNG Papua New Guinea|PY PRY Paraguay
PE PER Peru|PH PHL Philippines|PL POL Poland|PT PRT Portugal|PR PRI Puerto Rico|QA QAT Qatar|RE REU Reunion
RO ROU Romania|RU RUS Russia|RW RWA Rwanda|BL BLM Saint Barthelemy|SH SHN Saint Helena
KN KNA Saint Kitts and Nevis|LC LCA Saint Lucia|MF MAF Saint Martin|PM SPM Saint Pierre and Miquelon
VC VCT Saint Vincent and the Grenadines|WS WSM Samoa|SM SMR San Marino|ST STP Sao Tome and Principe
SA SAU Saudi Arabia|SN SEN Senegal|RS SRB Serbia|SC SYC Seychelles|SL SLE Sierra Leone|SG SGP Singapore
SX SXM Sint Maarten|SK SVK Slovakia|SI SVN Slovenia|SB SLB Solomon Islands|SO SOM Somalia
ZA ZAF South Africa|KR KOR South Korea|SS SSD South Sudan|ES ESP Spain|LK LKA Sri Lanka|SD SDN Sudan
SR SUR Suriname|SJ SJM Svalbard and Jan Mayen|SE SWE Sweden|CH CHE Switzerland|SY SYR Syria|TW TWN Taiwan
TJ TJK Tajikistan|TZ TZA Tanzania|TH THA Thailand|TL TLS Timor-Leste|TG TGO Togo|TK TKL Tokelau|TO TON Tonga
TT TTO Trinidad and Tobago|TN TUN Tunisia|TR TUR Turkey|TM TKM Turkmenistan|TC TCA Turks and Caicos Islands
TV TUV Tuvalu|UG UGA Uganda|UA UKR Ukraine|AE ARE United Arab Emirates|GB GBR United Kingdom
US USA United States|UY URY Uruguay|UZ UZB Uzbekistan|VU VUT Vanuatu|VA VAT Vatican City|VE VEN Venezuela
VN VNM Vietnam|VI VIR US Virgin Islands|WF WLF Wallis and Futuna|EH ESH Western Sahara|YE YEM Yemen
ZM ZMB Zambia|ZW ZWE Zimbabwe
"""

_ALSO = """
US United States of America, America, Estados Unidos, EE UU, EUA, Etats-Unis
US Vereinigte Staaten, Stati Uniti
GB UK, Great Britain, England, Scotland, Wales, Northern Ireland, Reino Unido, Royaume-Uni, Regno Unito
GB Vereinigtes Koenigreich, Vereinigtes Königreich, Grossbritannien, Großbritannien
GB Inggris, Verenigd Koninkrijk
DE Deutschland, Alemania, Alemanha, Allemagne, Germania, Duitsland, Jerman
ES España, Espanha, Espagne, Spanien, Spagna, Spanje
FR Francia, França, Frankreich, Frankrijk, Prancis
IT Italia, Itália, Italie, Italien, Italië
NL Holland, The Netherlands, Nederland, Países Bajos, Países Baixos, Pays-Bas, Niederlande
NL Paesi Bassi, Belanda
BR Brasil, Brésil, Brasilien, Brasile, Brazilië
MX México, Mexique, Mexiko, Messico
AR Argentine, Argentinien
PT Portogallo
IN Bharat, Inde, Indien, Índia, भारत
ID Indonésia, Indonésie, Indonesien
AT Österreich, Oesterreich
CH Schweiz, Suisse, Svizzera, Suiza, Suíça
BE België, Belgique, Belgien, Bélgica, Belgio
PL Polska, Polonia, Polen
TR Türkiye, Turkiye
CZ Czech Republic, Česko
CI Ivory Coast
RU Russian Federation, Россия, Rusia
UA Україна
KR Korea, Republic of Korea
AE UAE, Emirates, الإمارات, الامارات
SA KSA, السعودية, المملكة العربية السعودية
EG مصر
MA المغرب, Maroc, Marruecos
VN Viet Nam
CN 中国, Chine
JP 日本, Japon, Japón
CD DR Congo, DRC
MM Burma
MK Macedonia
SZ Swaziland
SE Sverige
NO Norge
DK Danmark
FI Suomi
IE Eire
GR Hellas
CO Colombie
PE Perú
ZA Südafrika, Sudáfrica
PH Filipinas, The Philippines
"""


def _table() -> dict[str, str]:
    words: dict[str, str] = {}
    for entry in _ISO.strip().replace("\n", "|").split("|"):
        code, three, name = entry.split(" ", 2)
        words.update({folded(word): code for word in (code, three, name)})
    for line in _ALSO.strip().splitlines():
        code, names = line.split(" ", 1)
        words.update({folded(name): code for name in names.split(",")})
    return words


_CODES = _table()


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Country names by ISO code, ordered by name."""
    entries = (entry.split(" ", 2) for entry in _ISO.strip().replace("\n", "|").split("|"))
    return dict(sorted(((code, name) for code, _, name in entries), key=lambda entry: entry[1]))


@lru_cache(maxsize=4096)
def country_code(cell: str) -> str | None:
    """The ISO code for 'de', 'DEU', 'Germany', 'Alemania', '+49' or '49'; None for a blank or unknown word."""
    named = _CODES.get(folded(cell))
    if named:
        return named
    code = calling_code(cell)
    return main_country(code) if code else None


@lru_cache(maxsize=4096)
def calling_code(cell: str) -> int | None:
    """The calling code in '+44', '44', '0044', '(+44)', '44.0', '+44 (UK)' or 'GB +44'; None if there is none."""
    found = _CALLING_CODE.fullmatch(plain(cell).lstrip("'"))
    if found is None:
        return None
    code, words = int(found["code"]), folded(found["before"] + found["after"])
    return code if main_country(code) and (not words or words in _CODES) else None


_CALLING_CODE = re.compile(r"(?P<before>\D*?)(?:\+|00)?\s*(?P<code>[1-9]\d{0,2})(?:[.,]0+)?(?P<after>\D*)")


def main_country(code: int) -> str | None:
    """The country of a calling code, the largest if there are several; None if no country has it."""
    region = phonenumbers.region_code_for_country_code(code)
    return region if region in phonenumbers.SUPPORTED_REGIONS else None
