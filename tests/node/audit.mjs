// The audit of GraphQL over HTTP by the package graphql-http, as JSON: node audit.mjs URL KEY
import { auditServer } from 'graphql-http'

const [url, key] = process.argv.slice(2)
const fetchFn = (input, init = {}) =>
  fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } })
const results = await auditServer({ url, fetchFn })
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))))
