"""INTEGRAL IBIS/ISGRI: events, shadowgrams, sky images, mosaics and source products."""
