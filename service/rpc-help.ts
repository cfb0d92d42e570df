/** The help of RPC methods in the shape of `bitcoin-cli help`, written from the table that checks the calls. */
import * as z from 'zod';
import type { RpcMethod, RpcMethods, RpcParam } from './rpc-method.ts';
import { HEX, TIME } from './rpc-result.ts';

/** What of JSON Schema (draft 2020-12) zod writes and the help reads. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
}

/** A line of the help: what stands left is aligned with its neighbours, what stands right explains it. */
interface Line {
  readonly left: string;
  readonly right?: string;
}

/** Bitcoin Core's words for the types of JSON. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'numeric',
  integer: 'numeric',
  boolean: 'boolean',
  array: 'json array',
  object: 'json object',
  null: 'json null',
};

/** The help of one method, in the shape of `bitcoin-cli help METHOD`. */
export function methodHelp(name: string, method: RpcMethod): string {
  const sections = [usage(name, method), method.help];
  if (method.params.length > 0) sections.push(['Arguments:', ...argumentLines(method.params)].join('\n'));
  const { result } = method;
  if (result !== undefined) {
    const cases = result instanceof z.ZodType ? [{ when: '', schema: result }] : result;
    for (const { when, schema } of cases) {
      const title = when === '' ? 'Result:' : `Result (${when}):`;
      sections.push([title, ...aligned(valueLines(jsonSchema(schema), { indent: '' }))].join('\n'));
    }
  }
  return sections.join('\n\n');
}

/** All methods by group, one line each, in the shape of `bitcoin-cli help`. */
export function methodIndex(methods: RpcMethods): string {
  const groups = new Map<string, string[]>();
  for (const [name, method] of Object.entries(methods)) {
    const lines = groups.get(method.group) ?? [];
    groups.set(method.group, lines);
    lines.push(usage(name, method));
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, lines]) => [`== ${group} ==`, ...lines.sort()].join('\n'))
    .join('\n\n');
}

/** The method with its parameters: text in quotes, what may be left out in brackets. */
function usage(name: string, { params }: RpcMethod): string {
  const words = params.map((param) => {
    const { type } = jsonSchema(param.schema);
    const word = type === 'string' ? `"${param.name}"` : param.name;
    return isOptional(param) ? `( ${word} )` : word;
  });
  return [name, ...words].join(' ').replaceAll(' ) ( ', ' ');
}

function isOptional(param: RpcParam): boolean {
  return param.optional === true || param.default !== undefined;
}

function argumentLines(params: readonly RpcParam[]): string[] {
  const lines = params.flatMap((param, index): Line[] => {
    const schema = jsonSchema(param.schema);
    const need = isOptional(param) ? 'optional' : 'required';
    const standard = param.default === undefined ? '' : `, default=${JSON.stringify(param.default)}`;
    const right = explained(`(${typeWord(schema)}, ${need}${standard})`, param.help);
    return [{ left: `${index + 1}. ${param.name}`, right }, ...memberLines(schema)];
  });
  return aligned(lines);
}

/** The members of an object that is an argument, where they are explained. */
function memberLines(schema: JsonSchema): Line[] {
  const object = [schema, ...(schema.anyOf ?? [])].find(({ properties = {} }) =>
    Object.values(properties).some(({ description }) => description !== undefined),
  );
  return object === undefined ? [] : valueLines(object, { indent: '     ' });
}

interface Place {
  readonly indent: string;
  /** The name of a member with its colon. */
  readonly key?: string;
  readonly optional?: boolean;
  /** A comma, where something follows. */
  readonly tail?: string;
}

/** A value as an example of itself, each part explained. */
function valueLines(schema: JsonSchema, place: Place): Line[] {
  const { indent, key = '', optional = false, tail = '' } = place;
  const word = `(${typeWord(schema)}${optional ? ', optional' : ''})`;
  const right = explained(word, schema.description);
  const inner = `${indent}  `;
  if (schema.type === 'array') {
    return [
      { left: `${indent}${key}[`, right },
      ...valueLines(schema.items ?? {}, { indent: inner, tail: ',' }),
      { left: `${inner}...` },
      { left: `${indent}]${tail}` },
    ];
  }
  if (schema.type === 'object') {
    return [{ left: `${indent}${key}{`, right }, ...fieldLines(schema, inner), { left: `${indent}}${tail}` }];
  }
  return [{ left: `${indent}${key}${example(schema)}${tail}`, right }];
}

function fieldLines(schema: JsonSchema, indent: string): Line[] {
  const fields = Object.entries(schema.properties ?? {});
  const lines = fields.flatMap(([name, field], index) =>
    valueLines(field, {
      indent,
      key: `"${name}" : `,
      optional: schema.required?.includes(name) !== true,
      tail: index < fields.length - 1 ? ',' : '',
    }),
  );
  const { additionalProperties: dynamic, propertyNames } = schema;
  if (typeof dynamic !== 'object' || propertyNames === undefined) return lines;
  const key = `"${propertyNames.description ?? 'key'}" : `;
  return [...lines, ...valueLines(dynamic, { indent, key, tail: ',' }), { left: `${indent}...` }];
}

/** What stands for a value that has no parts. */
function example({ type, format }: JsonSchema): string {
  switch (type) {
    case 'string':
      return format === HEX ? '"hex"' : '"str"';
    case 'number':
    case 'integer':
      return format === TIME ? 'xxx' : 'n';
    case 'boolean':
      return 'true|false';
    case 'null':
      return 'null';
    default:
      return '...';
  }
}

/** The types a schema takes, in Bitcoin Core's words. */
function typeWord(schema: JsonSchema): string {
  const types = schema.anyOf?.flatMap(({ type }) => type) ?? [schema.type].flat();
  const words = types.map((type) => TYPE_WORDS[type ?? ''] ?? 'any type');
  return [...new Set(words)].join(' or ');
}

function explained(word: string, help: string | undefined): string {
  return help === undefined || help === '' ? word : `${word} ${help}`;
}

function aligned(lines: readonly Line[]): string[] {
  const width = Math.max(...lines.map(({ left, right }) => (right === undefined ? 0 : left.length)));
  return lines.map(({ left, right }) => (right === undefined ? left : `${left.padEnd(width)}    ${right}`));
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}
