"""Takes the pictures of README and manual from the running product: `make screenshots`."""
