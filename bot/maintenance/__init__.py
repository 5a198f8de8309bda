"""Keeping an installation: whether all is well, its data's shape, copies, keys, and what is forgotten of people."""
