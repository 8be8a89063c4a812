"""Who acts on the command line, as the audit names it."""

from adsapp.organizations.auditing import By

BY = By("command line")
