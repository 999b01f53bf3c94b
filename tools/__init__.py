"""What the project makes for itself: pictures for its documents."""
