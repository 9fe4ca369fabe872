"""Light curves of monitors that count photons: binning, background, bursts, files, figures."""
