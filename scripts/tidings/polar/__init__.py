"""Light curves of POLAR, the gamma-ray burst polarimeter on the space laboratory Tiangong-2."""
