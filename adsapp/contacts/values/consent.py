"""What a cell says about consent, in the languages of our users.

Whoever said no is not written to. So a word that is not known is never taken for a yes: in a column of consent it is a
refusal, in a column of those who opted out it is an opt-out.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from adsapp.contacts.values.text import plain, slug

_YES = """
    1, y, yes, yep, true, t, on, ok, si, sim, ja, oui, ya, da, haan, evet, tak, kylla, vero, waar, wahr, vrai,
    verdadero, verdadeiro, benar, dogru, checked, ticked, да, истина, हाँ, हां, نعم, صحيح, ναι, 是, はい, 예, 네
"""
_NO = """
    0, n, no, nope, false, f, off, nao, nein, non, nee, tidak, net, nahin, hayir, nie, ei, falso, falsch, faux, onwaar,
    salah, yanlis, нет, ложь, नहीं, لا, όχι, 否, 不, いいえ, 아니요, unchecked
"""
_AGREED = """
    opted in, opt in, subscribed, subscriber, resubscribed, consented, consent given, agreed, accepted,
    granted, given, allowed, permitted, confirmed, active, approved, enabled, explicit,
    suscrito, suscrita, activo, activa, aceptado, acepta, acepto, autorizado, confirmado, de alta, alta,
    inscrito, inscrita, assinante, ativo, ativa, aceito, aceita, concedido,
    abonniert, angemeldet, aktiv, eingewilligt, zugestimmt, erteilt, bestätigt, erlaubt,
    abonné, abonnée, inscrit, inscrite, actif, active, accepté, accordé, consenti, confirmé,
    iscritto, iscritta, attivo, attiva, accettato, accetta, confermato, concesso,
    ingeschreven, aangemeld, geabonneerd, actief, akkoord, toegestaan, bevestigd,
    berlangganan, aktif, setuju, disetujui, diizinkan, सहमत, सक्रिय, مشترك, موافق, نشط,
    abone, onaylı, onaylandı, подписан, подписана, активен, согласен, согласна,
    subskrybent, zapisany, aktywny, wyrażona, 已订阅, 同意, 동의, συμφωνώ
"""
# Unmistakable, in whatever column.
_REFUSED = """
    opted out, opt out, unsubscribed, unsubscribe, unsub, unsubscribe all, nonsubscribed, withdrawn, withdrew,
    consent withdrawn, revoked, consent revoked, stop, stop all, do not contact, dnc, do not disturb, dnd, do not
    message, do not text, do not call, do not send, no contact, no consent, not consented, not subscribed, not opted
    in, suppressed, blacklisted, blocklisted, complained, complaint, spam complaint, marked as spam, no marketing,
    cleaned, bounced, hard bounced, baja, dado de baja, de baja, desuscrito, desuscrita, no suscrito, no contactar,
    revocado, descadastrado, descadastrada, não contatar, revogado, não inscrito, abgemeldet, ausgetragen,
    widerrufen, widersprochen, nicht kontaktieren, désabonné, désabonnée, désinscrit, désinscrite, révoqué, ne pas
    contacter, non abonné, disiscritto, disiscritta, revocato, non contattare, non iscritto, afgemeld, uitgeschreven,
    ingetrokken, niet contacteren, niet benaderen, berhenti, berhenti berlangganan, dicabut, jangan hubungi, सदस्यता
    समाप्त, बंद करो, إلغاء الاشتراك, ألغى الاشتراك, abonelikten çıktı, geri çekildi, отписан, отписана, отписался,
    отписалась, отозвано, стоп, wypisany, wypisana, cofnięta, wycofana, nie kontaktować, 退订, 已退订, 配信停止,
    수신거부
"""
# A no in a column of consent; elsewhere the words have other uses.
_WEAKLY_REFUSED = """
    out, never, none, inactive, disabled, denied, declined, rejected, refused, not given, blocked, removed, deleted,
    stopped, cancelled, canceled, retirado, cancelado, cancelou, retiré, ritirato, cancellato, gekündigt, iptal,
    ملغي, توقف, bounce, soft bounced, invalid, unconfirmed, pending, paused, expired, unreachable, nunca, jamais,
    nie, niemals, mai, nooit, inactivo, inativo, inaktiv, inactif, inattivo, inactief, abgelehnt, refusé, rechazado,
    recusado, rifiutato, geweigerd, gesperrt, bloqueado, bloqué, bloccato, geblokkeerd, никогда, неактивен, asla,
    hiçbir zaman
