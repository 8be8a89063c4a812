"""All rules. A new one is a function that looks and a `Rule` in one of these modules; every organization then has it.

Schedules that are overdue join here once there are schedules.
"""

from collections.abc import Mapping

from adsapp.alerts.rules import accounts, campaigns, imports, jobs, machines
from adsapp.alerts.rules.base import Conditions, Facts, Finding, Measure, Quiet, Rule

__all__ = ["RULES", "Conditions", "Facts", "Finding", "Measure", "Quiet", "Rule"]

RULES: Mapping[str, Rule] = {
    rule.kind: rule for rule in (*jobs.RULES, *campaigns.RULES, *accounts.RULES, *imports.RULES, *machines.RULES)
}
