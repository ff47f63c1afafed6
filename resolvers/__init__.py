"""One plain async function per operation; no GraphQL types."""
