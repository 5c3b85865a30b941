"""Statistics that hold for small samples: intervals, shrinkage, times of what has not ended yet."""
