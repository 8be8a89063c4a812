"""The WhatsApp Cloud API as the sandbox speaks it: endpoints, checks, limits, journeys of messages, webhooks."""
