"""The settings pages of all providers."""

from adsapp.integrations.whatsapp.views import views as whatsapp

blueprints = [whatsapp]
