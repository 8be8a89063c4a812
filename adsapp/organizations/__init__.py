"""Organizations, users, memberships and roles, sign-in, API tokens, audit."""
