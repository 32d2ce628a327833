"""Who may do what in NATS: a user for each service, and a sample configuration with them."""
