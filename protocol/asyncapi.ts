// /asyncapi.json: a node's activity stream as an AsyncAPI 3 document, from the shapes its frames are made of (F-10). TypeBox shapes are JSON Schema
// already, so nothing is described twice. What the standard has no word for, close codes and kinds, stands in extensions.
import type { TSchema } from 'typebox'
import { FeedBeatShape, FeedWelcomeShape, feedActivitiesShape, feedCloseCodes } from './feed-frames.ts'

export interface StreamText {
  readonly title: string
  readonly version: string
  readonly description: string
  /** Of the address' query. */
  readonly query: TSchema
  readonly activity: TSchema
  readonly kinds: readonly string[]
  /** WebSocket subprotocols beside none, with the content type of the frames under them. */
  readonly subprotocols: Readonly<Record<string, string>>
  /** Activities by columns; left out where there are none. */
  readonly packed?: TSchema
}

const FEED = '#/channels/feed'

export function asyncApi(stream: StreamText): object {
  const { title, version, description, query, activity, kinds, subprotocols, packed } = stream
  const messages = {
    welcome: {
      name: 'welcome',
      summary: 'First on every connection: where the log stands, and whether the reader goes on where it was',
      payload: FeedWelcomeShape,
    },
    activities: {
      name: 'activities',
      summary: 'What happened, in order and without a gap; what one commit brought comes together',
      payload: feedActivitiesShape(activity),
      'x-kinds': kinds,
    },
    ...(packed === undefined
      ? {}
      : {
          packed: {
            name: 'packed',
            summary: 'Activities by columns, under the subprotocol tillstream.packed where that is shorter',
            payload: packed,
          },
        }),
    beat: {
      name: 'beat',
      summary: 'A sign of life on a line that has nothing to say',
      payload: FeedBeatShape,
    },
  }
  const names = Object.keys(messages)
  return {
    asyncapi: '3.0.0',
    info: { title, version, description },
    defaultContentType: 'application/json',
    channels: {
      feed: {
        address: '/v1/feed',
        title: 'Activities',
        description:
          'A WebSocket. The same messages come as server-sent events with "Accept: text/event-stream": the event is the type, the data the message, the id "epoch:position", and Last-Event-ID resumes.',
        messages: refs(names, '#/components/messages'),
        bindings: {
          ws: { method: 'GET', query: { type: 'object', ...plain(query) }, bindingVersion: '0.1.0' },
        },
        'x-subprotocols': subprotocols,
        'x-close-codes': feedCloseCodes(),
      },
    },
    operations: {
      tell: {
        action: 'send',
        channel: { $ref: FEED },
        summary: 'The node tells what happens',
        security: [
          { $ref: '#/components/securitySchemes/bearer' },
          { $ref: '#/components/securitySchemes/token' },
        ],
        messages: names.map((name) => ({ $ref: `${FEED}/messages/${name}` })),
      },
    },
    components: {
      messages,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        token: { type: 'httpApiKey', in: 'query', name: 'token' },
      },
    },
  }
}

function refs(names: readonly string[], at: string): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `${at}/${name}` }]))
}

/** A shape as plain JSON. */
function plain(shape: TSchema): object {
  return JSON.parse(JSON.stringify(shape)) as object
}
