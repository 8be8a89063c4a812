"""The web server: an event loop reads requests and sends answers; a thread is spent only while the application works.

Why there is code of ours in front of the application, and what it was measured against: docs/adr/0016.
"""
