"""Settings → People and API tokens, and everybody's own account."""

from adsapp.organizations.console.account import views as account
from adsapp.organizations.console.people import views as people
from adsapp.organizations.console.tokens import views as tokens

blueprints = [people, tokens, account]
