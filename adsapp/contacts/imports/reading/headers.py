"""Column names that occur in lists, in the languages of our users.

They are compared without case, accents, blanks and punctuation (`text.folded`), so 'Nº de Teléfono' and 'n de telefono'
are the same.
"""

import re
from collections.abc import Iterable

from adsapp.contacts.values.text import folded, slug

_NAMES = {
    "phone": """
        phone, phone number, phone no, phones, mobile, mobile phone, mobile number, mobile no, mob, mob
        no, cell, cell phone, cell number, cellphone, telephone, telephone number, tel, tel no, contact
        number, contact no, contact phone, primary phone, home phone, work phone, business phone, phone 1,
        phone 1 value, phone mobile, whatsapp, whatsapp number, whatsapp no, whatsapp phone, wa, wa
        number, wa id, msisdn, e164, phone e164, number, teléfono, número de teléfono, nro de teléfono,
        núm teléfono, móvil, celular, número de celular, número móvil, telefone, número de telefone,
        telemóvel, telefone celular, fone, Telefon, Telefonnummer, Telefonnr, Handy, Handynummer, Mobil,
        Mobilnummer, Mobiltelefon, Rufnummer, téléphone, numéro de téléphone, numéro, portable, téléphone
        portable, tél, tél portable, n de téléphone, telefono, numero di telefono, cellulare, numero
        cellulare, numero di cellulare, telefoon, telefoonnummer, mobiel, mobiele nummer, mobiel nummer,
        gsm, gsm nummer, telepon, nomor telepon, no telepon, no telp, telp, nomor hp, no hp, hp,
        handphone, ponsel, nomor ponsel, no wa, nomor wa, nomor whatsapp, phon, fon number, mobile
        sankhya, mobail, mobail nambar, durbhash, doorbhash, फ़ोन, फोन, फ़ोन नंबर, फोन नंबर, मोबाइल,
        मोबाइल नंबर, هاتف, الهاتف, رقم الهاتف, جوال, الجوال, رقم الجوال, موبايل, رقم الموبايل, واتساب, رقم
        الواتساب, hatif, raqam al hatif, jawwal, cep telefonu, cep, telefon numarası, телефон, номер
        телефона, номер, numer telefonu, telefon komórkowy, komórka, puhelin, puhelinnumero, τηλέφωνο, 手机,
        手机号, 电话, 電話番号, 전화번호
    """,
    "first_name": """
        first name, firstname, first, given name, forename, nombre de pila, primer nombre, nombres,
        primeiro nome, Vorname, prénom, prenom, nome di battesimo, voornaam, nama depan, pehla naam, الاسم
        الأول, ad, adı, имя, imię
    """,
    "last_name": """
        last name, lastname, last, surname, family name, apellido, apellidos, sobrenome, apelido, último
        nome, Nachname, Familienname, nom de famille, cognome, achternaam, nama belakang, upnaam, kulnaam,
        اسم العائلة, soyad, soyadı, фамилия, nazwisko
    """,
    "name": """
        name, full name, fullname, contact name, customer name, customer, contact, client, client name,
        display name, nombre, nombre completo, nombre y apellido, nombre y apellidos, cliente, nome, nome
        completo, Vollständiger Name, Kunde, nom, nom complet, nom et prénom, nome e cognome, nominativo,
        naam, volledige naam, klant, nama, nama lengkap, poora naam, pura naam, नाम, पूरा नाम, الاسم,
        الاسم الكامل, اسم, isim, ad soyad, фио, imię i nazwisko, 姓名, 名前, 氏名, 이름
    """,
    "email": """
        email, e mail, email address, mail, e mail address, e mail 1 value, correo, correo electrónico,
        email id, dirección de correo, endereço de email, E-Mail-Adresse, adresse email, adresse mail,
        adresse e mail, courriel, mél, indirizzo email, posta elettronica, e mailadres, emailadres, alamat
        email, surel, ईमेल, البريد الإلكتروني, البريد, بريد إلكتروني, eposta, почта, 邮箱, メール
    """,
    "country": """
        country, country code, country iso, nation, país, país código, código de país, Land, Ländercode,
        Staat, pays, code pays, paese, nazione, landcode, negara, desh, देश, البلد, الدولة, ülke, страна,
        kraj, 国家, kode negara, ülke kodu, код страны, kod kraju, رمز الدولة, كود الدولة, देश कोड, 国家代码
    """,
    "calling_code": """
        calling code, country calling code, dial code, dialling code, dialing code, country dial code, country
        dialling code, country dialing code, phone prefix, phone code, phone country code, phone country prefix,
        country phone code, mobile prefix, mobile country code, whatsapp country code, telephone prefix, telephone
        country code, tel prefix, tel code, tel country code, country prefix, country prefix code, international
        code, international prefix, international dialling code, international dialing code, intl code, intl prefix,
        isd, isd code, idd, idd code, código de llamada, código de marcación, código telefónico, código telefónico de
        país, código telefónico del país, código internacional, prefijo telefónico, prefijo internacional, prefijo de
        país, prefijo del país, prefijo país, indicativo, indicativo de país, indicativo del país, indicativo
        telefónico, lada internacional, código de discagem, código telefônico, código telefônico do país, ddi, código
        ddi, prefixo telefônico, prefixo telefónico, prefixo internacional, prefixo do país, indicativo do país,
        indicativo internacional, Ländervorwahl, Landesvorwahl, Landvorwahl, Auslandsvorwahl, internationale Vorwahl,
        Telefonvorwahl, Telefonländercode, indicatif, indicatif pays, indicatif du pays, indicatif téléphonique,
        indicatif international, code téléphonique, code d'appel, préfixe téléphonique, préfixe international,
        préfixe pays, prefisso internazionale, prefisso telefonico, prefisso paese, prefisso nazionale, codice
        telefonico, landnummer, landennummer, landencode telefoon, landcode telefoon, toegangsnummer, telefoonprefix,
        kode telepon, kode panggilan, kode telepon negara, kode negara telepon, आईएसडी कोड, कॉलिंग कोड, डायल कोड,
        مفتاح الدولة, رمز الاتصال, رمز الاتصال الدولي, مفتاح الاتصال, رمز النداء, telefon kodu, uluslararası kod,
        ülke telefon kodu, телефонный код, телефонный код страны, код набора, numer kierunkowy kraju, prefiks
        telefoniczny, kod telefoniczny, 国际区号, 国家区号, 国番号, 국가번호, κωδικός κλήσης, maanumero
    """,
    "tags": """
        tag, tags, label, labels, group, groups, list, lists, segment, segments, etiqueta, etiquetas,
        grupo, grupos, Schlagwort, Schlagwörter, Gruppe, Gruppen, étiquette, étiquettes, groupe, groupes,
        etichetta, etichette, gruppo, groep, groepen, grup, kategori, وسوم, علامات
    """,
    "language": """
        language, lang, locale, language code, preferred language, idioma, lengua, língua, Sprache,
        langue, lingua, taal, bahasa, bhasha, भाषा, اللغة, لغة, dil, язык, język
    """,
    "opt_in": """
        opt in, opted in, opt in status, marketing consent, whatsapp opt in, whatsapp consent, accepts marketing,
        consent, consented, consent given, consent status, gdpr consent, accepts messages, subscribed, subscription
        status, permission, permission to contact, may contact, can contact, ok to contact, may be contacted,
        consentimiento, acepta, acepta mensajes, suscrito, consentimento, aceita, aceita mensagens, inscrito,
        assinante, Einwilligung, Zustimmung, eingewilligt, abonniert, Werbeerlaubnis, Werbeeinwilligung,
        Kontakterlaubnis, consentement, abonné, accepte les messages, consenso, iscritto, accetta, toestemming,
        ingeschreven, aangemeld, akkoord, persetujuan, berlangganan, izin, sehmati, सहमति, अनुमति, موافقة, الموافقة,
        مشترك, onay, rıza, abone, согласие, подписан, zgoda, 同意, 订阅, 동의, συγκατάθεση, suostumus
    """,
    "opted_out": """
        opted out, opt out, optout, opt out status, opted out at, opt out at, opt out date, unsubscribed,
        unsubscribe, unsubscribed at, unsubscribed date, unsubscribe date, unsub, do not contact, do not contact
        again, do not message, do not text, do not whatsapp, do not disturb, do not send, don't contact, no contact,
        dnc, dnd, no marketing, do not market, consent withdrawn, consent revoked, withdrawn, revoked, suppressed,
        blacklisted, blacklist, blocklisted, blocklist, baja, de baja, dado de baja, fecha de baja, desuscrito, no
        contactar, no molestar, lista negra, revocado, descadastrado, descadastro, não contatar, não contactar, não
        perturbe, lista de bloqueio, revogado, abgemeldet, Abmeldung, Abmeldedatum, ausgetragen, nicht kontaktieren,
        nicht anschreiben, Widerspruch, widerrufen, Widerruf, Werbewiderspruch, Werbesperre, Kontaktsperre,
        Sperrliste, désabonné, désabonnement, désinscrit, désinscription, ne pas contacter, ne pas déranger,
        opposition, liste noire, consentement retiré, disiscritto, disiscrizione, non contattare, non disturbare,
        revocato, revoca, consenso revocato, lista nera, afgemeld, uitgeschreven, uitschrijving, niet contacteren,
        niet benaderen, niet storen, zwarte lijst, berhenti berlangganan, jangan hubungi, daftar hitam, सदस्यता
        समाप्त, संपर्क न करें, لا تتصل, عدم الاتصال, ألغى الاشتراك, إلغاء الاشتراك, القائمة السوداء, abonelikten
        çıktı, abonelikten ayrıldı, iletişime geçmeyin, aramayın, kara liste, отписан, отписался, отписка, не
        беспокоить, не писать, не связываться, чёрный список, wypisany, rezygnacja, nie kontaktować, sprzeciw, czarna
        lista, 退订, 已退订, 请勿联系, 配信停止, オプトアウト, 수신거부, διαγραφή, älä ota yhteyttä
    """,
}
# Columns of these names say who agreed, if their cells do.
_STATUS = """
    status, state, contact status, customer status, member status, list status, email status, subscription,
    suscripción, subscrição, inscription, iscrizione, подписка, subskrypcja, estado, situação, estatus, Zustand,
    Kontaktstatus, statut, état, stato, toestand, keadaan, स्थिति, स्टेटस, الحالة, حالة, durum, статус, stan, 状态,
    ステータス, 상태, κατάσταση, tila
"""
# Columns of these names hold calling codes, if their cells do.
_PREFIX = (
    "prefix, code, prefijo, prefixo, prefisso, préfixe, Vorwahl, netnummer, prefiks, kierunkowy, 区号, kode, kod, код"
)
# What says of a name only whom or what it is about: 'WhatsApp marketing consent', 'Is unsubscribed'.
_FILLING = frozenset(
    {
        "whatsapp",
        "wa",
        "marketing",
        "user",
        "customer",
        "client",
        "contact",
        "person",
        "member",
        "messages",
        "messaging",
    }
    | {
        "communication",
        "communications",
        "is",
        "has",
        "the",
        "a",
        "flag",
        "current",
        "status",
        "to",
        "from",
        "of",
        "for",
    }
)
# A column whose name has one of these looks as if it said who may be written to.
_ABOUT_CONSENT = re.compile(
    r"^stop|opt_?(in|out)|opted|unsub|subscri|consent|gdpr|dsgvo|rgpd|lgpd|permission|do_?not|dnc|dnd|suppress|"
    r"black_?list|block_?list|blocked|bounce|marketing|newsletter|revok|withdr|einwillig|zustimm|abgemeld|widerr|"
    r"widersp|sperr|consenti|suscri|descadast|contact[ae]r|desabonn|desinscr|abonn|iscri|consens|revoc|toestemm|"
    r"afgemeld|uitgeschr|langgan|jangan|abonelik|согласи|отпис|подпис|zgod|wypis|सहमति|اشتراك|موافق|同意|退订|수신"
)

