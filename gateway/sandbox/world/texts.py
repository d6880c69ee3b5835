"""What made-up people are called, and what they write: accents, entities, lists, links, styles."""

import unicodedata

FIRST_NAMES = (
    "Léa", "Hugo", "Aiko", "Zoë", "José", "Ingrid", "Priya", "Omar", "Søren", "Chloé",
    "Björn", "Renée", "Wei", "Małgorzata", "Tomás", "Fatima", "Noor", "Émile",
)  # fmt: skip
LAST_NAMES = (
    "Ito", "Müller", "O'Brien", "Garçon", "Núñez", "Smith-Jones", "Nguyen", "Łukasik", "Haddad",
    "Van den Berg", "D'Angelo", "Søndergaard", "Iyer", "Lefèvre", "Adeyemi", "Kowalski",
)  # fmt: skip

CONFIRMATION = (
    "<p>Dear {first_name},</p><p>Your <strong>{service}</strong> is booked for {when}.</p>"
    "<ul><li>Bring your card &amp; a list of your medicines</li>"
    "<li>Arrive 10&nbsp;minutes early</li></ul>"
    '<p><a href="https://example.com/reschedule?a={appointment_id}&amp;lang=en">Reschedule</a></p>'
)
FOLLOW_UP = (
    "<div><h1>Merci&nbsp;!</h1><p>Ch&egrave;re/cher {first_name}, votre avis compte&hellip;</p>"
    "<blockquote>5 &lt; 10 &amp; 10 &gt; 5</blockquote><br/>À bientôt — {staff}</div>"
)
NEWSLETTER = (
    "<html><head><style>p { color: #336699 } .hidden { display: none }</style>"
    "<script>window.opened = true; document.title = '<p>not text</p>';</script></head>"
    "<body><p>Les nouveautés de l'été&#8239;:</p>"
    "<ol><li>Online meetings</li><li>Caf&eacute; &amp; th&eacute;</li></ol>"
    '<img src="https://example.com/pixel.gif" alt="">'
    '<a href="https://example.com/news?id=7&amp;from=mail">Read on</a></body></html>'
)
REMINDER = "Rappel : {service}, {when}. Reply STOP to opt out. 5€ off > 2 visits & more!"

NOTES = (
    "<p>Prefers <em>mornings</em>.</p><ul><li>Allergy: penicillin</li><li>Parle français</li></ul>",
    "<p>Sent the <a href='https://example.com/?a=1&amp;b=2'>prices</a>.<br>Will think&hellip;</p>",
    "Plain words, no tags: 3 < 5 and café.",
    "<table><tr><td>Height</td><td>1&#44;72&nbsp;m</td></tr></table><p>À revoir en été</p>",
)
CONSENTS = (
    "<p>I agree that my data are kept for <b>three years</b>.</p>",
    "<p>J'accepte d'&ecirc;tre contacté·e par t&eacute;l&eacute;phone.</p>",
)
MARKETING_CONSENTS = (
    "Yes, send me news & offers by e-mail.",
    "J'accepte de recevoir des offres (désinscription à tout moment).",
)
APPOINTMENT_NOTES = (
    "First visit; comes with her mother",
    "Fauteuil roulant : prévoir l'accès <rez-de-chaussée>",
    "Prefers to be called Zed\nRing twice",
    "Paid in advance & confirmed by phone",
)
CANCEL_REASONS = ("Fell ill", "Empêchement de dernière minute", "Found another date")
SOURCES = ("Website", "Facebook", "Front desk", "Partner: Doctissimo & Co")


def mailbox(first_name: str, last_name: str) -> str:
    """An address in ASCII: `Léa O'Brien` is `lea.obrien@example.com`."""
    letters = unicodedata.normalize("NFKD", f"{first_name}.{last_name}").lower()
    return "".join(c for c in letters if c == "." or (c.isascii() and c.isalnum())) + "@example.com"
