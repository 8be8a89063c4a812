"""Names of the languages a template may be in. Pure. Source: the provider's list of supported languages, 2026."""

from typing import Final

NAMES: Final[dict[str, str]] = {
    "af": "Afrikaans", "sq": "Albanian", "ar": "Arabic", "ar_EG": "Arabic (Egypt)", "ar_AE": "Arabic (UAE)",
    "az": "Azerbaijani", "bn": "Bengali", "bg": "Bulgarian", "ca": "Catalan", "zh_CN": "Chinese (China)",
    "zh_HK": "Chinese (Hong Kong)", "zh_TW": "Chinese (Taiwan)", "hr": "Croatian", "cs": "Czech", "da": "Danish",
    "nl": "Dutch", "en": "English", "en_GB": "English (UK)", "en_US": "English (US)", "et": "Estonian",
    "fil": "Filipino", "fi": "Finnish", "fr": "French", "ka": "Georgian", "de": "German", "el": "Greek",
    "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian",
    "ga": "Irish", "it": "Italian", "ja": "Japanese", "kn": "Kannada", "kk": "Kazakh", "ko": "Korean", "lo": "Lao",
    "lv": "Latvian", "lt": "Lithuanian", "mk": "Macedonian", "ms": "Malay", "ml": "Malayalam", "mr": "Marathi",
    "nb": "Norwegian", "fa": "Persian", "pl": "Polish", "pt_BR": "Portuguese (Brazil)",
    "pt_PT": "Portuguese (Portugal)", "pa": "Punjabi", "ro": "Romanian", "ru": "Russian", "sr": "Serbian",
    "sk": "Slovak", "sl": "Slovenian", "es": "Spanish", "es_AR": "Spanish (Argentina)", "es_MX": "Spanish (Mexico)",
    "es_ES": "Spanish (Spain)", "sw": "Swahili", "sv": "Swedish", "ta": "Tamil", "te": "Telugu", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "zu": "Zulu",
}  # fmt: skip


def language_name(code: str) -> str:
    """`en_US` as English (US); a code that is not known stays as it is."""
    return NAMES.get(code, code)
