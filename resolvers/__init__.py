"""Operations: one plain async function each, without GraphQL types. REST and GraphQL share them."""
