// A query, a mutation and a subscription by each of four clients; a line of JSON each: node clients.mjs URL KEY JUDGE
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { Client as UrqlClient, fetchExchange, subscriptionExchange } from '@urql/core'
import { persistedExchange } from '@urql/exchange-persisted'
import { GraphQLClient } from 'graphql-request'
import { createClient } from 'graphql-ws'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import WebSocket from 'ws'

const [url, key, judge] = process.argv.slice(2)
const authorization = `Bearer ${key}`
const QUERY = 'query Who { viewer { name } }'
const MUTATION = `mutation Make($input: CreateJudgeInput!) {
  createJudge(input: $input) { judge { name } userErrors { message } }
}`
const SUBSCRIPTION = 'subscription Changed($judgeId: ID!) { feedbackSummaryChanged(judgeId: $judgeId) { totalFeedbackCount } }'
const variables = { judgeId: judge }
const input = (name) => ({ input: { name, criteria: [{ name: 'C' }] } })
const REFUSED = `mutation Train($input: CreateTrainingJobInput!) {
  createTrainingJob(input: $input) {
    trainingJob { id }
    userErrors { code ... on InsufficientFeedbackError { usableCount requiredCount } }
  }
}`
const job = { judgeId: judge, trainingType: 'FULL_RETRAIN', trainingConfig: {} }
const shared = (name) => JSON.parse(readFileSync(new URL(`../../frontend-queries/${name}`, import.meta.url)))
const [manifest, possible] = [shared('persisted.json'), shared('possible-types.json')]
const sha256 = (text) => createHash('sha256').update(text).digest('hex')

const socket = (more = {}) =>
  createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: authorization },
    ...more,
  })

// The first thing that an observable, subject or wonka source gives.
const first = (start) =>
  new Promise((resolve, reject) => {
    let stop
    const next = (value) => {
      resolve(value)
      setTimeout(() => stop?.(), 0)
    }
    const sink = { next, error: reject, complete: () => reject(new Error('completed early')) }
    const subscription = start(sink)
    stop = typeof subscription === 'function' ? subscription : () => subscription.unsubscribe()
  })

const fine = (result) => {
  if (result.error) throw result.error
  if (result.errors?.length) throw new Error(JSON.stringify(result.errors))
  return result.data
}

async function urql() {
  const ws = socket()
  const client = new UrqlClient({
    url,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization } },
    exchanges: [
      persistedExchange({ generateHash: async (text) => sha256(text), enforcePersistedQueries: false }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: ws.subscribe({ ...request, query: request.query ?? '' }, sink) }),
        }),
      }),
    ],
  })
  // without a socket urql follows subscriptions as server-sent events
  const byEvents = new UrqlClient({
    url,
    preferGetMethod: false,
    fetchSubscriptions: true,
    fetchOptions: { headers: { authorization } },
    exchanges: [fetchExchange],
  })
  const follow = (one) => async () =>
    fine(await first((sink) => one.subscription(SUBSCRIPTION, variables).subscribe(sink.next)))
  return {
    query: async () => fine(await client.query(QUERY, {}).toPromise()),
    mutation: async () => fine(await client.mutation(MUTATION, input('by urql')).toPromise()),
    subscription: follow(client),
    'event subscription': follow(byEvents),
    close: () => ws.dispose(),
  }
}

async function apollo() {
  const ws = socket()
  const http = new HttpLink({ uri: url, headers: { authorization } })
  const persisted = new PersistedQueryLink({ sha256 }).concat(http)
  // without a socket Apollo follows subscriptions over multipart HTTP
  const make = (link) => new ApolloClient({ link, cache: new InMemoryCache(possible) })
  const client = make(persisted)
  const bySocket = make(ApolloLink.from([new GraphQLWsLink(ws)]))
  const byMultipart = make(http)
  const follow = (one) => async () =>
    fine(await first((sink) => one.subscribe({ query: gql(SUBSCRIPTION), variables }).subscribe(sink)))
  return {
    query: async () => fine(await client.query({ query: gql(QUERY) })),
    mutation: async () => fine(await client.mutate({ mutation: gql(MUTATION), variables: input('by apollo') })),
    subscription: follow(bySocket),
    'multipart subscription': follow(byMultipart),
    // an error of a type of its own behind an interface, through the cache
    'refused mutation': async () => fine(await client.mutate({ mutation: gql(REFUSED), variables: { input: job } })),
    close: () => ws.dispose(),
  }
}

async function plainFetch() {
  const known = Object.entries(manifest).find(([, text]) => text.includes('query Judge('))[0]
  const ask = async (body) => {
    const headers = { 'content-type': 'application/json', authorization }
    return fine(await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json())
  }
  return {
    query: () => ask({ query: QUERY }),
    mutation: () => ask({ query: MUTATION, variables: input('by fetch') }),
    // a document that the server knows: its hash alone is sent
    'known query': () =>
      ask({ variables: { id: judge }, extensions: { persistedQuery: { version: 1, sha256Hash: known } } }),
    close: () => undefined,
  }
}

async function graphqlRequest() {
  const ws = socket()
  const client = new GraphQLClient(url, { headers: { authorization } })
  return {
    query: () => client.request(QUERY),
    mutation: () => client.request(MUTATION, input('by graphql-request')),
    // it speaks no subscriptions itself; its documents go over graphql-ws
    subscription: async () => fine(await first((sink) => ws.subscribe({ query: SUBSCRIPTION, variables }, sink))),
    close: () => ws.dispose(),
  }
}

async function graphqlWs() {
  const ws = socket({ lazy: false, lazyCloseTimeout: 100 })
  const one = (payload) => async () => fine(await first((sink) => ws.subscribe(payload, sink)))
  return {
    query: one({ query: QUERY }),
    mutation: one({ query: MUTATION, variables: input('by graphql-ws') }),
    subscription: one({ query: SUBSCRIPTION, variables }),
    close: () => ws.dispose(),
  }
}

const late = () => new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), 20000))
const clients = { fetch: plainFetch, urql, apollo, 'graphql-request': graphqlRequest, 'graphql-ws': graphqlWs }
for (const [client, make] of Object.entries(clients)) {
  const { close, ...operations } = await make()
  for (const [operation, run] of Object.entries(operations)) {
    let outcome
    try {
      outcome = { data: await Promise.race([run(), late()]) }
    } catch (error) {
      outcome = { error: String(error?.stack ?? error) }
    }
    console.log(JSON.stringify({ client, operation, ...outcome }))
  }
  await close()
}
process.exit(0)
