"""The processors, one file each. This imports them all, so that a new file is a registered processor."""

import importlib
import pkgutil

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")