"""
_MARKS = {"✓": "1", "✔": "1", "☑": "1", "✅": "1", "🗹": "1"}
_NUMBER = re.compile(r"([01])[.,]0+")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_DOUBT = re.compile(r"[-~!<>≠¬]|.*\?")  # -1, yes?
_NOTHING_THERE = frozenset({"-", "--", ".", "/", "n/a", "#n/a"})
_NO_VALUE = frozenset(("null", "none", "nil", "nan", "na", "nat"))  # as programs write a missing date


def _key(word: str) -> str:
    """Without case, blanks and signs; other scripts keep every letter and mark, because a vowel may turn a no round."""
    return slug(word).replace("_", "")


def _words(text: str) -> frozenset[str]:
    return frozenset(_key(word) for word in text.split(","))


_YES_WORDS, _NO_WORDS, _AGREED_WORDS, _REFUSED_WORDS = map(_words, (_YES, _NO, _AGREED, _REFUSED))
_WEAK_WORDS = _words(_WEAKLY_REFUSED)
_SUBSCRIBED_WORDS = _words("subscribed, opted in, abonniert, abonné, suscrito, inscrito, iscritto")
_IN_STATUS = _REFUSED_WORDS | _SUBSCRIBED_WORDS
_IN_CONSENT = _IN_STATUS | _AGREED_WORDS | _WEAK_WORDS


class Answer(NamedTuple):
    """True if the person may be written to, False if not, None if the cell says nothing; `is_clear` False for a word
    that is not known and counts as a no."""

    agrees: bool | None
    is_clear: bool = True


_SILENT, _YES_ANSWER, _NO_ANSWER, _UNCLEAR = Answer(None), Answer(True), Answer(False), Answer(False, False)


@lru_cache(maxsize=4096)
def consent(cell: str) -> Answer:
    """A cell of a column that says who agreed to messages."""
    word = _word(cell)
    if word is None:
        return _SILENT
    if word in _YES_WORDS or word in _AGREED_WORDS:
        return _YES_ANSWER
    return _NO_ANSWER if word in _NO_WORDS | _REFUSED_WORDS | _WEAK_WORDS else _UNCLEAR


@lru_cache(maxsize=4096)
def opt_out(cell: str) -> Answer:
    """A cell of a column that says who opted out: a yes there is a no to messages, and so is a date."""
    word = _word(cell)
    if word is None or word in _NO_VALUE:
        return _SILENT
    if word in _NO_WORDS or word in _SUBSCRIBED_WORDS:
        return _SILENT  # not opted out, which is less than having agreed
    return _NO_ANSWER if word in _YES_WORDS | _REFUSED_WORDS or _DATE.match(plain(cell)) else _UNCLEAR


@lru_cache(maxsize=4096)
def is_refusal(cell: str) -> bool:
    """True for words that refuse messages in whatever column they stand: 'unsubscribed', 'STOP'."""
    return _word(cell) in _REFUSED_WORDS


def says_who_agreed(cell: str) -> bool:
    """True for words that only a column about consent has: 'subscribed', 'unsubscribed'."""
    return _word(cell) in _IN_STATUS


def may_be_about_consent(cell: str) -> bool:
    """True for these and for words that other columns have as well: 'active', 'declined'."""
    return _word(cell) in _IN_CONSENT


def _word(cell: str) -> str | None:
    """The cell's word as it is compared; None if it says nothing, and the cell itself if no word can be made of it."""
    text = plain(cell)
    number = _NUMBER.fullmatch(text)
    text = number[1] if number else _MARKS.get(text[:1], text)
    if not text or text.casefold() in _NOTHING_THERE:
        return None
    return text if _DOUBT.match(text) else _key(text) or text
