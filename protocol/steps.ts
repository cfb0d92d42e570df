/**
 * Work in steps, each of which takes far less than a millisecond: between two of them whoever runs it may do
 * something else. Written as a generator, so that a rule stands in one place however it is run.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Items of a long list that make one step. */
export const ITEMS_PER_STEP = 256;

/** Takes all steps without a pause. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The items of a list with their places, with a step after every few of them. */
export function* eachInSteps<Item>(
  items: Iterable<Item>,
  work: (item: Item, index: number) => void,
): Steps<void> {
  let index = 0;
  for (const item of items) {
    work(item, index);
    index += 1;
    if (index % ITEMS_PER_STEP === 0) yield;
  }
}
