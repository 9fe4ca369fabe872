"""The products of one target as one page of HTML, which needs no network and no other file."""
