"""From what a user calls an event to a configuration for every reduction that applies."""
