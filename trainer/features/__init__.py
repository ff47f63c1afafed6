"""Features: encoding of items into the matrix that the residual learns from."""
