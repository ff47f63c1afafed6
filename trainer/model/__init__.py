"""Model: ordinal regression, its priors and optimisers, and the version made of fitted parameters."""
