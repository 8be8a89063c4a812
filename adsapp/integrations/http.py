"""The one kind of HTTP session that all providers share."""

import aiohttp


def open_session(max_in_flight: int = 1_000) -> aiohttp.ClientSession:
    """A session for one event loop, good for 1,000 posts a second. Call inside the loop; close it at the end.

    `max_in_flight` connections: at 1,000 posts a second and answers of up to a second, each needs one. Idle
    connections are dropped after 15 s, before the provider drops them, since a post on a connection that just
    died ends as `Uncertain`.
    """
    connector = aiohttp.TCPConnector(limit=max_in_flight, keepalive_timeout=15, ttl_dns_cache=300)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
