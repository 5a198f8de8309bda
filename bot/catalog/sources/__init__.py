"""The lists that forms offer, by resource."""
