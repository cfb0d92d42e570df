/** What the help of an RPC method says, read back: its arguments and the fields of its answers, as paths. */

/** A field by its path: `a.b` is member b of a, `a[]` an element of a list, `*` any key; '' is the answer itself. */
export interface HelpField {
  /** Names of JSON's types. */
  readonly types: ReadonlySet<string>;
  readonly isOptional: boolean;
}

export type HelpFields = ReadonlyMap<string, HelpField>;

export interface ReadHelp {
  /** With a question mark where one may be left out. */
  readonly arguments: readonly string[];
  /** The fields of each case of the result, under what stands behind `Result`. */
  readonly cases: ReadonlyMap<string, HelpFields>;
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'string',
  numeric: 'number',
  boolean: 'boolean',
  'json array': 'array',
  'json object': 'object',
  'json null': 'null',
};

/** Reads `help METHOD`. */
export function readHelp(text: string): ReadHelp {
  const [, argumentText = ''] = /\nArguments:\n([\s\S]*?)(?=\n\nResult|$)/.exec(text) ?? [];
  const named = argumentText.matchAll(/^\d+\. (\S+) +\([^)]*?(required|optional)/gm);
  const results = text.matchAll(/\nResult([^\n]*):\n([\s\S]*?)(?=\n\nResult|$)/g);
  return {
    arguments: [...named].map(([, name, need]) => (need === 'optional' ? `${name}?` : `${name}`)),
    cases: new Map([...results].map(([, when = '', body = '']) => [when.trim(), fieldsOf(body)])),
  };
}

function fieldsOf(body: string): HelpFields {
  const fields = new Map<string, HelpField>();
  /** The containers that are open: the path of each, and whether it is a list. */
  const open: { readonly path: string; readonly isList: boolean }[] = [];
  const lines = body.split('\n');
  for (const [at, line] of lines.entries()) {
    const match = /^ *(?:"([^"]*)" : )?(\S+?),? +\(([a-z ]+)(, optional)?\)/.exec(line);
    if (match === null) {
      if (/^ *[\]}],?$/.test(line)) open.pop();
      continue;
    }
    const [, name, value = '', words = '', optional] = match;
    const parent = open.at(-1);
    const path = pathOf(parent, name !== undefined && isAnyKey(lines, at) ? '*' : name);
    const types = words.split(' or ').map((word) => WORDS[word] ?? 'unknown');
    fields.set(path, { types: new Set(types), isOptional: optional !== undefined });
    if (value === '{' || value === '[') open.push({ path, isList: value === '[' });
  }
  return fields;
}

function pathOf(parent: { path: string; isList: boolean } | undefined, name: string | undefined): string {
  if (parent === undefined) return '';
  if (parent.isList) return `${parent.path}[]`;
  return parent.path === '' ? `${name}` : `${parent.path}.${name}`;
}

/** A member stands for all of an object's when `...` follows it, on the same level. */
function isAnyKey(lines: readonly string[], at: number): boolean {
  const indent = /^ */.exec(lines[at] ?? '')?.[0] ?? '';
  const next = lines
    .slice(at + 1)
    .find((line) => line.startsWith(indent) && /^[^ }\]]/.test(line.slice(indent.length)));
  return next === `${indent}...`;
}

/** The fields of all cases together: optional where one of them says so. */
export function allFields({ cases }: ReadHelp): HelpFields {
  const all = new Map<string, HelpField>();
  for (const fields of cases.values()) {
    for (const [path, { types, isOptional }] of fields) {
      const known = all.get(path);
      all.set(path, {
        types: new Set([...(known?.types ?? []), ...types]),
        isOptional: isOptional || known?.isOptional === true,
      });
    }
  }
  return all;
}

/** What an answer has that the fields do not allow, and what it lacks; nothing where it is one of theirs. */
export function departures(fields: HelpFields, answer: unknown, path = ''): string[] {
  const field = fields.get(path);
  if (field === undefined) return [`${path} is not documented`];
  const type = answer === null ? 'null' : Array.isArray(answer) ? 'array' : typeof answer;
  if (!field.types.has(type)) return [`${path || 'the answer'} is of type ${type}`];
  if (Array.isArray(answer)) return answer.flatMap((item) => departures(fields, item, `${path}[]`));
  if (typeof answer !== 'object' || answer === null) return [];
  const prefix = path === '' ? '' : `${path}.`;
  const isOpen = fields.has(`${prefix}*`);
  const present = Object.entries(answer).flatMap(([key, value]) =>
    departures(fields, value, `${prefix}${isOpen ? '*' : key}`),
  );
  const missing = [...fields]
    .filter(([child, { isOptional }]) => !isOptional && isMember(child, prefix) && !isOpen)
    .map(([child]) => child)
    .filter((child) => !Object.hasOwn(answer, child.slice(prefix.length)))
    .map((child) => `${child} is missing`);
  return [...present, ...missing];
}

/** The paths that an answer has, written as the fields are. */
export function* pathsIn(answer: unknown, fields: HelpFields, path = ''): Generator<string> {
  yield path;
  if (Array.isArray(answer)) for (const item of answer) yield* pathsIn(item, fields, `${path}[]`);
  else if (typeof answer === 'object' && answer !== null) {
    const prefix = path === '' ? '' : `${path}.`;
    const isOpen = fields.has(`${prefix}*`);
    for (const [key, value] of Object.entries(answer)) {
      yield* pathsIn(value, fields, `${prefix}${isOpen ? '*' : key}`);
    }
  }
}

function isMember(path: string, prefix: string): boolean {
  return path !== '' && path.startsWith(prefix) && !/[.[]/.test(path.slice(prefix.length));
}
