"""Gravitational-wave strain: files, conditioning, Q-transform, products and figures."""
