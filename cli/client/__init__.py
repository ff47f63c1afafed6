"""API client: GraphQL operations, subscriptions and the bulk endpoints."""
