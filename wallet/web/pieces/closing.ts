/** Ends several things at once: what a view's `close` is made of. */
export function closeAll(parts: readonly ({ close(): void } | (() => void))[]): () => void {
  return () => {
    for (const part of parts) {
      if (typeof part === 'function') part();
      else part.close();
    }
  };
}
