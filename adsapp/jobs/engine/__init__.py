"""How jobs run: dispatch, claim, heartbeat, completion."""