_KNOWN = {folded(name): target for target, names in _NAMES.items() for name in names.split(",")}
_STATUS_NAMES, _PREFIX_NAMES = ({folded(name) for name in names.split(",")} for names in (_STATUS, _PREFIX))
CONSENT = ("opt_in", "opted_out")


def target_of(header: str) -> str | None:
    """The target a column name stands for, or None."""
    return _KNOWN.get(folded(header)) or _consent_in_other_words(header)


def names_contacts(header: Iterable[str]) -> bool:
    """True for cells that are surely the names of columns: one of a phone number, and another one that is known."""
    known = [target for target in map(target_of, header) if target]
    return "phone" in known and len(known) > 1


def _consent_in_other_words(header: str) -> str | None:
    words = [word for word in slug(header).split("_") if word not in _FILLING]
    found = _KNOWN.get(folded("".join(words)))
    return found if found in CONSENT else None


def may_be_status(header: str) -> bool:
    """True for names such as 'Status', which say nothing about consent by themselves."""
    return folded(header) in _STATUS_NAMES


def may_be_calling_code(header: str) -> bool:
    """True for names such as 'Prefix' or 'Country code', which may mean calling codes or something else."""
    return folded(header) in _PREFIX_NAMES or target_of(header) in ("country", "calling_code")


def looks_like_consent(header: str) -> bool:
    """True if the name sounds as if the column said who may be written to."""
    return target_of(header) in CONSENT or _ABOUT_CONSENT.search(slug(header)) is not None
