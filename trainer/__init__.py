"""Training from feedback: pure functions of arrays, without a database and without GraphQL."""
