import * as z from 'zod';
import type { RelayErrorCode } from '../../../protocol/relay.ts';
import type { RelayView } from '../relay-view.ts';

/** What a request asks, checked. */
export interface Question<Path, Query, Body> {
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
}

/** One route of the relay: what it takes, what it answers, and how. Serving it and describing it are made of this. */
export interface Route {
  readonly method: 'get' | 'post';
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly summary: string;
  readonly pathFields: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodObject | undefined;
  /** Whether the body may be the bare text of its only field. */
  readonly takesText: boolean;
  readonly bodyLimitBytes: number | undefined;
  readonly answer: z.ZodType;
  /** What may go wrong beside what always may. */
  readonly errors: readonly RelayErrorCode[];
  /** How long an answer is kept for others who ask the same. */
  readonly keep: Keep;
  /** What is counted against the client's rate for reading. */
  cost(question: Question<unknown, unknown, unknown>): number;
  run(view: RelayView, question: Question<unknown, unknown, unknown>): Promise<object>;
}

/**
 * `shortly`: until something happens, a second at most. `for-ever`: where it is asked for by hash. `never`: each
 * request is one of its own.
 */
export type Keep = 'shortly' | 'for-ever' | 'never';

const NOTHING = z.object({});

interface RouteDeclaration<
  Path extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodObject,
  Answer extends z.ZodType,
> {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly pathFields?: Path;
  readonly query?: Query;
  readonly body?: Body;
  readonly takesText?: boolean;
  readonly bodyLimitBytes?: number;
  readonly answer: Answer;
  readonly errors?: readonly RelayErrorCode[];
  readonly keep: Keep;
  readonly cost?: (question: Question<z.output<Path>, z.output<Query>, z.output<Body>>) => number;
  readonly run: (
    view: RelayView,
    question: Question<z.output<Path>, z.output<Query>, z.output<Body>>,
  ) => Promise<z.input<Answer>>;
}

/** Declares a route; its parts are checked against each other here, and the table of routes needs no types. */
export function route<
  Answer extends z.ZodType<object>,
  Path extends z.ZodObject = typeof NOTHING,
  Query extends z.ZodObject = typeof NOTHING,
  Body extends z.ZodObject = typeof NOTHING,
>(declared: RouteDeclaration<Path, Query, Body, Answer>): Route {
  type Asked = Question<z.output<Path>, z.output<Query>, z.output<Body>>;
  const { cost, run } = declared;
  return {
    method: declared.method,
    path: declared.path,
    summary: declared.summary,
    pathFields: declared.pathFields ?? NOTHING,
    query: declared.query ?? NOTHING,
    body: declared.body,
    takesText: declared.takesText ?? false,
    bodyLimitBytes: declared.bodyLimitBytes,
    answer: declared.answer,
    errors: declared.errors ?? [],
    keep: declared.keep,
    // What comes in was parsed by the very schemas of this declaration.
    cost: (question) => cost?.(question as Asked) ?? 1,
    run: async (view, question) => (await run(view, question as Asked)) as object,
  };
}
