/** What another view wants to have paid: it is taken once by the view that sends. */
export interface Draft {
  readonly address?: string;
  readonly coins?: readonly string[];
}

let draft: Draft = {};

export function leaveDraft(wanted: Draft): void {
  draft = wanted;
}

export function takeDraft(): Draft {
  const wanted = draft;
  draft = {};
  return wanted;
}
