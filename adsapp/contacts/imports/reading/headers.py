"""Column names that occur in lists, in the languages of our users.

They are compared without case, accents, blanks and punctuation (`text.folded`), so 'Nº de Teléfono' and 'n de telefono'
are the same.
"""

from adsapp.contacts.values.text import folded

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
        kraj, 国家
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
        opt in, opted in, optin, consent, marketing consent, whatsapp opt in, whatsapp consent, accepts
        marketing, subscribed, consentimiento, consentimento, Einwilligung, Zustimmung, consentement,
        consenso, toestemming, persetujuan
    """,
}

_KNOWN = {folded(name): target for target, names in _NAMES.items() for name in names.split(",")}


def target_of(header: str) -> str | None:
    """The target a column name stands for, or None."""
    return _KNOWN.get(folded(header))
