// The protocol's reference server on the same schema, with made-up answers: node reference.mjs SDL KEY
// It prints its address and serves until its input ends.
import { readFileSync } from 'node:fs'
import { buildSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

const [sdl, key] = process.argv.slice(2)
const forever = () => new Promise(() => {})

async function* summaries() {
  yield { feedbackSummaryChanged: { totalFeedbackCount: 0 } }
  await forever()
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/graphql' })
useServer(
  {
    schema: buildSchema(readFileSync(sdl, 'utf8')),
    roots: {
      query: { viewer: { name: 'ann' } },
      subscription: { feedbackSummaryChanged: summaries },
    },
    connectionInitWaitTimeout: 2000,
    onConnect: ({ connectionParams }) => connectionParams?.Authorization === `Bearer ${key}`,
  },
  server,
)
server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}/graphql`))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
