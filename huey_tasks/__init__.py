"""The processors, one file each. This module imports them all, so that a new file is a registered processor.

A processor imports its feature inside the function: every process knows all kinds of job, but only those that run one
load the code behind it (about 12 MB for a campaign).
"""

import importlib
import pkgutil

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")
