"""Tidings: multi-messenger astronomy reductions that anyone can rerun and get the same bytes."""

__version__ = "0.1.0"
