"""Files that lie in archives elsewhere: how they are fetched, and which bytes they must have."""
