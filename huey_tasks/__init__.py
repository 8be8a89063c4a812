"""The processors, one file each. This imports them all, so that a new file is a registered processor.

A processor imports its feature where it runs: every process knows what kinds of job there are, and only those that
run one hold the code behind it, about 12 MB of it for a campaign.
"""

import importlib
import pkgutil

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")
