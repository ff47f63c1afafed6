/** URL of the GraphQL endpoint, relative to the folder of the static files. */
export const endpoint = new URL('../graphql', document.baseURI).href;
