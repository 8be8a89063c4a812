"""An import as what a job works on; light, because every process imports it."""

from adsapp.jobs.registry import Subject

IMPORT = Subject("import", plural="imports", page="/imports/{}", link="Open the import", keeps_jobs=True)
