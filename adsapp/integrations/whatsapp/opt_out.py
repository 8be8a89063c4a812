"""Does this message ask us to stop? Pure.

The word must be the whole message: "bus stop 12" and "please don't stop" are not opt-outs. Case, accents,
outer white space, punctuation and emoji do not matter, and a courtesy beside the word ("Stop. Thank you")
takes nothing away. In doubt a short message that is nothing but such a word counts: to write to someone who
has asked us to stop is the worse mistake.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_LENGTH: Final = 100

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        *(
            "stop",
            "stop all",
            "stopall",
            "stop it",
            "unsubscribe",
            "unsubscribe me",
            "unsub",
            "cancel",
            "end",
            "quit",
        ),
        *("opt out", "optout", "opt me out", "revoke", "remove me", "stop promotions", "stop messages"),
        *("stop messaging me", "stop sending me messages", "no more messages", "no more"),
    ),
    "es": (
        *("alto", "parar", "pare", "para", "detener", "baja", "dar de baja", "darme de baja", "cancelar"),
        *("cancelar suscripcion", "desuscribir", "desuscribirme", "no mas", "no mas mensajes", "salir"),
    ),
    "pt": (
        "sair",
        "parar",
        "pare",
        "descadastrar",
        "cancelar inscricao",
        "remover",
        "nao quero mais",
        "cancelar envio",
    ),
    "fr": (
        "arret",
        "arreter",
        "arretez",
        "desabonner",
        "me desabonner",
        "se desabonner",
        "desinscription",
        "desinscrire",
    ),
    "de": ("stopp", "abmelden", "abbestellen", "austragen", "beenden", "ende", "keine nachrichten mehr"),
    "it": ("ferma", "fermare", "basta", "disiscrivi", "disiscrivimi", "cancellami", "annulla iscrizione"),
    "nl": ("stoppen", "afmelden", "uitschrijven"),
    "sv, no, da": ("stopp", "avsluta", "avslutt", "avregistrera", "avmeld", "afmeld", "stands"),
    "fi": ("lopeta", "peruuta"),
    "pl": ("wypisz", "wypisz mnie", "rezygnuje", "koniec"),
    "cs, sk": ("konec", "odhlasit", "zrusit"),
    "ro": ("opreste", "dezabonare", "dezaboneaza-ma"),
    "hu": ("leiratkozas", "leiratkozom"),
    "el": ("σταματηστε", "διακοπη", "διαγραφη"),
    "tr": ("dur", "durdur", "iptal", "ret", "abonelikten cik"),
    "ru": ("стоп", "отписаться", "отписка", "отпишите меня"),
    "uk": ("відписатися", "відписка", "зупинити"),
    "ar": ("قف", "توقف", "ايقاف", "الغاء", "الغاء الاشتراك", "وقف"),
    "fa": ("لغو", "توقف کنید"),
    "he": ("הסר", "הסרה", "הסירו אותי", "עצור"),
    "hi": ("रोकें", "रोको", "बंद करें", "बंद करो", "स्टॉप", "band karo", "band karein", "roko"),
    "bn": ("বন্ধ", "বন্ধ করুন"),
    "ur": ("بند کریں", "بند کرو"),
    "ta": ("நிறுத்து",),
    "id, ms": ("berhenti", "henti", "berhenti langganan"),
    "tl": ("tigil", "itigil"),
    "vi": ("dừng lại", "ngừng", "hủy đăng ký"),  # "dừng" alone, typed without accents, is "right"
    "th": ("หยุด", "ยกเลิก"),
    "sw": ("simamisha", "sitisha"),  # "acha" would be "all right" in Hindi
    "zh": ("退订", "退訂", "停止", "取消订阅", "取消訂閱"),
    "ja": ("停止", "配信停止", "ストップ", "解除"),
    "ko": ("수신거부", "수신 거부", "중지", "그만"),
}

COURTESIES: Final = (
    *("please", "pls", "thank you", "thanks", "thank you very much", "thx", "ok", "okay", "hi", "hello"),
    *(
        "por favor",
        "gracias",
        "muchas gracias",
        "hola",
        "obrigado",
        "obrigada",
        "merci",
        "s'il vous plait",
        "svp",
        "bonjour",
    ),
    *(
        "danke",
        "bitte",
        "grazie",
        "per favore",
        "dank u",
        "bedankt",
        "tack",
        "dziekuje",
        "tesekkurler",
        "lutfen",
    ),
    *(
        "спасибо",
        "пожалуйста",
        "дякую",
        "شكرا",
        "من فضلك",
        "תודה",
        "धन्यवाद",
        "terima kasih",
        "tolong",
        "谢谢",
        "ありがとう",
    ),
)

# Latin, Greek and Cyrillic accents and Arabic vowel and hamza marks: writers leave them out. Indian vowel
# signs are letters.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u065f]")
_BREAKS = re.compile(r"[.!?,;:…。！？、,，؟।\n\r]+")
_SPELLED_OUT = re.compile(r"(?:\w[\s.\-_]+){2,}\w")


def asks_to_stop(text: str) -> bool:
    """True if the whole of `text` is a request to stop. Never raises; empty and long texts are not."""
    if not text or len(text) > MAX_LENGTH:
        return False
    folded = _fold(text)
    if _SPELLED_OUT.fullmatch(_trim(folded)):
        folded = re.sub(r"[\s.\-_]", "", folded)
    pieces = [piece for piece in map(_trim, _BREAKS.split(folded)) if piece]
    left = [_without_courtesy(piece) for piece in pieces if piece not in _COURTESIES]
    return bool(left) and all(_said_once(piece) in _WORDS for piece in left)


def _fold(text: str) -> str:
    """One spelling for all: full-width and accented letters become plain ones, capitals small."""
    folded = unicodedata.normalize("NFKD", text.replace("…", ".")).casefold()
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", folded)))


def _trim(text: str) -> str:
    """Without outer punctuation, symbols, emoji and white space, inner white space as one blank."""
    kept = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Cc", "Cs") or char.isspace())
    start, end = 0, len(kept)
    while start < end and not _is_letter(kept[start]):
        start += 1
    while end > start and not _is_letter(kept[end - 1]):
        end -= 1
    return " ".join(kept[start:end].split())


def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _said_once(piece: str) -> str:
    """ "stop stop stop" is "stop"."""
    words = piece.split()
    return words[0] if len(set(words)) == 1 else piece


def _without_courtesy(piece: str) -> str:
    for courtesy in _COURTESIES:
        piece = piece.removeprefix(courtesy + " ").removesuffix(" " + courtesy)
    return piece


_WORDS: Final = frozenset(_fold(word) for words in WORDS.values() for word in words)
_COURTESIES: Final = frozenset(_fold(courtesy) for courtesy in COURTESIES)
