/** Field lists of the documents about HTTP answers, to be held against real ones. */
import { readFileSync } from 'node:fs';

const DOCUMENTS = new URL('../../docs/', import.meta.url);

export interface DocumentedAnswer {
  /** Of the section: `GET /stats`. */
  readonly title: string;
  /** The fields of each of its tables, as written: `blocks[].hash`, `shares.rejected.*`. */
  readonly tables: readonly (readonly string[])[];
  /** The JSON of its examples. */
  readonly examples: readonly unknown[];
}

/** A document of `docs/` as it stands. */
export function documentText(name: string): string {
  return readFileSync(new URL(name, DOCUMENTS), 'utf8');
}

/** The sections of a document by title. */
export function documentedAnswers(name = 'pool-api.md'): ReadonlyMap<string, DocumentedAnswer> {
  const sections = documentText(name).split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const [title = ''] = section.split('\n');
      const tables = section.split(/^\| field \|/m).slice(1);
      const examples = [...section.matchAll(/^```json\n([\s\S]*?)^```/gm)];
      const answer: DocumentedAnswer = {
        title,
        tables: tables.map(fieldsOf),
        examples: examples.map(([, json = '']) => JSON.parse(json) as unknown),
      };
      return [title, answer] as const;
    }),
  );
}

function fieldsOf(table: string): string[] {
  const [rows = ''] = table.split(/\n\n/);
  return [...rows.matchAll(/^\| `([^`]+)` \|/gm)].map(([, field = '']) => field);
}

/**
 * What a document and an answer do not agree about, one line each: fields that are not documented, and documented
 * ones that are missing. Where a list is empty, or an object null, nothing can be said of what would be in it.
 */
export function disagreements(documented: readonly string[], answer: unknown): string[] {
  const paths = new Set<string>();
  const unknown = new Set<string>();
  walk(answer, '', paths, unknown);
  const undocumented = [...paths].filter(
    (path) =>
      !documented.some((field) => covers(field, path)) &&
      !(unknown.has(`${path}.`) && documented.some((field) => field.startsWith(`${path}.`))),
  );
  const missing = documented.filter(
    (field) =>
      !field.endsWith('*') && !paths.has(field) && ![...unknown].some((parent) => field.startsWith(parent)),
  );
  return [
    ...undocumented.map((path) => `not documented: ${path}`),
    ...missing.map((path) => `not in the answer: ${path}`),
  ];
}

/** `rejected.*` covers whatever is in it. */
function covers(field: string, path: string): boolean {
  return field === path || (field.endsWith('*') && path.startsWith(field.slice(0, -1)));
}

/** Collects the paths of all values, and those below which nothing is to be seen. */
function walk(value: unknown, path: string, paths: Set<string>, unknown: Set<string>): void {
  if (Array.isArray(value)) {
    if (value.length === 0) unknown.add(`${path}[]`);
    for (const item of value) walk(item, `${path}[]`, paths, unknown);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      walk(item, path === '' ? key : `${path}.${key}`, paths, unknown);
    }
  } else {
    if (value === null) unknown.add(`${path}.`);
    paths.add(path);
  }
}
