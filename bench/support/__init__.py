"""What several measurements need: servers, installations, processes that are killed, and how figures are printed."""
