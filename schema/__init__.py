"""The GraphQL schema: types, inputs, payloads and error mapping; translation only."""
