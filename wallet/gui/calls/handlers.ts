import type * as z from 'zod/mini';
import type { CallName, Calls } from '../api.ts';
import type { GuiDesk } from '../gui-desk.ts';

/** What answers a set of questions; each gets its checked request. */
export type Handlers<Names extends CallName> = {
  readonly [Name in Names]: (
    request: z.output<Calls[Name]['request']>,
    desk: GuiDesk,
  ) => Promise<z.input<Calls[Name]['answer']>>;
};
