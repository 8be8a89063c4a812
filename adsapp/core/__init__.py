"""What every feature uses: database, clock, crypto, errors, web helpers. Knows nothing of our business."""
