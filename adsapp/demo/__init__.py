"""The demo: an organization to look at, and the main job done without a browser. Nothing here runs in production."""
