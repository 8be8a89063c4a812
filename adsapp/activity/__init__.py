"""What people and programs did: the audit, to be read, searched and taken along."""
