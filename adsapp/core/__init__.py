"""What every feature stands on: database, clock, crypto, errors, web helpers. Knows nothing of our business."""
