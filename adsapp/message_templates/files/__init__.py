"""Pictures, videos and documents above a message: kept here, looked at before, uploaded when they are sent."""
