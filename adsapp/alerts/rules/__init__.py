"""All rules. A new one is a function that looks and a `Rule` in one of these modules; each organization then has it."""

from collections.abc import Mapping

from adsapp.alerts.rules import accounts, campaigns, imports, jobs, machines, schedules
from adsapp.alerts.rules.base import Conditions, Facts, Finding, Measure, Quiet, Rule

__all__ = ["RULES", "Conditions", "Facts", "Finding", "Measure", "Quiet", "Rule"]

_MODULES = (jobs, campaigns, schedules, accounts, imports, machines)
RULES: Mapping[str, Rule] = {rule.kind: rule for module in _MODULES for rule in module.RULES}
