"""The settings pages of all providers."""

from adsapp.integrations.resend.views import views as resend
from adsapp.integrations.whatsapp.views import views as whatsapp

blueprints = [whatsapp, resend]
