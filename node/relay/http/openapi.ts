import * as z from 'zod';
import { RelayError, RelayHealth } from '../../../protocol/relay.ts';
import { RelayEvent } from '../../../protocol/relay-events.ts';
import { VERSION } from '../../version.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

const DESCRIPTION =
  'The public gateway of a NilzCoin node: blocks, transactions, addresses, what waits, and the hand-in of signed ' +
  'transactions. Amounts come in NILZ and exactly in nits, times are seconds since 1970, hashes are as shown, what ' +
  'is unknown is null. The WebSocket /events tells what happens: each message is one Event.';

const ALWAYS = {
  400: 'bad-request: a parameter, a field or the path is wrong; "field" names it',
  429: 'too-many-requests: come back after Retry-After',
  500: 'internal: a fault of the relay',
  502: 'node-away: the node cannot be asked',
  503: 'node-busy: too many questions wait for the node',
} as const;
const FURTHER: Readonly<Record<string, { readonly status: number; readonly says: string }>> = {
  'not-found': { status: 404, says: 'not-found: there is no such thing' },
  'mark-void': {
    status: 409,
    says: 'mark-void: a reorganisation took back what was told; begin again without a mark',
  },
  'too-large': { status: 413, says: 'too-large: the body exceeds its limit' },
  'unsupported-type': { status: 415, says: 'unsupported-type: the body is of another type' },
  rejected: { status: 422, says: 'rejected: the node refuses the transaction; "reason" is its word' },
};

/** The description of the relay (OpenAPI 3.1), made of what serves it. */
export function openApi(routes: readonly Route[]): Json {
  const schemas = new Schemas();
  const errorAnswer = (says: string): Json => ({
    description: says,
    headers: { 'Retry-After': { description: 'seconds', schema: { type: 'integer' } } },
    content: { 'application/json': { schema: schemas.of(RelayError) } },
  });
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route, schemas, errorAnswer) };
  }
  paths['/health'] = { get: healthOperation(schemas) };
  schemas.of(RelayEvent);
  return {
    openapi: '3.1.0',
    info: { title: 'NilzCoin relay', version: VERSION, description: DESCRIPTION },
    paths,
    components: { schemas: schemas.all },
  };
}

function operation(route: Route, schemas: Schemas, errorAnswer: (says: string) => Json): Json {
  const errors: Record<number, string> = { ...ALWAYS };
  for (const code of route.errors) {
    const further = FURTHER[code];
    if (further !== undefined) errors[further.status] = further.says;
  }
  if (route.body !== undefined) {
    errors[413] ??= 'too-large: the body exceeds its limit';
    errors[415] ??= 'unsupported-type: the body is no JSON';
  }
  return {
    summary: route.summary,
    operationId: `${route.method}${route.path.replaceAll(/[^a-z]+(\w)/gi, (_, letter: string) => letter.toUpperCase()).replaceAll(/\W/g, '')}`,
    parameters: [
      ...parameters(route.pathFields, 'path', schemas),
      ...parameters(route.query, 'query', schemas),
    ],
    ...(route.body && { requestBody: requestBody(route, schemas) }),
    responses: {
      200: {
        description: 'the answer',
        content: { 'application/json': { schema: schemas.of(route.answer) } },
      },
      ...Object.fromEntries(Object.entries(errors).map(([status, says]) => [status, errorAnswer(says)])),
    },
  };
}

function requestBody({ body, takesText }: Route, schemas: Schemas): Json {
  return {
    required: true,
    content: {
      'application/json': { schema: schemas.ofInput(body ?? z.object({})) },
      ...(takesText && { 'text/plain': { schema: { type: 'string' } } }),
    },
  };
}

function parameters(fields: z.ZodObject, place: 'path' | 'query', schemas: Schemas): Json[] {
  const { properties = {} } = schemas.ofInput(fields) as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, { description, pattern, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path',
    ...(description !== undefined && { description }),
    // A whole number is written in digits, as every parameter is text.
    schema: schema.type === 'integer' || pattern === undefined ? schema : { ...schema, pattern },
  }));
}

function healthOperation(schemas: Schemas): Json {
  const content = { 'application/json': { schema: schemas.of(RelayHealth) } };
  return {
    summary: 'Whether the relay and its node are there',
    operationId: 'getHealth',
    parameters: [],
    responses: {
      200: { description: 'the node answers, or is still fetching the chain', content },
      503: { description: 'the node is away', content },
    },
  };
}

/** JSON Schemas of zod schemas; those with an `id` stand under `components` once. */
class Schemas {
  readonly all: Record<string, unknown> = {};

  /** What is sent. */
  of(schema: z.ZodType): Json {
    return this.#take(z.toJSONSchema(schema, { io: 'output', target: 'draft-2020-12' }), schema);
  }

  /** What is taken. */
  ofInput(schema: z.ZodType): Json {
    return this.#take(z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' }), schema);
  }

  #take(json: object, schema: z.ZodType): Json {
    const {
      $schema,
      $defs = {},
      ...own
    } = pointed(json) as { $schema?: string; $defs?: Record<string, Json> };
    for (const [id, definition] of Object.entries($defs)) this.all[id] = withoutId(definition);
    const id = z.globalRegistry.get(schema)?.id;
    if (id === undefined || '$ref' in own) return own;
    this.all[id] = withoutId(own);
    return { $ref: `#/components/schemas/${id}` };
  }
}

function withoutId({ id, $id, ...rest }: Json): Json {
  return rest;
}

/** References into `$defs` lead to `components` instead. */
function pointed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) =>
      key === '$ref' && typeof each === 'string'
        ? [key, each.replace('#/$defs/', '#/components/schemas/')]
        : [key, pointed(each)],
    ),
  );
}
