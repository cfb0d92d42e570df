/** Ends of what a view began, called together when it is left. */
export function closeAll(closers: readonly (() => unknown)[]): () => void {
  return () => {
    for (const close of closers) close();
  };
}
