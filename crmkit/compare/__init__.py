"""Effectiveness comparison that can be trusted (METHOD 6): one room for all that ends in a verdict."""
